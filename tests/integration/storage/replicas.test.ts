import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { array, assert, asyncProperty, nat } from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { replicate } from '../../../src/client/index.ts'
import type { Tick } from '../../../src/index.ts'
import { cliRun } from '../../support/cli-run.ts'
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
        expect(again).toEqual({ pair, read: ticks.length, inserted: 0, expired: 0 })
        expect(await replica().query(pair, everything)).toEqual(
          await owner().query(pair, everything),
        )
      }),
      { numRuns: propertyRuns(4) },
    )
  })

  it('goes on where it was broken off, and reads no more than the overlap again', async () => {
    const pair = 'x/spot/LONG'
    const ticks: Tick[] = someTicks(30_000, { from: Date.now() - 60_000_000, stepMs: 1000 })
    await owner().insertTicks(pair, ticks)
    const broken = {
      query: replica().query.bind(replica()),
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
