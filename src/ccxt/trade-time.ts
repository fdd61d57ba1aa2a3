import { msFromMicros } from '../time.ts'
import type { CcxtTrade } from './ccxt-objects.ts'

/** Where exchanges write a trade's time, in their own words. */
const timeFields = ['timestamp', 'time', 'T', 'ts', 'trade_time', 'create_time_ms', 'created_at']
/** Kraken's REST answers are lists; this is the place of the time. */
const krakenTimeIndex = 2

/**
 * A trade's time in Unix ms, with the microseconds where the exchange gave them: ccxt's own
 * `timestamp` is cut to milliseconds, the rest survives in `datetime` or `info`. A finer time
 * counts only where it lies in the same millisecond. Undefined without a time.
 */
export function tradeTimeMs({ timestamp, datetime, info }: CcxtTrade): number | undefined {
  // ccxt hands on Binance's microseconds (`timeUnit`) as if they were milliseconds.
  const ms = msOf(microsOfText(timestamp) ?? microsOfText(datetime))
  if (ms === undefined) return undefined
  for (const text of [datetime, ...timesIn(info)]) {
    const finer = msOf(microsOfText(text))
    if (finer !== undefined && finer > ms && finer < ms + 1) return finer
  }
  return ms
}

function timesIn(info: unknown): unknown[] {
  if (Array.isArray(info)) return [info[krakenTimeIndex]]
  if (typeof info !== 'object' || info === null) return []
  return timeFields.map((field) => (info as Readonly<Record<string, unknown>>)[field])
}

/** Unix µs of ISO 8601, or of a count of seconds, ms, µs or ns, told apart by its size; digits beyond µs are cut off. */
function microsOfText(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = String(value)
  const count = /^(\d{10,19})(?:\.(\d+))?$/.exec(text)
  if (count !== null) return microsOfCount(count[1]!, count[2] ?? '')
  const iso = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:?\d{2})$/.exec(text)
  if (iso === null) return undefined
  const seconds = Date.parse(`${iso[1]}${iso[3]}`)
  return Number.isNaN(seconds) ? undefined : seconds * 1000 + fractionMicros(iso[2] ?? '')
}

/** 10 digits are seconds, 13 ms, 16 µs, 19 ns, until the year 2286. */
function microsOfCount(whole: string, fraction: string): number | undefined {
  const digits = whole + fraction
  const secondDigits = 10
  if ((whole.length - secondDigits) % 3 !== 0) return undefined
  return Number(digits.padEnd(secondDigits + 6, '0').slice(0, secondDigits + 6))
}

function fractionMicros(digits: string): number {
  return Number(digits.padEnd(6, '0').slice(0, 6))
}

function msOf(micros: number | undefined): number | undefined {
  return micros === undefined ? undefined : msFromMicros(micros)
}
