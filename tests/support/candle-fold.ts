import type { StoredCandle, StoredTick, Tick } from '../../src/schema/rows.ts'
import { byTickOrder } from './tick-order.ts'

/** A candle of which everything is known. */
export type FoldedCandle = { -readonly [Field in keyof StoredCandle]: number }

/** Candles out of ticks in any order, by the plainest loop. */
export function foldCandles(
  ticks: readonly (Tick | StoredTick)[],
  widthMs: number,
): FoldedCandle[] {
  const bars = new Map<number, FoldedCandle>()
  for (const { timestamp, price, volume, side } of ticks.toSorted(byTickOrder)) {
    const start = Math.floor(timestamp / widthMs) * widthMs
    let bar = bars.get(start)
    if (bar === undefined) {
      bar = {
        timestamp: start,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: 0,
        buyVolume: 0,
        sellVolume: 0,
        quoteVolume: 0,
        tradeCount: 0,
      }
      bars.set(start, bar)
    }
    bar.high = Math.max(bar.high, price)
    bar.low = Math.min(bar.low, price)
    bar.close = price
    bar.volume += volume
    bar.buyVolume += side === 'BUY' ? volume : 0
    bar.sellVolume += side === 'SELL' ? volume : 0
    bar.quoteVolume += price * volume
    bar.tradeCount += 1
  }
  return [...bars.values()]
}

const sums = ['volume', 'buyVolume', 'sellVolume', 'quoteVolume'] as const

/**
 * Where two lists of candles part, in words; empty when they agree: times, prices and counts to
 * the last bit, sums to 1e-9 of the larger one.
 */
export function candleDifferences(
  found: readonly StoredCandle[],
  wanted: readonly StoredCandle[],
): string[] {
  const differences =
    found.length === wanted.length ? [] : [`${found.length} candles instead of ${wanted.length}`]
  for (const [index, candle] of wanted.entries()) {
    const other = found[index]
    if (other === undefined) break
    for (const field of Object.keys(candle) as (keyof StoredCandle)[]) {
      const [is, should] = [other[field], candle[field]]
      const isSum = sums.includes(field as (typeof sums)[number])
      const equal =
        isSum && is !== null && should !== null
          ? Math.abs(is - should) <= 1e-9 * Math.max(Math.abs(is), Math.abs(should))
          : is === should
      if (!equal)
        differences.push(`${candle.timestamp}: ${field} is ${String(is)}, not ${String(should)}`)
    }
  }
  return differences
}
