import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Tick } from '../../../src/index.ts'
import { candleDifferences, foldCandles } from '../../support/candle-fold.ts'
import { openManager, temporaryFolder } from '../../support/store.ts'
import { storedCandles, storedTicks } from '../../support/store-rows.ts'
import { StoreChild } from '../../support/store-child.ts'
import { cliRun } from '../../support/cli-run.ts'

const minute = 60_000
const day = 86_400_000
const start = Date.UTC(2026, 0, 5, 12)

/** Three hours of trades, one each 7 s: no bar begins where a tick does. */
const ticks: Tick[] = Array.from({ length: 1543 }, (_, at) => ({
  timestamp: start + at * 7_000 + 3,
  price: 100 + ((at * 7919) % 101),
  volume: 1 + (at % 5),
  side: at % 3 === 0 ? 'BUY' : 'SELL',
  tradeId: String(at + 1),
}))
const widths = { '1m': minute, '5m': 5 * minute, '15m': 15 * minute } as const
type Db = Awaited<ReturnType<typeof openManager>>

/** Differences of all candles from the fold of `wanted`. */
async function faults(db: Db, pair: string, wanted: readonly Tick[]): Promise<string[]> {
  const found: string[] = []
  for (const [timeframe, width] of Object.entries(widths)) {
    const stored = await storedCandles(db, pair, timeframe as '1m')
    const folded = foldCandles(wanted, width)
    found.push(...candleDifferences(stored, folded).map((each) => `${timeframe} ${each}`))
  }
  return found
}

const kept = { candles_1m: 'forever', candles_5m: 'forever', candles_15m: 'forever' } as const

async function cleaned(dataDir: string, keepMs: number, candles: object = kept): Promise<Db> {
  const now = ticks.at(-1)!.timestamp + 1
  const db = await openManager({
    dataDir,
    clock: () => now,
    retention: { ticks: keepMs, ...candles },
  })
  await db.insertTicks('x/spot/A', ticks)
  await db.cleanupPair('x/spot/A')
  return db
}

describe('what retention deleted', () => {
  const pair = 'x/spot/A'

  it('killed in the middle of being let in: let in again it is whole', async () => {
    const dataDir = temporaryFolder()
    await (await cleaned(dataDir, 50 * minute, {})).close()
    for (const afterMs of [0, 3, 10, 25]) {
      const child = await StoreChild.start({ dataDir })
      void child.call('reopenPast', pair).catch(() => undefined)
      await delay(afterMs)
      await child.kill()
    }
    const db = await openManager({ dataDir })
    await db.reopenPast(pair)
    expect(await db.insertTicks(pair, ticks)).toMatchObject({ expired: 0, conflicts: 0 })
    expect(await storedTicks(db, pair)).toHaveLength(ticks.length)
    expect(await faults(db, pair, ticks)).toEqual([])
    expect(await db.verify(pair)).toMatchObject({ ok: true })
  })

  it('is taken in again, once, and candles are those of all ticks', async () => {
    const db = await cleaned(temporaryFolder(), 50 * minute, {})
    expect((await db.insertTicks(pair, ticks)).expired).toBeGreaterThan(1000)
    const report = await db.reopenPast(pair)
    expect(report).toMatchObject({ pair, from: null, retention: 'forever' })
    expect(report.candles).toEqual({ '5m': 2, '15m': 1 })
    const counts = await db.insertTicks(pair, ticks)
    expect(counts).toMatchObject({ expired: 0, conflicts: 0 })
    expect(counts.inserted + counts.duplicates).toBe(ticks.length)
    expect(await storedTicks(db, pair)).toHaveLength(ticks.length)
    expect(await faults(db, pair, ticks)).toEqual([])
    expect((await db.cleanupPair(pair)).deleted).toEqual({})
    expect((await db.verify(pair)).problems).toEqual([])
  })

  it('is taken in from a time on, the beginning of a bar of every length', async () => {
    const dataDir = temporaryFolder()
    const db = await cleaned(dataDir, 20 * minute)
    const from = start + 61 * minute
    const report = await db.reopenPast(pair, { from, retention: 'forever' })
    expect(report.from).toBe(start + 60 * minute)
    expect(report.until).toBe(ticks.at(-1)!.timestamp + 1 - 20 * minute)
    await db.close()
    const again = await openManager({ dataDir, clock: () => start + day })
    const lost: unknown[] = []
    again.on('rowsLost', (event) => lost.push(event))
    // One by one, as a commit log takes them: late ones, in any order.
    const back = ticks.filter(
      ({ timestamp }) => timestamp >= report.from! && timestamp < report.until!,
    )
    const stored = await Promise.all(
      back.toReversed().map((tick) => again.insertTicks(pair, [tick])),
    )
    expect(stored.every(({ inserted }) => inserted === 1)).toBe(true)
    const older = await again.insertTicks(pair, ticks)
    expect(older.expired).toBe(ticks.filter(({ timestamp }) => timestamp < report.from!).length)
    expect(await faults(again, pair, ticks)).toEqual([])
    expect(lost).toEqual([])
  })

  it('has the bars whose ticks are there when nothing came again', async () => {
    const db = await cleaned(temporaryFolder(), 33 * minute)
    expect(await faults(db, pair, ticks)).toEqual([])
    const { until } = await db.reopenPast(pair)
    const left = ticks.filter(({ timestamp }) => timestamp >= until!)
    expect(await faults(db, pair, left)).toEqual([])
  })

  it('may be given candles alone: the others stay', async () => {
    const db = await cleaned(temporaryFolder(), 50 * minute)
    const bar = { open: 1, high: 2, low: 1, close: 2, volume: 3 }
    await db.cleanupPair(pair, { keep: { candles_5m: 30 * minute } })
    expect(await db.insertCandles(pair, '5m', [{ timestamp: start, ...bar }])).toMatchObject({
      expired: 1,
    })
    await db.reopenPast(pair, { candles: '5m' })
    expect(await db.insertCandles(pair, '5m', [{ timestamp: start, ...bar }])).toMatchObject({
      inserted: 1,
    })
    expect(await storedCandles(db, pair, '1m')).toHaveLength(180)
    expect((await storedCandles(db, pair, '5m'))[0]).toMatchObject({ timestamp: start, close: 2 })
    expect((await db.insertTicks(pair, ticks.slice(0, 1))).expired).toBe(1)
  })

  it('is imported again by the command line, which says what it did', async () => {
    const dataDir = temporaryFolder()
    await (await cleaned(dataDir, 50 * minute)).close()
    const file = join(temporaryFolder(), 'trades.csv')
    const rows = ticks.map(({ timestamp, price, volume, side, tradeId }) =>
      [timestamp, price, volume, side, tradeId].join(','),
    )
    writeFileSync(file, ['timestamp,price,volume,side,tradeId', ...rows].join('\n'))
    const before = await cliRun(['import', pair, file, '--data-dir', dataDir])
    expect(before.stderr).toContain('With --reopen all they are taken in again')
    const after = await cliRun(['import', pair, file, '--reopen', 'all', '--data-dir', dataDir])
    expect(after.stderr).toMatch(/takes in again what was deleted.* candles of that time taken out/)
    expect(after.stderr).toContain('now keeps everything for ever')
    const db = await openManager({ dataDir })
    expect(await faults(db, pair, ticks)).toEqual([])
  })
})
