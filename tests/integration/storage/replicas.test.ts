import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { array, assert, asyncProperty, nat } from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { replicate } from '../../../src/client/index.ts'
import { getCoverageQuery, type Gap, type Tick } from '../../../src/index.ts'
import { cliRun } from '../../support/cli-run.ts'
import { served } from '../../support/http.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { openManager, shareManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'
import { randomTicks } from '../../support/ticks.ts'

const [owner, replica] = [shareManager(), shareManager()]
const everything = sql('SELECT * FROM ticks ORDER BY ALL')

describe('a replica', () => {
  it('has every tick of its owner once, in whatever pieces it was brought', async () => {
    let run = 0
    await assert(
      asyncProperty(randomTicks(), array(nat(100), { maxLength: 3 }), async (ticks, shares) => {
        const pair = `x/spot/R${run++}`
        let stored = 0
        for (const share of [...shares, 100]) {
          // Late ones among them: random ticks come in any order.
          const upTo = Math.max(stored, Math.ceil((ticks.length * share) / 100))
          await owner().insertTicks(pair, ticks.slice(stored, upTo))
          stored = upTo
          if (stored > 0) await replicate(owner(), replica(), pair, { overlapMs: 7_200_000 })
        }
        const again = await replicate(owner(), replica(), pair, { overlapMs: 7_200_000 })
        expect(again).toEqual({ pair, read: ticks.length, inserted: 0, expired: 0, gaps: 0 })
        expect(await replica().query(pair, everything)).toEqual(
          await owner().query(pair, everything),
        )
      }),
      { numRuns: propertyRuns(2) },
    )
  })

  it('goes on where it was broken off, and reads no more than the overlap again', async () => {
    const pair = 'x/spot/LONG'
    const ticks: Tick[] = someTicks(30_000, { from: Date.now() - 60_000_000, stepMs: 1000 })
    await owner().insertTicks(pair, ticks)
    const broken = {
      query: replica().query.bind(replica()),
      gaps: replica().gaps.bind(replica()),
      insertTicks: async (...given: Parameters<ReturnType<typeof replica>['insertTicks']>) => {
        if ((given[1] as readonly Tick[])[0]?.tradeId !== '1') throw new Error('broken off')
        return replica().insertTicks(...given)
      },
    }
    await expect(replicate(owner(), broken, pair)).rejects.toThrow('broken off')
    const { read, inserted } = await replicate(owner(), replica(), pair, { overlapMs: 100_000 })
    expect(inserted).toBeLessThan(ticks.length)
    expect(read).toBe(inserted + 101)
    expect(await replica().query(pair, everything)).toHaveLength(ticks.length)
  })
})

describe('the ledger of gaps', () => {
  it('is copied, and the ticks of a hole that was filled, however old', async () => {
    const pair = 'x/spot/GAPS'
    const begin = Date.now() - 60_000_000
    const ticks = someTicks(1000, { from: begin, stepMs: 10_000 })
    const hole: Gap = {
      fromTime: ticks[99]!.timestamp,
      fromId: ticks[99]!.tradeId!,
      toTime: ticks[200]!.timestamp,
      toId: ticks[200]!.tradeId!,
      state: 'open',
      reason: 'the line was down',
      tries: 1,
      openedAt: begin,
      closedAt: null,
    }
    const within = getCoverageQuery({ from: begin, to: begin + 20_000_000 })
    const both = async (): Promise<unknown[]> => [
      await owner().query(pair, within),
      await replica().query(pair, within),
    ]
    await owner().insertTicks(pair, ticks.toSpliced(100, 100), { gaps: [hole] })
    const first = await replicate(owner(), replica(), pair, { overlapMs: 0 })
    expect(first).toMatchObject({ inserted: 900, gaps: 1 })
    expect(await replica().gaps(pair)).toEqual([hole])
    expect(await both()).toMatchObject([[{ complete: false }], [{ complete: false }]])

    const filled: Gap = { ...hole, state: 'filled', tries: 2, closedAt: begin + 1 }
    await owner().insertTicks(pair, ticks.slice(100, 200), { gaps: [filled] })
    // A call that ends before the ticks are there says nothing of the hole.
    const broken = {
      query: replica().query.bind(replica()),
      gaps: replica().gaps.bind(replica()),
      insertTicks: async (...given: Parameters<ReturnType<typeof replica>['insertTicks']>) => {
        if ((given[1] as readonly Tick[]).length > 0) throw new Error('broken off')
        return replica().insertTicks(...given)
      },
    }
    await expect(replicate(owner(), broken, pair, { overlapMs: 0 })).rejects.toThrow('broken off')
    expect(await replica().gaps(pair)).toEqual([hole])
    const second = await replicate(owner(), replica(), pair, { overlapMs: 0 })
    expect(second).toMatchObject({ inserted: 100, gaps: 1 })
    expect(await replica().gaps(pair)).toEqual([filled])
    expect(await replica().query(pair, everything)).toEqual(await owner().query(pair, everything))
    expect(await both()).toMatchObject([[{ complete: true }], [{ complete: true }]])
  })
})

