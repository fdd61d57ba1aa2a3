import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { DatabaseManager, PairduckError } from '../../../src/index.ts'
import { readState } from '../../../src/storage/file/state-file.ts'
import {
  countTicks,
  fileOf,
  openManager,
  someTicks,
  sql,
  temporaryFolder,
} from '../../support/store.ts'
import { childProgram } from '../../support/child-program.ts'

describe('a data directory with odd things in it', () => {
  it('names what it cannot look into, and goes on with all other pairs', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir })
    const errors: unknown[] = []
    db.on('error', ({ error }) => errors.push(error))
    await db.insertTicks('x/spot/A', someTicks(5))
    symlinkSync('LOOP', `${dataDir}/x/spot/LOOP`)
    mkdirSync(`${dataDir}/x/spot/B`)
    symlinkSync('trading.duckdb', `${dataDir}/x/spot/B/trading.duckdb`)
    expect(await db.listPairs()).toEqual([{ exchange: 'x', market: 'spot', symbol: 'A' }])
    const pass = await db.cleanupAllPairs()
    expect(pass).toMatchObject({ pairs: 3, skipped: 2 })
    expect(errors.length).toBeGreaterThanOrEqual(2)
    for (const error of errors)
      expect(error).toMatchObject({ code: 'IO_FAILED', message: expect.stringMatching(/LOOP|B/) })
  })

  it('tells of folders of exchanges and markets that a pass cannot look into', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir })
    await db.insertTicks('x/spot/A', someTicks(5))
    expect(await db.cleanupAllPairs()).toMatchObject({ pairs: 1, unreadable: [] })
    symlinkSync('ROUND', `${dataDir}/ROUND`)
    symlinkSync('LOOP', `${dataDir}/x/LOOP`)
    const pass = await db.cleanupAllPairs()
    expect(pass).toMatchObject({ pairs: 1, skipped: 0 })
    expect(pass.unreadable.toSorted()).toEqual([
      expect.stringMatching(/^IO_FAILED: .*ROUND/),
      expect.stringMatching(/^IO_FAILED: .*LOOP/),
    ])
  })

  it('tells of each pair that it cannot look into by name, and says so to who asks for it', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir })
    const told: string[] = []
    db.on('error', ({ pair, error }) => told.push(`${pair} ${(error as PairduckError).code}`))
    await db.insertTicks('x/spot/A', someTicks(5))
    symlinkSync('FOLDER', `${dataDir}/x/spot/FOLDER`)
    mkdirSync(`${dataDir}/x/spot/FILE`)
    symlinkSync('trading.duckdb', `${dataDir}/x/spot/FILE/trading.duckdb`)
    mkdirSync(`${dataDir}/x/spot/DEAD`)
    symlinkSync('nowhere', `${dataDir}/x/spot/DEAD/trading.duckdb`)
    symlinkSync('nowhere', `${dataDir}/x/spot/GONE`)
    writeFileSync(`${dataDir}/x/spot/PLAIN`, 'no folder')
    expect(await db.listPairs()).toHaveLength(1)
    expect(told.sort()).toEqual(
      ['DEAD', 'FILE', 'FOLDER', 'GONE'].map((symbol) => `x/spot/${symbol} IO_FAILED`),
    )
    for (const symbol of ['DEAD', 'FILE', 'FOLDER', 'GONE', 'PLAIN'])
      for (const call of [
        () => db.query(`x/spot/${symbol}`, sql('SELECT 1')),
        () => db.streamColumns(`x/spot/${symbol}`, sql('SELECT 1')),
        () => db.queryPairs({ a: `x/spot/${symbol}` }, sql('SELECT 1')),
        () => db.cleanupPair(`x/spot/${symbol}`),
      ])
        await expect(call()).rejects.toMatchObject({
          code: 'IO_FAILED',
          message: expect.stringMatching(
            `^x/spot/${symbol}: .*${join(dataDir, 'x', 'spot', symbol)}`,
          ),
        })
    await expect(db.query('x/spot/NONE', sql('SELECT 1'))).rejects.toMatchObject({
      code: 'PAIR_NOT_FOUND',
    })
  })

  it('gives the code of what stood in the way of a pass', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir })
    await db.insertTicks('x/spot/A', someTicks(5))
    await db.pool.release('x/spot/A')
    symlinkSync('trading.duckdb.wal', `${fileOf(dataDir, 'x/spot/A')}.wal`)
    const { results } = await db.cleanupAllPairs()
    expect(results).toMatchObject([
      { skipped: expect.stringMatching(/^IO_FAILED: x\/spot\/A: ELOOP/) },
    ])
    symlinkSync('B', join(dataDir, 'x', 'spot', 'B'))
    const both = await db.cleanupAllPairs()
    expect(both).toMatchObject({ pairs: 2, skipped: 2 })
    expect(both.results[0]).toMatchObject({
      pair: 'x/spot/B',
      deleted: {},
      skipped: expect.stringMatching(/^IO_FAILED: .*ELOOP.*x\/spot\/B/),
    })
  })

  it('finds pairs behind links, each folder once, and never opens one file under two names', async () => {
    const dataDir = temporaryFolder()
    const elsewhere = temporaryFolder()
    const db = await openManager({ dataDir, idleCloseMs: 50 })
    await db.insertTicks('x/spot/A', someTicks(5))
    await db.pool.release('x/spot/A')
    renameSync(`${dataDir}/x/spot/A`, `${elsewhere}/A`)
    symlinkSync(`${elsewhere}/A`, `${dataDir}/x/spot/A`)
    symlinkSync(`${elsewhere}/A`, `${dataDir}/x/spot/B`)
    expect(await db.listPairs()).toHaveLength(1)
    const lease = await db.acquire('x/spot/A')
    await expect(db.acquire('x/spot/B')).rejects.toMatchObject({ code: 'PAIR_LOCKED' })
    await lease.release()
    expect(await countTicks(db, 'x/spot/A')).toBe(5)
  })

  it('reads a state file only when it is one', async () => {
    const file = `${temporaryFolder()}/trading.state.json`
    const bad = [
      'null',
      '{"relations":null}',
      '{"relations":{"ticks":null}}',
      '[',
      '{"relations":1}',
    ]
    for (const text of [...bad, ' '.repeat(2_000_000)]) {
      writeFileSync(file, text)
      expect(await readState(file)).toBeUndefined()
    }
    rmSync(file)
    execFileSync('mkfifo', [file])
    expect(await readState(file)).toBeUndefined()
  })

  it.each(['trading.duckdb', 'trading.duckdb.wal'])(
    'refuses a pipe in the place of %s, and waits for nobody',
    async (name) => {
      const dataDir = temporaryFolder()
      const first = await openManager({ dataDir })
      await first.insertTicks('x/spot/A', someTicks(5))
      await first.insertTicks('x/spot/B', someTicks(5))
      await first.close()
      const file = `${dirname(fileOf(dataDir, 'x/spot/A'))}/${name}`
      rmSync(file, { force: true })
      execFileSync('mkfifo', [file])
      const db = await openManager({ dataDir })
      const refused = {
        code: 'PAIR_CORRUPT',
        message: expect.stringContaining(`${name} is a pipe`),
      }
      await expect(db.insertTicks('x/spot/A', someTicks(1))).rejects.toMatchObject(refused)
      await expect(countTicks(db, 'x/spot/A')).rejects.toMatchObject(refused)
      await expect(db.repair('x/spot/A')).rejects.toMatchObject(refused)
      expect(await db.verify('x/spot/A')).toMatchObject({ problems: [refused.message] })
      const { results } = await db.cleanupAllPairs({ now: 'newest-tick' })
      expect(results.map(({ pair, skipped }) => [pair, skipped === undefined])).toEqual([
        ['x/spot/A', false],
        ['x/spot/B', true],
      ])
      await db.close()
    },
  )

  it('opens a pair whose state file says nothing', async () => {
    const dataDir = temporaryFolder()
    const first = await openManager({ dataDir })
    await first.insertTicks('x/spot/A', someTicks(5))
    await first.close()
    writeFileSync(
      `${dirname(fileOf(dataDir, 'x/spot/A'))}/trading.state.json`,
      '{"relations":null}',
    )
    const db = await openManager({ dataDir })
    await db.cleanupAllPairs({ now: 'newest-tick' })
    expect(await countTicks(db, 'x/spot/A')).toBe(5)
  })
})

it('two snapshots to one target do not collide', async () => {
  const db = await openManager()
  await db.insertTicks('x/spot/A', someTicks(500))
  const target = `${temporaryFolder()}/copy.duckdb`
  const reports = await Promise.all([1, 2, 3].map(() => db.snapshot('x/spot/A', target)))
  expect(reports.map(({ file }) => file)).toEqual([target, target, target])
})

it.skipIf(process.platform !== 'linux')(
  'a directory is free again when the worker thread that held it was terminated',
  async () => {
    const dataDir = temporaryFolder()
    const script = await childProgram(new URL('../../support/store-worker.ts', import.meta.url))
    const worker = new Worker(script, { workerData: { dataDir } })
    // Loaders of the test runner post messages of their own.
    await new Promise<void>((resolve) => {
      worker.on('message', (message) => message === 'open' && resolve())
    })
    await expect(DatabaseManager.open({ dataDir })).rejects.toSatisfy((error) =>
      PairduckError.is(error, 'DIRECTORY_IN_USE'),
    )
    await worker.terminate()
    const db = await openManager({ dataDir })
    expect(await countTicks(db, 'x/spot/W')).toBe(1)
  },
)
