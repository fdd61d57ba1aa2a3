import type { Tick } from '../../src/index.ts'

/** The timeframes that every side keeps candles of. */
export const timeframesMs = [60_000, 300_000, 900_000] as const

/**
 * One side of the comparison. All do the same: each id once per pair, candles of three timeframes
 * with the ticks, and an answer when both are on the disk.
 */
export interface PeerStore {
  /** How many of the ticks were new. */
  insert(pair: number, ticks: readonly Tick[]): Promise<number>
  /** Resolves when nothing is left to be done for what was inserted. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** A bar, or a piece of one, with the times of its first and its last trade. */
export interface Bar {
  readonly openTime: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  buyVolume: number
  quoteVolume: number
  trades: number
  firstAt: number
  lastAt: number
}

/** The bars of a timeframe that ticks have a part in. */
export function foldBars(ticks: readonly Tick[], timeframeMs: number): Bar[] {
  const bars = new Map<number, Bar>()
  for (const { timestamp, price, volume, side } of ticks) {
    const openTime = timestamp - (timestamp % timeframeMs)
    const bar: Bar = {
      openTime,
      open: price,
      high: price,
      low: price,
      close: price,
      volume,
      buyVolume: side === 'BUY' ? volume : 0,
      quoteVolume: price * volume,
      trades: 1,
      firstAt: timestamp,
      lastAt: timestamp,
    }
    const known = bars.get(openTime)
    if (known === undefined) bars.set(openTime, bar)
    else mergeBar(known, bar)
  }
  return [...bars.values()]
}

/** Adds a piece of a bar to another one. */
export function mergeBar(into: Bar, piece: Bar): void {
  if (piece.firstAt < into.firstAt) into.open = piece.open
  if (piece.lastAt >= into.lastAt) into.close = piece.close
  into.high = Math.max(into.high, piece.high)
  into.low = Math.min(into.low, piece.low)
  into.volume += piece.volume
  into.buyVolume += piece.buyVolume
  into.quoteVolume += piece.quoteVolume
  into.trades += piece.trades
  into.firstAt = Math.min(into.firstAt, piece.firstAt)
  into.lastAt = Math.max(into.lastAt, piece.lastAt)
}
