import type { Tick } from '../../src/schema/rows.ts'

/** How far a late tick of a sequence is behind its neighbours. */
export const lateByMs = 30_000
const startMs = Date.UTC(2024, 7, 8, 12)
const stepMs = 50.001

/**
 * The k-th tick that is ever sent to a pair, the same in every process. Each seventh comes late,
 * after its time may have been rolled up; each fifth ties in time with the one before.
 */
export function sequenceTick(pair: number, k: number): Tick {
  const late = k % 7 === 6 ? Math.min(lateByMs, k * stepMs) : 0
  const tied = k % 5 === 4 ? k - 1 : k
  return {
    timestamp: Math.round((startMs + tied * stepMs - late) * 1000) / 1000,
    price: 100 + ((k * 37 + pair * 11) % 101),
    volume: 1 + ((k * 13) % 8),
    side: (k * 7) % 3 === 0 ? 'SELL' : 'BUY',
    tradeId: String(1000 + k),
  }
}