describe('`pairduck replicate`', () => {
  it('brings all pairs of a server or of a running process, until it is stopped', async () => {
    const db = await openManager({ retention: 'forever' })
    await db.insertTicks('x/spot/A/B', someTicks(10))
    await db.insertTicks('x/spot/C', someTicks(5))
    const dataDir = join(temporaryFolder(), 'replica')
    const common = ['--data-dir', dataDir, '--json']
    const url = await served(db)
    const once = await cliRun(['replicate', url, '--keep', 'forever', ...common])
    expect(JSON.parse(once.stdout)).toMatchObject([
      { pair: 'x/spot/A/B', read: 10, inserted: 10 },
      { pair: 'x/spot/C', read: 5, inserted: 5 },
    ])
    await db.insertTicks('x/spot/C', someTicks(3, { first: 6 }))
    const stop = new AbortController()
    let told = ''
    const often = await cliRun(
      ['replicate', db.dataDir, 'x/spot/C', '--every', '1s', '--data-dir', dataDir],
      {
        signal: stop.signal,
        onOutput: (text) => {
          told += text
          if (told.split('x/spot/C').length > 2) stop.abort()
        },
      },
    )
    expect(often).toMatchObject({ exitCode: 0 })
    expect(often.stdout).toContain('x/spot/C: 3 ticks stored of 8 that were read')
    const asked = await cliRun(['sql', 'x/spot/C', 'SELECT count(*) AS n FROM ticks', ...common])
    expect(JSON.parse(asked.stdout)).toEqual([{ n: 8 }])
    const nobody = await cliRun(['replicate', temporaryFolder(), ...common])
    expect(nobody.exitCode).not.toBe(0)
    expect(nobody.stderr).toMatch(/CONNECTION_LOST/)
  })
})

describe('a copy that is made again and again', () => {
  it('is the file after a checkpoint, of all that was acknowledged', async () => {
    const db = await openManager()
    const pair = 'x/spot/A/B'
    await db.insertTicks(pair, someTicks(5000))
    const file = join(temporaryFolder(), 'copy.duckdb')
    const report = await db.snapshot(pair, file, { compact: false })
    expect(report).toEqual({ pair, file, bytes: statSync(file).size })
    expect(await rowsOf(file)).toBe(5000)
    // The locks on the file are still ours, and it goes on as before.
    await db.insertTicks(pair, someTicks(10, { first: 5001 }))
    await db.snapshot(pair, file, { compact: false })
    expect(await rowsOf(file)).toBe(5010)
    await expect(db.snapshot(pair, file, { compact: 1 as never })).rejects.toThrow(/compact/)
  })

  it('is written by the command line until it is stopped', async () => {
    const db = await openManager()
    const pair = 'x/spot/A/B'
    await db.insertTicks(pair, someTicks(10))
    const { dataDir } = db
    await db.close()
    const folder = temporaryFolder()
    const stop = new AbortController()
    const file = join(folder, 'x', 'spot', 'A%2FB.duckdb')
    const run = await cliRun(
      ['snapshot', pair, '--to', folder, '--every', '1s', '--data-dir', dataDir],
      {
        signal: stop.signal,
        onOutput: (text) => {
          if (text.split('copied to').length > 2) stop.abort()
        },
      },
    )
    expect(run).toMatchObject({ exitCode: 0 })
    expect(existsSync(file)).toBe(true)
    expect(await rowsOf(file)).toBe(10)
    const none = await cliRun(['snapshot', pair, '--data-dir', dataDir])
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/--to/) as unknown })
  })
})

/** The ticks of a copy, by another engine that only reads. */
async function rowsOf(file: string): Promise<number> {
  const engine = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
  const connection = await engine.connect()
  onTestFinished(() => engine.closeSync())
  const reader = await connection.runAndReadAll('SELECT count(*)::INTEGER FROM ticks')
  connection.closeSync()
  engine.closeSync()
  return Number(reader.getRows()[0]![0])
}
