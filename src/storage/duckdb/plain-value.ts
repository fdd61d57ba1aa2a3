import {
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api'
import {
  decimalDigits,
  decimalNumber,
  markedDigits,
  markedDouble,
  markedText,
  wholeDigits,
} from './told-numbers.ts'

/** How what is more than a double, or than JSON, is told. */
interface Telling {
  readonly digits: (digits: string | undefined, double: number) => unknown
  readonly double: (value: number) => unknown
  readonly text: (text: string) => string
}

const asDoubles: Telling = {
  digits: (_digits, double) => double,
  double: (value) => value,
  text: (text) => text,
}
const marked: Telling = {
  digits: (digits, double) => (digits === undefined ? double : markedDigits(digits)),
  double: markedDouble,
  text: markedText,
}
/** Keys are texts, and two that differ in their last digits are two. */
const inKeys: Telling = { ...asDoubles, digits: (digits, double) => digits ?? double }

/** A DuckDB value as plain JavaScript: numbers, text, arrays and objects; times as Unix ms. */
export function plainValue(value: DuckDBValue): unknown {
  return told(value, asDoubles)
}

/** The same, with marks for what a double or JSON does not tell. */
export function markedValue(value: DuckDBValue): unknown {
  return told(value, marked)
}

function told(value: DuckDBValue, telling: Telling): unknown {
  if (typeof value === 'bigint') return telling.digits(wholeDigits(value), Number(value))
  if (typeof value === 'number') return telling.double(value)
  if (typeof value === 'string') return telling.text(value)
  if (typeof value !== 'object' || value === null) return value
  const ms = timeOf(value)
  if (ms !== undefined) return telling.double(ms)
  if (value instanceof DuckDBDecimalValue)
    return telling.digits(
      decimalDigits(value.value, value.scale),
      decimalNumber(value.value, value.scale),
    )
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return value.items.map((item) => told(item, telling))
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(
      Object.entries(value.entries).map(([name, entry]) => [name, told(entry, telling)]),
    )
  if (value instanceof DuckDBMapValue)
    return Object.fromEntries(
      value.entries.map(({ key, value: entry }) => [keyOf(key), told(entry, telling)]),
    )
  return telling.text(String(value))
}

/** Unix ms of what is a time. */
function timeOf(value: object): number | undefined {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return msOfMicros(Number(value.micros))
  if (value instanceof DuckDBTimestampSecondsValue) return Number(value.seconds) * 1000
  if (value instanceof DuckDBTimestampMillisecondsValue) return Number(value.millis)
  if (value instanceof DuckDBTimestampNanosecondsValue)
    return Math.round(Number(value.nanos) / 1000) / 1000
  return undefined
}

function keyOf(key: DuckDBValue): string {
  const plain = told(key, inKeys)
  return typeof plain === 'object' && plain !== null ? JSON.stringify(plain) : String(plain)
}

/** DuckDB's `infinity` is the largest number of microseconds that it has. */
export function msOfMicros(micros: number): number {
  return Math.abs(micros) >= 2 ** 63 ? Math.sign(micros) * Infinity : micros / 1000
}
