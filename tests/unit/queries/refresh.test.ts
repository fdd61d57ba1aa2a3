import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { calculateMarketProfileQuery } from '../../../src/queries/market-profile.ts'
import { detectFvgQuery } from '../../../src/queries/detect-fvg.ts'
import { query } from '../../../src/queries/query.ts'
import { detectZonesQuery } from '../../../src/queries/zones.ts'
import { planRefresh, type RefreshFact } from '../../../src/queries/refresh/index.ts'
import type { Tick } from '../../../src/schema/rows.ts'
import type { Timeframe } from '../../../src/time.ts'
import { foldCandles } from '../../support/candle-fold.ts'
import { oracleTrades } from '../../support/oracle.ts'
import { arrival, lateness, marketOpenMs, randomTicks } from '../../support/random-market.ts'
import { keptRows, PlainWriter, refresh, type Kept } from '../../support/refreshing.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const timeframes: readonly Timeframe[] = ['1s', '3m']
const duck = await openTestDuck()
let writer: PlainWriter
beforeEach(() => {
  writer = new PlainWriter(duck)
})

async function empty(): Promise<void> {
  await duck.clear()
  writer = new PlainWriter(duck)
}

function trade(afterMs: number, price: number, volume: number, side: 'BUY' | 'SELL'): Tick {
  return { timestamp: marketOpenMs + afterMs, price, volume, side }
}

