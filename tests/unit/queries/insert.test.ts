import { describe, expect, test } from 'vitest'
import { PairduckError } from '../../../src/errors.ts'
import {
  getActiveDemandZonesQuery,
  getActiveSupplyZonesQuery,
  getCandlesQuery,
  getRecentTicksQuery,
  getUnfilledFvgsQuery,
  insertCandleQuery,
  insertFvgQuery,
  insertMarketProfileQuery,
  insertOrderFlowQuery,
  insertSupplyDemandZoneQuery,
  insertTickQuery,
  query,
  type FairValueGapRow,
  type Insert,
  type Tick,
  type ZoneRow,
} from '../../../src/queries/index.ts'
import { openTestDuck } from '../../support/test-duck.ts'

const duck = await openTestDuck()

const t0 = Date.UTC(2024, 7, 8, 12) + 0.123

async function store({ name, sql, params }: Insert): Promise<void> {
  await duck.query(query(name, sql, params))
}

async function all(table: string): Promise<unknown[][]> {
  const rows = await duck.query(query<object>(table, `SELECT * FROM ${table}`))
  return rows.map((row) => Object.values(row))
}

const zone: ZoneRow = {
  timestamp: t0,
  timeframe: '5m',
  type: 'supply',
  priceLow: 100,
  priceHigh: 101,
  strength: 2,
  status: 'active',
  knownAt: t0 + 10,
  touchedAt: null,
  brokenAt: null,
  complete: null,
}
const gap: FairValueGapRow = {
  timestamp: t0,
  timeframe: '1m',
  type: 'bullish',
  priceLow: 100,
  priceHigh: 101,
  filledPct: 0.5,
  knownAt: t0 + 10,
  touchedAt: t0 + 20,
  midAt: t0 + 30,
  filledAt: null,
  complete: true,
}

describe('what an insert puts in, the reader gives back to the microsecond', () => {
  test('ticks', async () => {
    const tick: Tick = { timestamp: t0, price: 50_000, volume: 1.5, side: 'BUY', tradeId: "a'b" }
    await store(insertTickQuery({ tick }))
    expect(await duck.query(getRecentTicksQuery())).toEqual([tick])
  })

  test('candles, with what is not known left out', async () => {
    const unknown = { buyVolume: null, sellVolume: null, quoteVolume: null, tradeCount: null }
    const candle = { timestamp: t0 - 0.123, open: 1, high: 3, low: 0.5, close: 2, volume: 0 }
    await store(insertCandleQuery({ timeframe: '5m', candle }))
    expect(await duck.query(getCandlesQuery({ timeframe: '5m' }))).toEqual([
      { ...candle, ...unknown, source: 'candles_5m' },
    ])
  })

  test('order flow and market profile', async () => {
    const orderFlow = {
      timestamp: t0,
      timeframe: '1m',
      cvd: 37,
      delta: 37,
      buyVolume: 45,
      sellVolume: 8,
      imbalanceRatio: 5.625,
      knownAt: t0 + 1,
      complete: true,
    } as const
    await store(insertOrderFlowQuery({ orderFlow }))
    const marketProfile = {
      timestamp: t0,
      timeframe: '1m',
      poc: 1,
      valueAreaHigh: 2,
      valueAreaLow: 0.5,
      totalVolume: 10,
      binSize: 0.5,
      knownAt: t0 + 1,
    } as const
    await store(insertMarketProfileQuery({ marketProfile }))
    expect(await all('order_flow')).toEqual([Object.values(orderFlow)])
    // Whether it is complete need not be known.
    expect(await all('market_profile')).toEqual([[...Object.values(marketProfile), null]])
  })

  test('zones: those not broken, strongest first, newest among equals', async () => {
    const zones: ZoneRow[] = [
      zone,
      { ...zone, timestamp: t0 + 1 },
      { ...zone, timestamp: t0 + 2, strength: 9, status: 'tested', touchedAt: t0 + 50 },
      { ...zone, timestamp: t0 + 3, strength: 10, status: 'broken', brokenAt: t0 + 60 },
      { ...zone, type: 'demand' },
    ]
    for (const each of zones) await store(insertSupplyDemandZoneQuery({ zone: each }))
    expect(await duck.query(getActiveSupplyZonesQuery())).toEqual([zones[2], zones[1], zones[0]])
    expect(await duck.query(getActiveSupplyZonesQuery({ includeTested: false, limit: 1 }))).toEqual(
      [zones[1]],
    )
    expect(await duck.query(getActiveDemandZonesQuery({ timeframe: '5m' }))).toEqual([zones[4]])
    expect(await duck.query(getActiveDemandZonesQuery({ timeframe: '1m' }))).toEqual([])
  })

  test('zones as of a time have the status of that time', async () => {
    const broken = { ...zone, status: 'broken', touchedAt: t0 + 50, brokenAt: t0 + 60 } as const
    await store(insertSupplyDemandZoneQuery({ zone: broken }))
    const asOf = async (ms: number) =>
      (await duck.query(getActiveSupplyZonesQuery({ asOf: t0 + ms }))).map(({ status }) => status)
    expect(await asOf(9)).toEqual([])
    expect(await asOf(10)).toEqual(['active'])
    expect(await asOf(50)).toEqual(['tested'])
    expect(await asOf(60)).toEqual([])
  })

  test('gaps: those not filled', async () => {
    await store(insertFvgQuery({ gap }))
    await store(insertFvgQuery({ gap: { ...gap, filledAt: t0 + 40, filledPct: 1 } }))
    await store(insertFvgQuery({ gap: { ...gap, type: 'bearish', timestamp: t0 + 1 } }))
    expect(await duck.query(getUnfilledFvgsQuery())).toEqual([
      { ...gap, type: 'bearish', timestamp: t0 + 1 },
      gap,
    ])
    expect(await duck.query(getUnfilledFvgsQuery({ type: 'bullish', timeframe: '1m' }))).toEqual([
      gap,
    ])
  })
})

describe('an insert is a checked, frozen value', () => {
  const tick: Tick = { timestamp: t0, price: 1, volume: 1, side: 'BUY' }

  test('that carries relation and rows', () => {
    const insert = insertTickQuery({ tick })
    expect(insert).toMatchObject({ relation: 'ticks', rows: [tick] })
    expect(Object.isFrozen(insert) && Object.isFrozen(insert.rows)).toBe(true)
    expect(
      insertCandleQuery({
        timeframe: '5m',
        candle: { timestamp: t0, open: 1, high: 1, low: 1, close: 1, volume: 1 },
      }),
    ).toMatchObject({ relation: 'candles', timeframe: '5m' })
  })

  test.each([
    ['timestamp', Number.NaN],
    ['timestamp', t0 * 1000],
    ['price', Infinity],
    ['volume', '1'],
    ['side', 'buy'],
    ['tradeId', 7],
  ])('and refuses a tick whose %s is %s', (field, value) => {
    const bad = { ...tick, [field]: value }
    expect(() => insertTickQuery({ tick: bad })).toThrow(
      expect.toSatisfy((error) => PairduckError.is(error, 'INVALID_TICK')),
    )
  })

  test('and refuses a row of the wrong shape', () => {
    expect(() => insertFvgQuery({ gap: { ...gap, timeframe: '7m' as '1m' } })).toThrow(
      PairduckError,
    )
    expect(() => insertFvgQuery({ gap: null as unknown as FairValueGapRow })).toThrow(TypeError)
  })
})
