import { describe, expect, it } from 'vitest'
import {
  calculateCvdBarsQuery,
  detectFvgQuery,
  getCandlesQuery,
  type CandleRow,
  type Query,
  type Tick,
} from '../../../src/index.ts'
import { readRows } from '../../../src/storage/duckdb/read-rows.ts'
import type { StoredCandle } from '../../../src/schema/rows.ts'
import { openManager, sql } from '../../support/store.ts'
import { storedCandles } from '../../support/store-rows.ts'

const start = Date.UTC(2024, 7, 8, 12)

/** So many ticks, ten a second, of which the engine rolls up what lies ten seconds behind. */
function feed(count: number, first = 0): Tick[] {
  return Array.from({ length: count }, (_, index) => ({
    timestamp: start + (first + index) * 100,
    // Quarters: sums are exact in whatever order.
    price: 100 + ((first + index) % 997) / 4,
    volume: 1 + (index % 3),
    side: (first + index) % 2 === 0 ? 'BUY' : 'SELL',
    tradeId: String(first + index),
  }))
}

const forever = { candles_1m: 'forever', candles_5m: 'forever', candles_15m: 'forever' } as const

const state = sql<{ parts: number; bars: number; merged: boolean; unrolled: number }>(
  `SELECT count(*) AS parts, count(DISTINCT (timeframe, timestamp)) AS bars,
     (SELECT merged_until = rolled_until FROM pairduck_candle_state) AS merged,
     (SELECT count(*) FROM ticks WHERE timestamp >= (SELECT rolled_until FROM pairduck_candle_state)) AS unrolled
   FROM pairduck_candle_parts`,
)

