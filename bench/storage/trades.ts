import type { Tick } from '../../src/index.ts'

/** Milliseconds between two ticks: 50 a second. */
export const tickSpacingMs = 20

const firstId = 3_700_000_000

/**
 * `count` trades in time order from `startMs` on: a price that walks in steps of 0.1 and returns,
 * ten-digit ids as Binance numbers them, counted from `from`. The same arguments give the same
 * trades.
 */
export function makeTrades(
  count: number,
  startMs: number,
  { spacingMs = tickSpacingMs, from = 0 }: { spacingMs?: number; from?: number } = {},
): Tick[] {
  let seed = 0x9e37_79b9
  let price = 60_000
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0
    return (seed >>> 0) / 2 ** 32
  }
  return Array.from({ length: count }, (_, index) => {
    price = Math.round((price + (60_000 - price) * 0.001 + (random() - 0.5) * 4) * 10) / 10
    return {
      timestamp: startMs + index * spacingMs,
      price,
      volume: Math.round((random() ** 4 + 0.0001) * 1e5) / 1e5,
      side: random() < 0.5 ? ('BUY' as const) : ('SELL' as const),
      tradeId: String(firstId + from + index),
    }
  })
}

/** Trades cut into calls of equal size. */
export function cutIntoCalls(trades: readonly Tick[], size: number): Tick[][] {
  return Array.from({ length: Math.floor(trades.length / size) }, (_, call) =>
    trades.slice(call * size, (call + 1) * size),
  )
}

export function pairNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `bench/spot/PAIR${index}`)
}
