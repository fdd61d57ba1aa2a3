import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { cleanupOldData, createAllTables, type CleanupPass } from '../../../src/index.ts'
import { countTicks, openManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'

const pair = 'x/spot/A'
const hour = 3_600_000
const start = Date.UTC(2026, 0, 5, 12)
const later = start + 48 * hour

function deleted(pass: CleanupPass): unknown {
  return pass.results.map((result) => result.deleted)
}

function csv(first: number): string {
  return ['timestamp,price,volume,side,tradeId']
    .concat(Array.from({ length: 20 }, (_, at) => `${first + at * 1000},100,1,BUY,${at + 1}`))
    .join('\n')
}

describe('the retention of a pair', () => {
  it('is in its file: a cleanup from anywhere obeys it', async () => {
    const dataDir = temporaryFolder()
    const keeper = await openManager({
      dataDir,
      retention: { ticks: 'forever' },
      clock: () => start + hour,
    })
    await keeper.insertTicks(pair, someTicks(100, { from: start }))
    await keeper.close()
    const cron = await openManager({ dataDir, clock: () => later })
    expect((await cron.cleanupAllPairs()).deletedRows).toBe(0)
    expect(await countTicks(cron, pair)).toBe(100)
    // Only what is said for this one call overrides it.
    const pass = await cron.cleanupAllPairs({ keep: { ticks: hour } })
    expect(pass.results[0]!.deleted).toMatchObject({ ticks: 100 })
    expect(await cron.query(pair, sql('SELECT relation, keep_ms FROM retention_rules'))).toEqual([
      { relation: 'ticks', keep_ms: null },
    ])
  })

  it('keeps candles at least as long as the ticks', async () => {
    const db = await openManager({ retention: { ticks: 'forever' }, clock: () => later })
    const candle = { open: 1, high: 2, low: 1, close: 2, volume: 3 }
    await db.insertCandles(pair, '1m', [{ timestamp: start, ...candle }])
    await db.cleanupPair(pair)
    expect(await db.query(pair, sql('SELECT count(*) AS n FROM candles_1m'))).toEqual([{ n: 1 }])
    const other = await openManager({
      retention: { ticks: 'forever', candles_1m: hour },
      clock: () => later,
    })
    await other.insertCandles(pair, '1m', [{ timestamp: start, ...candle }])
    expect((await other.cleanupPair(pair)).deleted).toEqual({ candles_1m: 1 })
  })

  it('may be `forever` for everything', async () => {
    const db = await openManager({ retention: 'forever', clock: () => later })
    await db.insertTicks(pair, someTicks(50, { from: start }))
    const flow = { cvd: 1, delta: 1, buyVolume: 1, sellVolume: 0, imbalanceRatio: null }
    await db.insertOrderFlow(pair, [
      { timestamp: start, timeframe: '1m', ...flow, knownAt: start + 60_000 },
    ])
    expect((await db.cleanupPair(pair)).deleted).toEqual({})
    await expect(openManager({ retention: 'always' as never })).rejects.toThrow(/retention/)
  })

  it('changes when a manager is opened with another, and the state file tells of it', async () => {
    const dataDir = temporaryFolder()
    const one = await openManager({ dataDir, retention: { ticks: 'forever' }, clock: () => later })
    await one.insertTicks(pair, someTicks(10, { from: start }))
    await one.close()
    const two = await openManager({ dataDir, retention: { ticks: 72 * hour }, clock: () => later })
    await two.query(pair, sql('SELECT 1'))
    await two.close()
    const three = await openManager({ dataDir, clock: () => later })
    expect((await three.cleanupAllPairs()).deletedRows).toBe(0)
    const pass = await three.cleanupAllPairs({ now: later + 48 * hour })
    expect(pass.results[0]!.deleted).toMatchObject({ ticks: 10 })
  })

  it('is what `cleanupOldData` obeys in a database of one’s own', async () => {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    await createAllTables(connection)
    await connection.run(`INSERT INTO ticks VALUES ('2026-01-05', 1, 1, 'BUY', '1')`)
    await connection.run(
      `INSERT INTO retention_rules VALUES ('ticks', NULL, 300000, NULL, 'delete')`,
    )
    expect(await cleanupOldData(connection, undefined, later)).toEqual({})
    const all = await connection.run('SELECT count(*) FROM ticks')
    expect(await all.getRows()).toEqual([[1n]])
    expect(await cleanupOldData(connection, { ticks: hour }, later)).toMatchObject({ ticks: 1 })
    connection.closeSync()
    instance.closeSync()
  })
})

describe('a dry run', () => {
  it.each([true, false])('tells what a cleanup would delete, pair open: %s', async (isOpen) => {
    const dataDir = temporaryFolder()
    let now = start
    const db = await openManager({ dataDir, clock: () => now })
    await db.insertTicks(pair, someTicks(100, { from: start - 100_000, stepMs: 1000 }))
    if (!isOpen) await db.pool.release(pair)
    now = later
    const dry = await db.cleanupAllPairs({ dryRun: true })
    expect(await countTicks(db, pair)).toBe(100)
    if (!isOpen) await db.pool.release(pair)
    const real = await db.cleanupAllPairs()
    expect(deleted(dry)).toEqual(deleted(real))
    expect(dry.results[0]).toMatchObject({
      dryRun: true,
      deleted: { ticks: 100, candles_1m: 2, candles_5m: 1 },
    })
  })
})

describe('imported history', () => {
  it('older than the default keeps makes a new pair keep everything, and says so', async () => {
    const dataDir = temporaryFolder()
    const file = join(dataDir, 'old.csv')
    writeFileSync(file, `${csv(start)}\n`)
    const db = await openManager({ dataDir: join(dataDir, 'data'), clock: () => later })
    expect(await db.importTicks(pair, file)).toMatchObject({ inserted: 20, retention: 'forever' })
    expect((await db.cleanupPair(pair)).deleted).toEqual({})
    // A pair that is there already follows its own rules.
    await db.insertTicks('x/spot/B', someTicks(1, { from: later - 1000 }))
    expect(await db.importTicks('x/spot/B', file)).not.toHaveProperty('retention')
    expect((await db.cleanupPair('x/spot/B')).deleted).toMatchObject({ ticks: 20 })
  })

  it('that the default keeps, or that comes with a rule of its own, does not', async () => {
    const dataDir = temporaryFolder()
    const [young, old] = [join(dataDir, 'young.csv'), join(dataDir, 'old.csv')]
    writeFileSync(young, `${csv(later - 60_000)}\n`)
    writeFileSync(old, `${csv(start)}\n`)
    const db = await openManager({ dataDir: join(dataDir, 'data'), clock: () => later })
    expect(await db.importTicks(pair, young)).not.toHaveProperty('retention')
    expect(await db.importTicks('x/spot/C', old, { retention: { ticks: hour } })).toMatchObject({
      inserted: 20,
    })
    expect((await db.cleanupPair('x/spot/C')).deleted).toMatchObject({ ticks: 20 })
  })

  it('is kept too where an import was killed before its first row, with its pair just made', async () => {
    const dataDir = temporaryFolder()
    const [trades, bars] = [join(dataDir, 'old.csv'), join(dataDir, 'bars.csv')]
    writeFileSync(trades, `${csv(start)}\n`)
    writeFileSync(bars, `timestamp,open,high,low,close,volume\n${start},1,2,1,2,3\n`)
    const db = await openManager({ dataDir: join(dataDir, 'data'), clock: () => later })
    for (const name of [pair, 'x/spot/B', 'x/spot/C', 'x/spot/D']) {
      await db.withConnection(name, async () => undefined)
      // A pass that finds nothing in it leaves it as new as it was.
      await db.cleanupPair(name)
      await db.pool.release(name)
    }
    expect(await db.importTicks(pair, trades)).toMatchObject({ retention: 'forever' })
    expect(await db.importCandles('x/spot/B', '1m', bars)).toMatchObject({ retention: 'forever' })
    expect((await db.cleanupPair(pair)).deleted).toEqual({})
    expect((await db.cleanupPair('x/spot/B')).deleted).toEqual({})
    // Where anything was ever stored, or a rule given, it is not new.
    await db.insertCandles('x/spot/C', '1m', [
      { timestamp: later - 60_000, open: 1, high: 1, low: 1, close: 1, volume: 1 },
    ])
    expect(await db.importTicks('x/spot/C', trades)).not.toHaveProperty('retention')
    await db.setRetention('x/spot/D', { ticks: hour })
    expect(await db.importTicks('x/spot/D', trades)).not.toHaveProperty('retention')
  })

  it('of candles is kept likewise', async () => {
    const dataDir = temporaryFolder()
    const file = join(dataDir, 'bars.csv')
    writeFileSync(file, `timestamp,open,high,low,close,volume\n${start},1,2,1,2,3\n`)
    const db = await openManager({ dataDir: join(dataDir, 'data'), clock: () => later })
    expect(await db.importCandles(pair, '1m', file)).toMatchObject({ retention: 'forever' })
    expect((await db.cleanupPair(pair)).deleted).toEqual({})
  })
})
