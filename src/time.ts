/**
 * Times in pairduck's API are Unix **milliseconds whose fraction carries microseconds**; in a
 * file they are TIMESTAMP (µs). Doubles of this size resolve 0.24 µs, so both ways are exact.
 */
export function microsFromMs(ms: number): number {
  return Math.round(ms * 1000)
}

/** The inverse of {@link microsFromMs}. */
export function msFromMicros(micros: number): number {
  return micros / 1000
}

/** The timeframes that pairduck knows, with their length. */
export const timeframeMs = {
  '1s': 1_000,
  '1m': 60_000,
  '3m': 180_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '4h': 14_400_000,
  '1d': 86_400_000,
} as const

/** The length of a bar. */
export type Timeframe = keyof typeof timeframeMs

/** Every timeframe, the shortest first. */
export const timeframes: readonly Timeframe[] = Object.keys(timeframeMs) as Timeframe[]

export function isTimeframe(value: unknown): value is Timeframe {
  return typeof value === 'string' && Object.hasOwn(timeframeMs, value)
}

/** Ticks and bars are accepted from here on; anything older is a mistake in units. */
export const earliestMs: number = Date.UTC(2000, 0, 1)
/** ... and never from here on, whatever the clock says. */
export const latestMs: number = Date.UTC(2100, 0, 1)

/** Node's timers take no more: with a longer time they fire at once. */
export const maxTimerMs: number = 2 ** 31 - 1

/** Where pairduck takes the time from; a simulated clock is given here. */
export type Clock = () => number

/** The longest wait that an option takes. */
export const century: number = 100 * 365 * 86_400_000
