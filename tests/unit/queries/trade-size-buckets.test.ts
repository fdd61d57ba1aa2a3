import { assert, asyncProperty, constantFrom } from 'fast-check'
import { expect, test } from 'vitest'
import type { Coverage } from '../../../src/queries/coverage.ts'
import {
  calculateTradeSizeBucketsQuery,
  type TradeSizeBucket,
  type TradeSizeBucketsOptions,
} from '../../../src/queries/trade-size-buckets.ts'
import type { Tick } from '../../../src/schema/rows.ts'
import { nearestRank } from '../../support/nearest-rank.ts'
import { oracleTrades } from '../../support/oracle.ts'
import { arrival, lateness, marketOpenMs, randomTicks } from '../../support/random-market.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { withoutCoverage } from '../../support/without-coverage.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const second = 1000
const duck = await openTestDuck()

function ticksOf(...trades: readonly [number, number, 'BUY' | 'SELL'][]): Tick[] {
  return trades.map(([afterMs, volume, side], at) => ({
    timestamp: marketOpenMs + afterMs,
    price: 10,
    volume,
    side,
    tradeId: String(at),
  }))
}

test('worked out on paper: bounds belong to the bucket above', async () => {
  await duck.insertTicks(
    ticksOf([0, 1, 'BUY'], [1, 2, 'SELL'], [2, 5, 'BUY'], [1500, 1, 'SELL'], [1600, 1.5, 'BUY']),
  )
  // Below 2: 1 + 1.5 bought in two trades, 1 sold in one. From 2 up to 5: 2 sold. From 5: 5 bought.
  const rows = await duck.query(calculateTradeSizeBucketsQuery({ bounds: [2, 5, 100] }))
  expect(rows.map((row) => figures(row))).toEqual([
    [
      [0, 0, 2],
      [2.5, 1, 1.5],
      [2, 1],
    ],
    [
      [1, 2, 5],
      [0, 2, -2],
      [0, 1],
    ],
    [
      [2, 5, 100],
      [5, 0, 5],
      [1, 0],
    ],
    [
      [3, 100, null],
      [0, 0, 0],
      [0, 0],
    ],
  ])
  expect(rows[0]).toMatchObject({ timestamp: null, coveredFrom: marketOpenMs, truncated: false })
  // Sizes 1, 1, 1.5, 2, 5: the median is the 3rd, 1.5. Per second, every bucket of both seconds.
  const bySecond = await duck.query(
    calculateTradeSizeBucketsQuery({ quantiles: [0.5], timeframe: '1s' }),
  )
  expect(bySecond.map((row) => [row.timestamp! - marketOpenMs, ...figures(row)])).toEqual([
    [0, [0, 0, 1.5], [1, 0, 1], [1, 0]],
    [0, [1, 1.5, null], [5, 2, 3], [1, 1]],
    [1000, [0, 0, 1.5], [0, 1, -1], [0, 1]],
    [1000, [1, 1.5, null], [1.5, 0, 1.5], [1, 0]],
  ])
})

test('per bar: whole bars, each with when it is known and whether the data reach to it', async () => {
  await duck.insertTicks(
    ticksOf([500, 1, 'BUY'], [1500, 2, 'BUY'], [2500, 4, 'SELL'], [3000, 8, 'BUY']),
  )
  await duck.deleteTicksBefore(marketOpenMs + 400)
  const bars = async (options: TradeSizeBucketsOptions) =>
    (await duck.query(calculateTradeSizeBucketsQuery({ timeframe: '1s', ...options })))
      .filter(({ bucket }) => bucket === 0)
      .map(({ timestamp, knownAt, truncated }) => [
        timestamp! - marketOpenMs,
        knownAt! - marketOpenMs,
        truncated,
      ])
  const bounds = [100]
  expect(await bars({ bounds })).toEqual([
    [0, 1000, true],
    [1000, 2000, false],
    [2000, 3000, false],
    [3000, 4000, false],
  ])
  // From within the first second on, to within the third, as of within the third: the second alone.
  const inside = { from: marketOpenMs + 1, to: marketOpenMs + 2001 }
  expect(await bars({ bounds, ...inside })).toEqual([
    [1000, 2000, false],
    [2000, 3000, false],
  ])
  expect(await bars({ bounds, ...inside, asOf: marketOpenMs + 2999 })).toEqual([
    [1000, 2000, false],
  ])
  // Bounds by rank need the window's last trade, at 3000.
  expect(await bars({ quantiles: [1] })).toEqual([
    [0, 3000, true],
    [1000, 3000, false],
    [2000, 3000, false],
    [3000, 4000, false],
  ])
})

test('nothing stored: empty buckets, and nothing per bar', async () => {
  expect(await duck.query(calculateTradeSizeBucketsQuery({ bounds: [1] }))).toMatchObject([
    { bucket: 0, buyVolume: 0, sellCount: 0, coveredFrom: null },
    { bucket: 1, buyVolume: 0, sellCount: 0 },
  ])
  expect(await duck.query(calculateTradeSizeBucketsQuery({ timeframe: '1m' }))).toEqual([])
})

