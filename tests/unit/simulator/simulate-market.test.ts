import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { simulateMarket, type MarketOptions } from '../../../src/simulator/simulate-market.ts'
import { microsFromMs, msFromMicros } from '../../../src/time.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import type { SimulatedTick } from '../../../src/simulator/trade-stream.ts'

const from = Date.UTC(2024, 7, 8)
const pairs = ['binance/spot/BTCUSDT', 'kraken/spot/XBT/EUR', 'nowhere/spot/ZZZ']

const markets: fc.Arbitrary<MarketOptions> = fc.record({
  pairs: fc.subarray(pairs, { minLength: 1 }),
  from: fc.integer({ min: from, max: from + 86_400_000 }),
  durationMs: fc.integer({ min: 1, max: 120_000 }),
  seed: fc.string(),
  ticksPerSecond: fc.constantFrom(0.5, 20, 300),
  batchMs: fc.constantFrom(50, 250, 10_000),
  lateShare: fc.constantFrom(0, 0.01, 0.4),
  reconnectEverySeconds: fc.constantFrom(Infinity, 60, 2),
})

/** What arrived, by pair, each trade once, in the order of the ids; and the replays counted. */
function arrivals(options: MarketOptions) {
  const byPair = new Map<string, Map<string, SimulatedTick>>()
  let replayed = 0
  for (const batch of simulateMarket(options)) {
    if (batch.ticks.length === 0) throw new Error('an empty batch')
    const seen = byPair.get(batch.pair) ?? new Map<string, SimulatedTick>()
    byPair.set(batch.pair, seen)
    let again = 0
    for (const tick of batch.ticks) {
      const before = seen.get(tick.tradeId)
      if (before !== undefined) again++
      if (before !== undefined && !isDeepStrictEqual(before, tick))
        throw new Error(`${tick.tradeId} was replayed with another content`)
      seen.set(tick.tradeId, tick)
    }
    if (batch.replayed !== again) throw new Error(`${batch.replayed} counted, ${again} replayed`)
    replayed += again
  }
  return { byPair, replayed }
}

function market(seed: string) {
  return [...simulateMarket({ pairs, from, durationMs: 60_000, seed, reconnectEverySeconds: 10 })]
}

function isValid(tick: SimulatedTick, { from, durationMs }: MarketOptions): boolean {
  const { timestamp, price, volume, side } = tick
  return (
    timestamp >= from &&
    timestamp < from + durationMs &&
    msFromMicros(microsFromMs(timestamp)) === timestamp &&
    Number.isFinite(price) &&
    price > 0 &&
    Number.isFinite(volume) &&
    volume > 0 &&
    (side === 'BUY' || side === 'SELL')
  )
}

describe('simulateMarket', () => {
  it('delivers every trade, replays only exact copies, and counts them', () => {
    fc.assert(
      fc.property(markets, (options) => {
        for (const [pair, seen] of arrivals(options).byPair) {
          expect(options.pairs).toContain(pair)
          const ticks = [...seen.values()].sort((a, b) => Number(a.tradeId) - Number(b.tradeId))
          const ids = ticks.map((tick) => Number(tick.tradeId))
          // Without a gap: ids count the trades, from the first one on.
          expect(ids.findIndex((id, index) => id !== 1_000_000 + index)).toBe(-1)
          expect(ticks.filter((tick) => !isValid(tick, options))).toEqual([])
          const unordered = ticks.findIndex(
            (tick, index) => index > 0 && tick.timestamp < ticks[index - 1]!.timestamp,
          )
          expect(unordered).toBe(-1)
        }
      }),
      { numRuns: propertyRuns(20) },
    )
  })

  it('gives the same market for the same seed, and another for another', () => {
    expect(market('one')).toEqual(market('one'))
    expect(market('one')).not.toEqual(market('two'))
  })

  it('gives a pair the same trades whatever other pairs trade beside it', () => {
    const of = (chosen: string[]) =>
      [...simulateMarket({ pairs: chosen, from, durationMs: 60_000 })].filter(
        (batch) => batch.pair === pairs[0],
      )
    expect(of([pairs[0]!])).toEqual(of(pairs))
  })

  it('has bursts, late trades, replays, ties in time and about the rate that was asked for', () => {
    const options = { pairs: [pairs[0]!], from, durationMs: 1_800_000, ticksPerSecond: 50 }
    const batches = [...simulateMarket(options)]
    const { byPair, replayed } = arrivals(options)
    const ticks = [...byPair.get(pairs[0]!)!.values()]
    expect(replayed).toBeGreaterThan(100)
    expect(ticks.length / 1800).toBeGreaterThan(35)
    expect(ticks.length / 1800).toBeLessThan(70)
    let newest = 0
    let late = 0
    for (const batch of batches) {
      if (batch.replayed === 0) late += batch.ticks.filter((tick) => tick.timestamp < newest).length
      newest = Math.max(newest, ...batch.ticks.map((tick) => tick.timestamp))
    }
    expect(late).toBeGreaterThan(50)
    const times = new Map<number, number>()
    for (const { timestamp } of ticks) times.set(timestamp, (times.get(timestamp) ?? 0) + 1)
    expect(Math.max(...times.values())).toBeGreaterThan(5)
    const seconds = new Map<number, number>()
    for (const { timestamp } of ticks) {
      const second = Math.floor(timestamp / 1000)
      seconds.set(second, (seconds.get(second) ?? 0) + 1)
    }
    // A burst has several times the trades of the mean second.
    expect(Math.max(...seconds.values())).toBeGreaterThan(200)
    expect(
      ticks.some((tick) => tick.side === 'BUY') && ticks.some((tick) => tick.side === 'SELL'),
    ).toBe(true)
  })

  it('refuses options that make no market', () => {
    expect(() => [...simulateMarket({ pairs: [], from, durationMs: 1 })]).toThrow(TypeError)
    expect(() => [...simulateMarket({ pairs, from, durationMs: 0 })]).toThrow(RangeError)
  })
})
