import { assert, asyncProperty, constantFrom } from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  detectLargeTradesQuery,
  type DetectLargeTradesOptions,
  type LargeTrade,
} from '../../../src/queries/large-trades.ts'
import type { Coverage } from '../../../src/queries/coverage.ts'
import type { Tick } from '../../../src/schema/rows.ts'
import { nearestRank } from '../../support/nearest-rank.ts'
import { oracleTrades } from '../../support/oracle.ts'
import { arrival, marketAndTime, marketOpenMs } from '../../support/random-market.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { withoutCoverage } from '../../support/without-coverage.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const duck = await openTestDuck()

describe('worked out on paper', () => {
  // Ten trades of volume 1 … 10 at price 10, ids 1 … 10, one a millisecond; odd ones bought.
  const ticks: Tick[] = Array.from({ length: 10 }, (_, at) => ({
    timestamp: marketOpenMs + at,
    price: 10,
    volume: at + 1,
    side: at % 2 === 0 ? 'BUY' : 'SELL',
    tradeId: String(at + 1),
  }))

  test('by size, and by the quantile of the window', async () => {
    await duck.insertTicks(arrival(ticks, [0, 3]))
    expect(await duck.query(detectLargeTradesQuery({ minSize: 9 }))).toEqual([
      {
        timestamp: marketOpenMs + 8,
        price: 10,
        volume: 9,
        notional: 90,
        side: 'BUY',
        tradeId: '9',
        threshold: 9,
        knownAt: marketOpenMs + 8,
        coveredFrom: marketOpenMs,
        truncated: false,
        complete: true,
      },
      {
        timestamp: marketOpenMs + 9,
        price: 10,
        volume: 10,
        notional: 100,
        side: 'SELL',
        tradeId: '10',
        threshold: 9,
        knownAt: marketOpenMs + 9,
        coveredFrom: marketOpenMs,
        truncated: false,
        complete: true,
      },
    ])
    // Nearest rank: 0.8 × 10 = the 8th smallest, so 8, 9 and 10 are large; the window's end is
    // known with its last trade.
    const large = await duck.query(detectLargeTradesQuery({ quantile: 0.8 }))
    expect(large.map(({ volume, threshold, knownAt }) => [volume, threshold, knownAt])).toEqual([
      [8, 8, marketOpenMs + 9],
      [9, 8, marketOpenMs + 9],
      [10, 8, marketOpenMs + 9],
    ])
  })

  test('by notional, of one side, in a window', async () => {
    await duck.insertTicks(ticks)
    const volumes = async (options: DetectLargeTradesOptions): Promise<number[]> =>
      (await duck.query(detectLargeTradesQuery(options))).map(({ volume }) => volume)
    expect(await volumes({ measure: 'notional', minSize: 90 })).toEqual([9, 10])
    // The quantile is of both sides: 8; sold of those are 8 and 10.
    expect(await volumes({ quantile: 0.8, side: 'SELL' })).toEqual([8, 10])
    // The first five only: 0.8 × 5 = the 4th.
    expect(await volumes({ quantile: 0.8, to: marketOpenMs + 5 })).toEqual([4, 5])
    expect(await volumes({ quantile: 0.8, asOf: marketOpenMs + 5 })).toEqual([4, 5])
    expect(await volumes({})).toEqual([10])
  })
})

test('refuses what does not go together', () => {
  expect(() => detectLargeTradesQuery({ minSize: 1, quantile: 0.5 })).toThrow('not both')
  expect(() => detectLargeTradesQuery({ quantile: 1.5 })).toThrow('from 0 to 1')
})

testOnRealTrades('%s: the largest hundredth of real trades', async (symbol) => {
  const trades = oracleTrades(symbol)
  await duck.insertTicks(arrival(trades, [0, 0, 5, 0, 300]))
  const rows = await duck.query(detectLargeTradesQuery({ measure: 'notional' }))
  expect(rows.length).toBeGreaterThan(50)
  expect(withoutCoverage(rows)).toEqual(referenceLarge(trades, { measure: 'notional' }))
})

test('equals a fold over random ticks; as of T equals everything from T on deleted', async () => {
  const options = constantFrom<DetectLargeTradesOptions>(
    { minSize: 30 },
    { minSize: 1500, measure: 'notional' },
    { quantile: 0.9 },
    { quantile: 0, side: 'BUY' },
    { quantile: 1, measure: 'notional' },
    {},
  )
  await assert(
    asyncProperty(marketAndTime, options, async ({ ticks, arrived, asOf }, given) => {
      await duck.clear()
      await duck.insertTicks(arrived)
      const large = detectLargeTradesQuery({ ...given, asOf })
      const before = await duck.query(large)
      const known = ticks.filter(({ timestamp }) => timestamp < asOf)
      expect(withoutCoverage(before)).toEqual(referenceLarge(known, given))
      await duck.deleteTicksFrom(asOf)
      expect(await duck.query(large)).toEqual(before)
    }),
    { numRuns: propertyRuns(5) },
  )
})

type BareTrade = Omit<LargeTrade, keyof Coverage>

/** Ticks in the order of trading. */
function referenceLarge(ticks: readonly Tick[], options: DetectLargeTradesOptions): BareTrade[] {
  const size = ({ price, volume }: Tick): number =>
    options.measure === 'notional' ? price * volume : volume
  const sizes = ticks.map((tick) => size(tick))
  const threshold = options.minSize ?? nearestRank(sizes, options.quantile ?? 0.99) ?? Number.NaN
  const last = ticks.at(-1)?.timestamp ?? 0
  return ticks
    .filter((tick) => size(tick) >= threshold)
    .filter(({ side }) => options.side === undefined || options.side === side)
    .map(({ timestamp, price, volume, side, tradeId }) => ({
      timestamp,
      price,
      volume,
      notional: price * volume,
      side,
      tradeId: tradeId ?? null,
      threshold,
      knownAt: options.minSize === undefined ? last : timestamp,
    }))
}