test('refuses bounds that do not rise, and both kinds at once', () => {
  expect(() => calculateTradeSizeBucketsQuery({ bounds: [2, 2] })).toThrow('rising sizes')
  expect(() => calculateTradeSizeBucketsQuery({ bounds: [] })).toThrow('1 to 32')
  expect(() => calculateTradeSizeBucketsQuery({ quantiles: [0.5, 1.1] })).toThrow('from 0 to 1')
  expect(() => calculateTradeSizeBucketsQuery({ quantiles: [0.5], bounds: [1] })).toThrow(
    'not both',
  )
})

testOnRealTrades('%s: real trades', async (symbol) => {
  const trades = oracleTrades(symbol)
  await duck.insertTicks(arrival(trades, [0, 0, 5, 0, 300]))
  for (const options of [{ bounds: [0.01, 0.1, 1], timeframe: '1s' } as const, {}]) {
    const rows = await duck.query(calculateTradeSizeBucketsQuery(options))
    expect(withoutCoverage(rows)).toEqual(referenceBuckets(trades, options))
  }
})

test('equals a fold over random ticks', async () => {
  const options = constantFrom<TradeSizeBucketsOptions>(
    {},
    { timeframe: '1s' },
    { bounds: [1, 7, 60], timeframe: '1s' },
    { bounds: [500], measure: 'notional' },
    { quantiles: [0, 0.25, 1] },
    { bounds: [10], asOf: marketOpenMs + 5000 },
    { timeframe: '1s', from: marketOpenMs + 300, asOf: marketOpenMs + 5300 },
    { bounds: [10], timeframe: '1s', asOf: marketOpenMs + 5300 },
  )
  await assert(
    asyncProperty(randomTicks(), lateness, options, async (ticks, late, given) => {
      await duck.clear()
      await duck.insertTicks(arrival(ticks, late))
      const rows = await duck.query(calculateTradeSizeBucketsQuery(given))
      expect(withoutCoverage(rows)).toEqual(referenceBuckets(ticks, given))
    }),
    { numRuns: propertyRuns(5) },
  )
})

/** Every bucket by a loop over the ticks. */
function referenceBuckets(
  stored: readonly Tick[],
  options: TradeSizeBucketsOptions,
): Omit<TradeSizeBucket, keyof Coverage>[] {
  const whole = (ms: number, round: (bars: number) => number): number =>
    options.timeframe === undefined ? ms : round(ms / second) * second
  const ticks = stored.filter(
    ({ timestamp }) =>
      timestamp >= whole(options.from ?? 0, Math.ceil) &&
      timestamp < whole(options.asOf ?? Infinity, Math.floor),
  )
  const last = options.bounds === undefined ? Math.max(...ticks.map((tick) => tick.timestamp)) : 0
  const size = ({ price, volume }: Tick): number =>
    options.measure === 'notional' ? price * volume : volume
  const sizes = ticks.map((tick) => size(tick))
  const bounds =
    options.bounds ??
    (options.quantiles ?? [0.5, 0.9, 0.99]).map((share) => nearestRank(sizes, share) ?? null)
  const barOf = ({ timestamp }: Tick): number | null =>
    options.timeframe === undefined ? null : Math.floor(timestamp / second) * second
  const bars =
    options.timeframe === undefined
      ? [null]
      : [...new Set(ticks.map((tick) => barOf(tick)))].sort((a, b) => a! - b!)
  return bars.flatMap((bar) =>
    [0, ...bounds].map((sizeFrom, bucket) => {
      const held = ticks.filter(
        (tick) =>
          barOf(tick) === bar && bounds.filter((bound) => size(tick) >= bound!).length === bucket,
      )
      const [bought, sold] = (['BUY', 'SELL'] as const).map((side) =>
        held.filter((tick) => tick.side === side),
      )
      return {
        timestamp: bar,
        knownAt: bar === null ? null : Math.max(bar + second, last),
        bucket,
        sizeFrom,
        sizeTo: bounds[bucket] ?? null,
        buyVolume: expect.closeTo(sum(bought!), 9) as number,
        sellVolume: expect.closeTo(sum(sold!), 9) as number,
        delta: expect.closeTo(sum(bought!) - sum(sold!), 9) as number,
        buyCount: bought!.length,
        sellCount: sold!.length,
      }
    }),
  )
}

function sum(trades: readonly Tick[]): number {
  return trades.reduce((total, { volume }) => total + volume, 0)
}

function figures(row: TradeSizeBucket) {
  return [
    [row.bucket, row.sizeFrom, row.sizeTo],
    [row.buyVolume, row.sellVolume, row.delta],
    [row.buyCount, row.sellCount],
  ]
}
