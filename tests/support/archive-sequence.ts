import type { Tick } from '../../src/schema/rows.ts'

export const archivedPair = 'x/spot/A'
const hour = 3_600_000
const begin = Date.UTC(2026, 0, 5, 20)

/** Hours are archived after one hour, and read from the clock of the sequence. */
export const archiving = {
  retention: { ticks: { keepMs: hour, then: 'archive' } },
  candles: ['1m'],
} as const

/** When a tick of the sequence was traded: 40 in an hour. */
export function timeOf(number: number): number {
  return begin + number * 90_000
}

/** The ticks of the sequence from one number to before another. */
export function numberedTicks(from: number, to: number): Tick[] {
  return Array.from({ length: to - from }, (_, index) => {
    const number = from + index
    return {
      timestamp: timeOf(number),
      price: 100 + (number % 17),
      volume: 1 + (number % 5),
      side: number % 3 === 0 ? 'BUY' : 'SELL',
      tradeId: String(number),
    }
  })
}
