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

/** A DuckDB value as plain JavaScript: numbers, text, arrays and objects; times as Unix ms. */
export function plainValue(value: DuckDBValue): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return msOfMicros(Number(value.micros))
  if (value instanceof DuckDBTimestampSecondsValue) return Number(value.seconds) * 1000
  if (value instanceof DuckDBTimestampMillisecondsValue) return Number(value.millis)
  if (value instanceof DuckDBTimestampNanosecondsValue)
    return Math.round(Number(value.nanos) / 1000) / 1000
  if (value instanceof DuckDBDecimalValue) return value.toDouble()
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return value.items.map((item) => plainValue(item))
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(
      Object.entries(value.entries).map(([name, entry]) => [name, plainValue(entry)]),
    )
  if (value instanceof DuckDBMapValue)
    return Object.fromEntries(
      value.entries.map(({ key, value: entry }) => [String(plainValue(key)), plainValue(entry)]),
    )
  if (typeof value === 'object' && value !== null) return String(value)
  return value
}

/** DuckDB's `infinity` is the largest number of microseconds that it has. */
export function msOfMicros(micros: number): number {
  return Math.abs(micros) >= 2 ** 63 ? Math.sign(micros) * Infinity : micros / 1000
}
