import { describe, expect, it } from 'vitest'
import { query } from '../../src/queries/query.ts'
import type { Candle } from '../../src/schema/rows.ts'
import { storedCandles } from '../support/store-rows.ts'
import { temporaryStore } from '../support/temporary-store.ts'

const pair = 'rows/spot/X'
const bar = Date.UTC(2024, 7, 8, 12)
const candle: Candle = { timestamp: bar, open: 2, high: 3, low: 1, close: 2, volume: 0 }

describe('candles given from outside', () => {
  it('stand for their bar, before ticks and after, and for no other', async () => {
    const store = await temporaryStore()
    const tick = { timestamp: bar + 1, price: 9, volume: 1, side: 'BUY', tradeId: '1' } as const
    await store.insertTicks(pair, [tick])
    expect(await store.insertCandles(pair, '1m', [candle])).toEqual({
      inserted: 0,
      replaced: 1,
      expired: 0,
    })
    await store.insertTicks(pair, [
      { ...tick, timestamp: bar + 2, tradeId: '2' },
      { ...tick, timestamp: bar + 60_000, tradeId: '3' },
    ])
    const expectAll = async (): Promise<void> => {
      const minutes = await storedCandles(store, pair, '1m')
      expect(minutes).toMatchObject([candle, { timestamp: bar + 60_000, open: 9, tradeCount: 1 }])
      expect(minutes[0]).toMatchObject({ buyVolume: null, quoteVolume: null, tradeCount: null })
      expect(await storedCandles(store, pair, '5m')).toMatchObject([{ open: 9, tradeCount: 3 }])
    }
    await expectAll()
    await store.cleanupPair(pair, { now: bar + 120_000 })
    await expectAll()
    await store.pool.release(pair)
    await expectAll()
  })

  it.each<[string, object]>([
    ['timestamp', { timestamp: bar + 1 }],
    ['timestamp', { timestamp: bar / 1000 }],
    ['timestamp', { timestamp: NaN }],
    ['open', { open: 0 }],
    ['open', { open: '2' }],
    ['close', { close: Infinity }],
    ['high', { high: 1.5 }],
    ['low', { low: 2.5 }],
    ['volume', { volume: -1 }],
    ['volume', { volume: null }],
    ['buyVolume', { buyVolume: NaN }],
    ['tradeCount', { tradeCount: 1.5 }],
  ])('a bad %s is refused with all of its call: %o', async (field, wrong) => {
    const store = await temporaryStore()
    const later = { ...candle, timestamp: bar + 60_000 }
    await expect(
      store.insertCandles(pair, '1m', [candle, candle, { ...candle, ...wrong }, later]),
    ).rejects.toMatchObject({ code: 'INVALID_CANDLE', details: { index: 2, field } })
    expect(await storedCandles(store, pair, '1m')).toEqual([])
  })

  it('of a timeframe that the file does not keep, or that is none', async () => {
    const store = await temporaryStore()
    await expect(store.insertCandles(pair, '4h', [candle])).rejects.toThrow(RangeError)
    await expect(store.insertCandles(pair, '2m' as '1m', [candle])).rejects.toThrow(TypeError)
  })
})

describe('rows of the analytics tables', () => {
  const flow = {
    timestamp: bar,
    timeframe: '1m',
    cvd: 1,
    delta: -1,
    buyVolume: 1,
    sellVolume: 2,
    imbalanceRatio: null,
    knownAt: bar + 60_000.001,
  } as const

  it('come back as they were given', async () => {
    const store = await temporaryStore()
    expect(await store.insertOrderFlow(pair, [flow])).toMatchObject({ inserted: 1 })
    const rows = await store.query(
      pair,
      query<typeof flow>(
        'flow',
        `SELECT timestamp, timeframe, cvd, delta, buy_volume AS "buyVolume",
                sell_volume AS "sellVolume", imbalance_ratio AS "imbalanceRatio",
                known_at AS "knownAt" FROM order_flow`,
      ),
    )
    expect(rows).toEqual([flow])
  })

  it.each<[string, object]>([
    ['timestamp', { timestamp: NaN }],
    ['timeframe', { timeframe: '2m' }],
    ['cvd', { cvd: Infinity }],
    ['delta', { delta: null }],
    ['knownAt', { knownAt: undefined }],
  ])('a bad %s is refused with all of its call: %o', async (field, wrong) => {
    const store = await temporaryStore()
    await expect(store.insertOrderFlow(pair, [flow, { ...flow, ...wrong }])).rejects.toMatchObject({
      code: 'INVALID_ROW',
      details: { index: 1, field },
    })
    const [left] = await store.query(
      pair,
      query<{ rows: number }>('count', 'SELECT count(*) AS rows FROM order_flow'),
    )
    expect(left).toEqual({ rows: 0 })
  })
})
