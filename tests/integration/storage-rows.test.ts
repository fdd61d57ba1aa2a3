import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { query } from '../../src/queries/query.ts'
import type { Candle } from '../../src/schema/rows.ts'
import { storedCandles } from '../support/store-rows.ts'
import { openManager } from '../support/store.ts'

const pair = 'rows/spot/X'
const bar = Date.UTC(2024, 7, 8, 12)
const candle: Candle = { timestamp: bar, open: 2, high: 3, low: 1, close: 2, volume: 0 }

describe('candles given from outside', () => {
  it('stand for their bar, before ticks and after, and for no other', async () => {
    const store = await openManager()
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
    const store = await openManager()
    const later = { ...candle, timestamp: bar + 60_000 }
    await expect(
      store.insertCandles(pair, '1m', [candle, candle, { ...candle, ...wrong }, later]),
    ).rejects.toMatchObject({ code: 'INVALID_CANDLE', details: { index: 2, field } })
    expect(await store.listPairs()).toEqual([])
  })

  it('from the future are refused, given or imported', async () => {
    const store = await openManager({ clock: () => bar - 60_000 })
    // A minute is forgiven, as it is for ticks; the next bar opens two minutes ahead.
    expect(await store.insertCandles(pair, '1m', [candle])).toMatchObject({ inserted: 1 })
    const next = { ...candle, timestamp: bar + 60_000 }
    await expect(store.insertCandles(pair, '1m', [candle, next])).rejects.toMatchObject({
      code: 'INVALID_CANDLE',
      details: { index: 1, field: 'timestamp', value: bar + 60_000 },
    })
    const file = `${store.dataDir}/candles.csv`
    writeFileSync(file, `timestamp,open,high,low,close,volume\n${bar + 60_000},2,3,1,2,0\n`)
    await expect(store.importCandles(pair, '1m', file)).rejects.toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.stringContaining('lies in the future'),
    })
    expect(await storedCandles(store, pair, '1m')).toMatchObject([candle])
  })

  it('of a timeframe that the file does not keep, or that is none', async () => {
    const store = await openManager()
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
    const store = await openManager()
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

  const profile = {
    timestamp: bar,
    timeframe: '1m',
    poc: 1,
    valueAreaHigh: 2,
    valueAreaLow: 1,
    totalVolume: 3,
    binSize: 1,
    knownAt: bar + 60_000,
  } as const
  const zone = {
    timestamp: bar,
    timeframe: '1m',
    type: 'supply',
    priceLow: 1,
    priceHigh: 2,
    strength: 1,
    status: 'active',
    knownAt: bar,
    touchedAt: null,
    brokenAt: null,
  } as const
  const gap = {
    timestamp: bar,
    timeframe: '1m',
    type: 'bullish',
    priceLow: 0.1,
    priceHigh: 2,
    filledPct: 0,
    knownAt: bar,
    touchedAt: null,
    midAt: null,
    filledAt: null,
  } as const
  type Store = Awaited<ReturnType<typeof openManager>>
  type Send = (store: Store, rows: readonly object[]) => Promise<object>
  const tables: readonly [string, object, readonly object[], object, string, Send][] = [
    [
      'order_flow',
      flow,
      [{ timeframe: '5m' }],
      { cvd: 7 },
      'cvd',
      (store, rows) => store.insertOrderFlow(pair, rows as never),
    ],
    [
      'market_profile',
      profile,
      [{ timeframe: '5m' }],
      { poc: 7 },
      'poc',
      (store, rows) => store.insertMarketProfile(pair, rows as never),
    ],
    [
      'supply_demand_zones',
      zone,
      [{ timeframe: '5m' }, { type: 'demand' }, { priceLow: 0.5 }, { priceHigh: 3 }],
      { strength: 7 },
      'strength',
      (store, rows) => store.insertZones(pair, rows as never),
    ],
    [
      'fair_value_gaps',
      gap,
      [{ timeframe: '5m' }, { type: 'bearish' }, { priceLow: 0.5 }, { priceHigh: 3 }],
      { filledPct: 7 },
      'filled_pct',
      (store, rows) => store.insertFairValueGaps(pair, rows as never),
    ],
  ]

  it.each(tables)(
    'of %s replace the one with their key, and none other',
    async (table, row, others, change, column, send) => {
      const keepMs = 60 * 60_000
      const store = await openManager({ retention: { [table]: keepMs } })
      const all = [
        row,
        { ...row, timestamp: bar + 1 },
        ...others.map((one) => ({ ...row, ...one })),
      ]
      const changed = { ...row, ...change }
      // Two of one key in one call: the later one stands.
      expect(await send(store, [...all, changed])).toEqual({
        inserted: all.length,
        replaced: 1,
        expired: 0,
      })
      expect(await send(store, [changed])).toEqual({ inserted: 0, replaced: 1, expired: 0 })
      const count = query<{ rows: number; changed: number }>(
        'count',
        `SELECT count(*) AS rows, count(*) FILTER (${column} = 7) AS changed FROM ${table}`,
      )
      expect(await store.query(pair, count)).toEqual([{ rows: all.length, changed: 1 }])
      // Retention takes all but the one that is a millisecond younger; they do not come back.
      await store.cleanupPair(pair, { now: bar + 1 + keepMs })
      expect(await send(store, all)).toEqual({
        inserted: 0,
        replaced: 1,
        expired: all.length - 1,
      })
      expect(await store.query(pair, count)).toEqual([{ rows: 1, changed: 0 }])
    },
  )

  it.each<[string, object]>([
    ['timestamp', { timestamp: NaN }],
    ['timeframe', { timeframe: '2m' }],
    ['cvd', { cvd: Infinity }],
    ['delta', { delta: null }],
    ['knownAt', { knownAt: undefined }],
  ])('a bad %s is refused with all of its call: %o', async (field, wrong) => {
    const store = await openManager()
    await expect(store.insertOrderFlow(pair, [flow, { ...flow, ...wrong }])).rejects.toMatchObject({
      code: 'INVALID_ROW',
      details: { index: 1, field },
    })
    expect(await store.listPairs()).toEqual([])
  })
})