describe('closed bars', () => {
  it('are one row each, after roll-ups in the middle of bars and ticks that came late', async () => {
    const db = await openManager({ retention: 'forever' })
    const pair = 'x/spot/CLOSED'
    const ticks = feed(36_000)
    const late = ticks.filter((_, index) => index % 1000 === 7)
    const inTime = ticks.filter((_, index) => index % 1000 !== 7)
    await db.insertTicks(pair, inTime.slice(0, 12_345))
    // Who reads bars has what was written rolled up first.
    await db.query(pair, getCandlesQuery({ timeframe: '1m' }))
    await db.insertTicks(pair, inTime.slice(12_345))
    await db.query(pair, getCandlesQuery({ timeframe: '5m' }))
    await db.insertTicks(pair, late)
    const [found] = await db.query(pair, state)
    expect(found!.merged).toBe(true)
    expect(found!.unrolled).toBeLessThan(200)
    expect(found!.parts).toBe(found!.bars)
    for (const timeframe of ['1m', '5m', '15m'] as const) {
      const fromTicks = await db.query(pair, getCandlesQuery({ timeframe, source: 'ticks' }))
      const bars = await db.query(pair, getCandlesQuery({ timeframe }))
      expect(bars).toHaveLength(Math.ceil(60 / Number.parseInt(timeframe)))
      expect(bars.map(asCandle)).toEqual(fromTicks.map(asCandle))
      expect(await storedCandles(db, pair, timeframe)).toEqual(fromTicks.map(asCandle))
      const newest = await db.query(pair, getCandlesQuery({ timeframe, limit: 3 }))
      expect(newest).toEqual(bars.slice(-3))
    }
  })

  it('are the same for who reads them beside writes of his own, in another text', async () => {
    const db = await openManager({ retention: 'forever' })
    const pair = 'x/spot/TEXTS'
    await db.insertTicks(pair, feed(12_000))
    await db.cleanupPair(pair)
    await db.insertTicks(pair, feed(3000, 12_000))
    await db.insertCandles(pair, '1m', [
      { timestamp: start + 3 * 60_000, open: 1, high: 2, low: 1, close: 2, volume: 5 },
    ])
    const asked: Query<object>[] = (['1m', '5m', '1h'] as const).flatMap((timeframe) => [
      getCandlesQuery({ timeframe }),
      getCandlesQuery({ timeframe, limit: 2, from: start, to: start + 20 * 60_000 }),
      detectFvgQuery({ timeframe, asOf: start + 3_600_000 }),
      calculateCvdBarsQuery({ timeframe }),
    ])
    const lease = await db.acquire(pair)
    for (const query of asked) {
      const rows = await db.query(pair, query)
      // Having taken the connection he may be in a transaction, or in none.
      await readRows(lease.connection, 'SELECT 1')
      expect(await lease.query(query)).toEqual(rows)
    }
    await lease.release()
  })

  it('are not all: an open bar whose first ticks are gone keeps what they told', async () => {
    const db = await openManager({ retention: { ...forever, ticks: 60_000 } })
    const [deleted, lost] = ['x/spot/DELETED', 'x/spot/LOST']
    for (const pair of [deleted, lost]) await db.insertTicks(pair, feed(3000))
    await db.cleanupPair(deleted, { now: 'newest-tick' })
    // As a repair leaves a file of which some ticks could not be read.
    await db.cleanupPair(lost, { now: start })
    await db.withConnection(lost, async ({ connection }) => {
      const from = `make_timestamp(${(start + 120_000) * 1000})`
      await connection.run(`DELETE FROM ticks WHERE timestamp < ${from}`)
      await connection.run(`INSERT INTO pairduck_marks VALUES ('ticks:whole', ${from})`)
    })
    for (const pair of [deleted, lost]) {
      await db.insertTicks(pair, feed(10, 3000))
      const bars = await db.query(pair, getCandlesQuery({ timeframe: '15m' }))
      expect(bars).toMatchObject([{ open: 100, tradeCount: 3010 }])
      expect(await db.lastCandles(pair, '15m')).toEqual(bars.map(asCandle))
    }
  })

  it('are one row where the past was let in again in which a candle was given', async () => {
    const db = await openManager({ retention: 'forever' })
    const pair = 'x/spot/AGAIN'
    await db.insertTicks(pair, feed(3000))
    await db.insertCandles(pair, '1m', [
      { timestamp: start + 60_000, open: 1, high: 2, low: 1, close: 2, volume: 5 },
    ])
    await db.cleanupPair(pair, { now: start })
    await db.withConnection(pair, async ({ connection }) => {
      await connection.run(
        `INSERT INTO pairduck_marks SELECT relation, make_timestamp(${(start + 120_000) * 1000})
         FROM unnest(['ticks', 'candles_1m', 'candles_5m', 'candles_15m']) AS all_of(relation)`,
      )
    })
    await db.reopenPast(pair)
    const bars = await db.query(pair, getCandlesQuery({ timeframe: '1m' }))
    expect(bars.map(({ tradeCount }) => tradeCount)).toEqual([600, null, 600, 600, 600])
    const [found] = await db.query(pair, state)
    expect(found).toMatchObject({ merged: true, parts: found!.bars })
  })

  it('of a file that nobody merged are merged when they are read, and for good by the next roll-up', async () => {
    const db = await openManager({ retention: 'forever' })
    const pair = 'x/spot/UPGRADED'
    await db.insertTicks(pair, feed(12_000))
    await db.cleanupPair(pair)
    const before = await db.query(pair, getCandlesQuery({ timeframe: '1m' }))
    // As versions before the seventh left it: a part of a bar for each roll-up.
    await db.withConnection(pair, async ({ connection }) => {
      await connection.run(`UPDATE pairduck_candle_state SET merged_until = NULL`)
      await connection.run(`INSERT INTO pairduck_candle_parts
        SELECT * REPLACE (0 AS volume, 0 AS buy_volume, 0 AS sell_volume, 0 AS quote_volume, 0 AS trade_count)
        FROM pairduck_candle_parts`)
    })
    const read = (): Promise<CandleRow[]> => db.query(pair, getCandlesQuery({ timeframe: '1m' }))
    expect(await read()).toEqual(before)
    await db.insertTicks(pair, feed(1000, 12_000))
    await db.cleanupPair(pair)
    const [found] = await db.query(pair, state)
    expect(found).toMatchObject({ merged: true, parts: found!.bars })
    expect((await read()).slice(0, 19)).toEqual(before.slice(0, 19))
  })
})

function asCandle({ source: _source, ...candle }: CandleRow): StoredCandle {
  return candle
}