describe('worked out on paper', () => {
  // Seconds 0, 1, 2: bought 3, sold 1 | bought 2 | sold 4. Deltas 2, 2, −4, running 2, 4, 0.
  const ticks = [
    trade(0, 100, 3, 'BUY'),
    trade(500, 101, 1, 'SELL'),
    trade(1000, 103, 2, 'BUY'),
    trade(2999, 105, 4, 'SELL'),
  ]

  test('a bar is stored when it has closed, and not again', async () => {
    await writer.insert(ticks)
    expect(await refresh(duck, marketOpenMs + 999, ['1s'])).toBe(1)
    expect((await keptRows(duck)).order_flow).toEqual([])
    expect(await refresh(duck, marketOpenMs + 1000, ['1s'])).toBe(1)
    expect(await refresh(duck, marketOpenMs + 1999, ['1s'])).toBe(0)
    expect(await refresh(duck, marketOpenMs + 3000, ['1s'])).toBe(1)
    expect(await refresh(duck, marketOpenMs + 99_000, ['1s'])).toBe(0)
    const { order_flow, market_profile, fair_value_gaps } = await keptRows(duck)
    expect(
      order_flow.map(({ delta, cvd, imbalance_ratio }) => [delta, cvd, imbalance_ratio]),
    ).toEqual([
      [2, 2, 3],
      [2, 4, null],
      [-4, 0, 0],
    ])
    // 100 is 10², so bins are of 10²⁻³ = 0.1; of bins 100.0 with 3 and 101.0 with 1 the first alone
    // holds 75 %.
    expect(market_profile[0]).toEqual({
      timestamp: marketOpenMs,
      timeframe: '1s',
      poc: 100,
      value_area_high: 100.1,
      value_area_low: 100,
      total_volume: 4,
      bin_size: 0.1,
      known_at: marketOpenMs + 1000,
      complete: true,
    })
    // High 101 of second 0 is below the low 105 of second 2.
    expect(fair_value_gaps).toMatchObject([
      { timestamp: marketOpenMs + 1000, price_low: 101, price_high: 105, filled_pct: 0 },
    ])
  })

  test('a late tick mends what was stored, and a later bar fills a stored gap', async () => {
    await writer.insert(ticks)
    await refresh(duck, marketOpenMs + 3000, ['1s'])
    // The third second's low becomes 104; one more is sold in it.
    await writer.insert([trade(2500, 104, 1, 'SELL')])
    expect(await refresh(duck, marketOpenMs + 3000, ['1s'])).toBe(1)
    let kept = await keptRows(duck)
    expect(kept.order_flow.map(({ cvd }) => cvd)).toEqual([2, 4, -1])
    expect(kept.fair_value_gaps).toMatchObject([
      { price_low: 101, price_high: 104, touched_at: null },
    ])
    // From 103, so that no other gap opens, to 101.75: 2.25 of 3 deep. Then through.
    await writer.insert([trade(3000, 103, 1, 'BUY'), trade(3100, 101.75, 1, 'BUY')])
    await refresh(duck, marketOpenMs + 4000, ['1s'])
    kept = await keptRows(duck)
    expect(kept.fair_value_gaps).toMatchObject([
      {
        filled_pct: 0.75,
        touched_at: marketOpenMs + 4000,
        mid_at: marketOpenMs + 4000,
        filled_at: null,
      },
    ])
    await writer.insert([trade(4000, 104, 1, 'BUY'), trade(4100, 100, 1, 'BUY')])
    await refresh(duck, marketOpenMs + 5000, ['1s'])
    kept = await keptRows(duck)
    expect(kept.fair_value_gaps).toMatchObject([
      { filled_pct: 1, touched_at: marketOpenMs + 4000, filled_at: marketOpenMs + 5000 },
    ])
  })

  test('what the cleanup has deleted does not come back', async () => {
    await writer.insert([...ticks, trade(3100, 101, 1, 'BUY'), trade(3200, 103, 1, 'SELL')])
    await refresh(duck, marketOpenMs + 4000, ['1s'])
    expect((await keptRows(duck)).fair_value_gaps).toMatchObject([{ filled_pct: 1 }])
    await duck.run(`DELETE FROM fair_value_gaps WHERE filled_at IS NOT NULL`)
    await duck.run(
      `INSERT INTO pairduck_marks SELECT 'fair_value_gaps:closed', max(processed_until) FROM pairduck_analytics`,
    )
    await duck.run(
      `DELETE FROM order_flow WHERE timestamp < make_timestamp(${(marketOpenMs + 1000) * 1000})`,
    )
    await duck.run(
      `INSERT INTO pairduck_marks VALUES ('order_flow', make_timestamp(${(marketOpenMs + 1000) * 1000}))`,
    )
    // A late trade in the first second makes everything from there on be looked at again.
    await writer.insert([trade(10, 100.5, 1, 'BUY')])
    expect(await refresh(duck, marketOpenMs + 4000, ['1s'])).toBe(1)
    const kept = await keptRows(duck)
    expect(kept.fair_value_gaps).toEqual([])
    // Deltas 2, −4, 0 go on from the level 2 that the oldest stored row told.
    expect(
      kept.order_flow.map(({ timestamp, cvd }) => [Number(timestamp) - marketOpenMs, cvd]),
    ).toEqual([
      [1000, 4],
      [2000, 0],
      [3000, 0],
    ])
  })

  test('a bar that retention has cut into keeps its profile', async () => {
    await writer.insert([
      trade(0, 100, 5, 'BUY'),
      trade(900, 101, 1, 'BUY'),
      trade(1500, 100, 1, 'BUY'),
    ])
    await refresh(duck, marketOpenMs + 2000, ['1s'])
    const before = (await keptRows(duck)).market_profile
    await writer.rollUp(marketOpenMs + 2000)
    await duck.deleteTicksBefore(marketOpenMs + 500)
    await writer.insert([trade(700, 102, 1, 'SELL')])
    expect(await refresh(duck, marketOpenMs + 2000, ['1s'])).toBe(1)
    const kept = await keptRows(duck)
    expect(kept.market_profile).toEqual(before)
    // Candles are right all the same, and so is what is made of them.
    expect(kept.order_flow[0]).toMatchObject({ buy_volume: 6, sell_volume: 1, delta: 5 })
  })
})

