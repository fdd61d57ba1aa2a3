import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { StoredTick } from '../../../src/schema/rows.ts'
import type { BatchColumns } from '../../../src/storage/duckdb/batch-function.ts'
import { MemoryBudget } from '../../../src/storage/front/memory-budget.ts'
import { RecentBars } from '../../../src/storage/front/recent-bars.ts'
import { microsFromMs, timeframeMs } from '../../../src/time.ts'
import { candleDifferences, foldCandles } from '../../support/candle-fold.ts'

const start = Date.UTC(2024, 7, 8, 12)

const tick: fc.Arbitrary<StoredTick> = fc.record({
  timestamp: fc
    .tuple(fc.nat(5), fc.constantFrom(0, 0.001, 30_000, 59_999.999))
    .map(([minutes, ms]) => start + minutes * 60_000 + ms),
  price: fc.integer({ min: 1, max: 9 }),
  volume: fc.constantFrom(0.5, 1, 4),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  tradeId: fc.constantFrom(null, '1', '9', '10', '007', 'é', '漢字', '😀', 'zz'),
})

const calls = fc.array(fc.array(tick, { maxLength: 12, size: 'max' }), { maxLength: 8 })

it('has the bars that a fold of all ticks gives, in whatever order they come', () => {
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 8 }), (batches, count) => {
      const none = { bars: [], from: -Infinity, isWhole: true }
      const bars = new RecentBars('1m', none, new MemoryBudget())
      for (const batch of batches) bars.fold(columns(batch))
      const wanted = foldCandles(batches.flat(), timeframeMs['1m'])
      expect(candleDifferences(bars.last(count) ?? [], wanted.slice(-count))).toEqual([])
      // What was let go of is not told, and older ticks bring no half of it back.
      bars.trim(2)
      for (const batch of batches) bars.fold(columns(batch))
      const twice = foldCandles([...batches, ...batches].flat(), timeframeMs['1m'])
      expect(candleDifferences(bars.last(2) ?? [], twice.slice(-2))).toEqual([])
      expect(bars.last(3) === undefined || twice.length <= 2).toBe(true)
    }),
  )
})

it('tells no sum beyond the largest number, and leaves bars from elsewhere as they are', () => {
  const none = { bars: [], from: -Infinity, isWhole: true }
  const bars = new RecentBars('1m', none, new MemoryBudget())
  const huge = { timestamp: start, price: 1, volume: 1e308, side: 'BUY', tradeId: null } as const
  bars.fold(columns([huge, huge]))
  expect(bars.last(1)).toBeUndefined()
  const [bar] = foldCandles([{ ...huge, volume: 1 }], timeframeMs['1m'])
  const edges = {
    micros: microsFromMs(start),
    firstMicros: 0,
    firstId: '',
    lastMicros: 0,
    lastId: '',
  }
  const given = { ...none, bars: [{ ...bar!, ...edges, given: true }] }
  const kept = new RecentBars('1m', given, new MemoryBudget())
  kept.fold(columns([{ ...huge, price: 7 }]))
  expect(kept.last(1)).toEqual([bar])
})

function columns(ticks: readonly StoredTick[]): BatchColumns {
  return {
    length: ticks.length,
    micros: Float64Array.from(ticks, ({ timestamp }) => microsFromMs(timestamp)),
    price: Float64Array.from(ticks, ({ price }) => price),
    volume: Float64Array.from(ticks, ({ volume }) => volume),
    side: Uint8Array.from(ticks, ({ side }) => (side === 'BUY' ? 0 : 1)),
    ids: ticks.map(({ tradeId }) => tradeId),
  }
}