test('a plan names what is due, and nothing when nothing is', () => {
  const none = { name: null, at: null, dirtyFrom: null, analytics: 0 }
  const done: RefreshFact = { ...none, kind: 'done', name: '1m', at: 600e6, analytics: 4 }
  const tick: RefreshFact = { ...none, kind: 'tick', at: 650e6 }
  const other: RefreshFact = { ...none, kind: 'mark', name: 'candles_5m', at: 1 }
  expect(planRefresh([done, tick, other], ['1m'], 659_999)).toEqual({ passes: [], dueAt: 660_000 })
  expect(planRefresh([done, tick, other], ['1m'], 660_000)).toEqual({
    passes: [{ timeframe: '1m', from: 600e6, until: 660e6, processedUntil: 600e6, marks: {} }],
    dueAt: null,
  })
  // Nothing came after what was processed.
  expect(planRefresh([done, { ...tick, at: 599e6 }], ['1m'], 900_000).passes).toEqual([])
  // Late, in minute 2: from its bar; and a clock that went back undoes nothing.
  const dirty = planRefresh([{ ...done, dirtyFrom: 130e6 }, tick], ['1m'], 100)
  expect(dirty.passes).toMatchObject([{ from: 120e6, until: 600e6 }])
  // A timeframe of which an analytic is missing begins anew.
  const partial = planRefresh([{ ...done, analytics: 3 }, tick], ['1m'], 660_000)
  expect(partial.passes).toMatchObject([{ from: -Infinity }])
})

/** Ticks arriving in pieces, with refreshes, roll-ups and cut-off refreshes in between. */
async function alongTheWay(
  ticks: readonly Tick[],
  steps: readonly {
    size: number
    does: 'refresh' | 'fail' | 'rollUp' | 'nothing'
    after: number
  }[],
  binSize?: number,
): Promise<void> {
  const options = binSize === undefined ? {} : { binSize }
  let at = 0
  let newest = marketOpenMs
  for (let step = 0; at < ticks.length; step++) {
    const { size, does, after } = steps[step % steps.length]!
    const piece = ticks.slice(at, at + size)
    at += size
    await writer.insert(piece)
    newest = Math.max(newest, ...piece.map(({ timestamp }) => timestamp))
    if (does === 'refresh') await refresh(duck, newest, timeframes, options)
    if (does === 'fail') await refresh(duck, newest, timeframes, { ...options, failAfter: after })
    if (does === 'rollUp') await writer.rollUp(newest - after * 100)
  }
}

async function inOneGo(ticks: readonly Tick[], endMs: number, binSize?: number): Promise<Kept> {
  await empty()
  await writer.insert(ticks)
  await refresh(duck, endMs, timeframes, binSize === undefined ? {} : { binSize })
  return keptRows(duck)
}

test('refreshing along the way, cut off and twice in a row equals refreshing once', async () => {
  const step = record({
    size: constantFrom(3, 20, 60, 90),
    does: constantFrom(
      'refresh' as const,
      'refresh' as const,
      'fail' as const,
      'rollUp' as const,
      'nothing' as const,
    ),
    after: nat(30),
  })
  const steps = array(step, { minLength: 1, maxLength: 12, size: 'max' })
  await assert(
    asyncProperty(randomTicks(220), lateness, steps, async (ticks, late, steps) => {
      const end = (ticks.at(-1)?.timestamp ?? marketOpenMs) + 200_000
      const arrived = arrival(ticks, late)
      const once = await inOneGo(arrived, end)
      await empty()
      await alongTheWay(arrived, steps)
      await refresh(duck, end, timeframes)
      expect(await keptRows(duck)).toEqual(once)
      expect(await refresh(duck, end, timeframes)).toBe(0)
      await duck.run(
        `UPDATE pairduck_analytics SET dirty_from = make_timestamp(${marketOpenMs * 1000 + 1})`,
      )
      await refresh(duck, end, timeframes)
      expect(await keptRows(duck)).toEqual(once)
    }),
    { numRuns: propertyRuns(3) },
  )
})

testOnRealTrades('real trades of %s, some of them late', async (symbol) => {
  const trades = oracleTrades(symbol)
  const arrived = arrival(trades, [0, 0, 40, 0, 700, 0, 0, 3])
  const end = trades.at(-1)!.timestamp + 200_000
  const once = await inOneGo(arrived, end)

  // Gaps and zones are the detectors', and profiles those of the bars.
  const gaps = await duck.query(detectFvgQuery({ timeframe: '1s', asOf: end }))
  const stored = once.fair_value_gaps.filter(({ timeframe }) => timeframe === '1s')
  expect(stored.map((gap) => [gap['timestamp'], gap['filled_pct'], gap['filled_at']])).toEqual(
    gaps.map((gap) => [gap.timestamp, gap.filledPct, gap.filledAt]),
  )
  const zones = await duck.query(detectZonesQuery({ timeframe: '1s', asOf: end }))
  expect(
    once.supply_demand_zones
      .filter(({ timeframe }) => timeframe === '1s')
      .map((zone) => [zone['timestamp'], zone['type'], zone['status'], zone['broken_at']]),
  ).toEqual(zones.map((zone) => [zone.timestamp, zone.type, zone.status, zone.brokenAt]))
  const bars = foldCandles(trades, 180_000)
  const profiles = once.market_profile.filter(({ timeframe }) => timeframe === '3m')
  expect(profiles).toHaveLength(bars.length)
  for (const [index, { timestamp }] of bars.entries()) {
    const binSize = symbol === 'BTCUSDT' ? 10 : 1
    const [whole] = await duck.query(
      calculateMarketProfileQuery({ binSize, from: timestamp, to: timestamp + 180_000 }),
    )
    expect(profiles[index]).toMatchObject({
      poc: whole!.poc,
      value_area_low: whole!.valueAreaLow,
      value_area_high: whole!.valueAreaHigh,
      bin_size: binSize,
    })
  }

  await empty()
  const minutely = [
    { size: 1800, does: 'refresh', after: 0 },
    { size: 700, does: 'rollUp', after: 50 },
    { size: 1100, does: 'fail', after: 14 },
  ] as const
  await alongTheWay(arrived, minutely)
  await refresh(duck, end, timeframes)
  expect(await keptRows(duck)).toEqual(once)
})

test('a given bin size is used as given', async () => {
  await writer.insert([trade(0, 100.3, 1, 'BUY'), trade(100, 100.1, 2, 'BUY')])
  await refresh(duck, marketOpenMs + 1000, ['1s'], { binSize: 0.25 })
  expect((await keptRows(duck)).market_profile).toMatchObject([
    { poc: 100, value_area_low: 100, value_area_high: 100.5, bin_size: 0.25, total_volume: 3 },
  ])
})

test('stored state is untouched by a refresh that was cut off', async () => {
  await writer.insert([trade(0, 100, 1, 'BUY'), trade(5000, 101, 1, 'BUY')])
  await refresh(duck, marketOpenMs + 6000, ['1s'], { failAfter: 12 })
  const rows = await duck.query(
    query<{ n: number }>('n', `SELECT count(*) AS n FROM pairduck_analytics`),
  )
  expect(rows).toEqual([{ n: 0 }])
  expect((await keptRows(duck)).order_flow).toEqual([])
})

test('a bar of the smallest or the largest prices has a profile', async () => {
  // Bins are a thousandth to a ten-thousandth of the highest price: 5e-25 in bins of 1e-28 is at
  // 5000 of them, 2e28 in bins of 1e25 at 2000.
  await writer.insert([trade(0, 5e-25, 1, 'BUY'), trade(1000, 2e28, 3, 'SELL')])
  await refresh(duck, marketOpenMs + 2000, ['1s'])
  const rows = (await keptRows(duck)).market_profile
  expect(rows).toHaveLength(2)
  for (const [index, [poc, binSize]] of [
    [5e-25, 1e-28],
    [2e28, 1e25],
  ].entries()) {
    expect(Number(rows[index]!['poc']) / poc!).toBeCloseTo(1, 9)
    expect(Number(rows[index]!['bin_size']) / binSize!).toBeCloseTo(1, 9)
  }
})
