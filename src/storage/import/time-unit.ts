import type { ColumnReference } from './file-relation.ts'
import type { TimeUnit } from './import-options.ts'

/** A date that needs no format: year first; MetaTrader writes dots, others bars. */
const date = /^\s*\d{4}[-./]\d\d?[-./]\d/
/** The same as digits alone, with or without the time of day: as numbers none of them is a time since 2000. */
const digits =
  /^\s*20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[T ]*\d\d:?[0-5]\d:?[0-5]\d(?!\d)|\s*$)/

/**
 * Of the first value that is a time. By magnitude: seconds until 1e11 (year 5138), then ms, µs, ns;
 * date and time in words are ISO.
 */
export function guessTimeUnit(values: readonly string[]): TimeUnit {
  const time = values.find((value) => isNumber(value) || date.test(value) || digits.test(value))
  const number = Number(time)
  if (time === undefined || Number.isNaN(number) || digits.test(time)) return 'iso'
  if (number < 1e11) return 's'
  if (number < 1e14) return 'ms'
  return number < 1e17 ? 'us' : 'ns'
}

function isNumber(value: string): boolean {
  return value.trim() !== '' && Number.isFinite(Number(value))
}

/**
 * The type as which a text file's times are parsed fastest without losing a microsecond: as
 * whole numbers fractions would be rounded away, as DOUBLE nanoseconds would.
 */
export function timeType(unit: TimeUnit): string {
  return unit === 'ns' || unit === 'iso' ? 'VARCHAR' : 'DOUBLE'
}

/**
 * The expression that reads a column as TIMESTAMP, NULL where it is no time. What is finer than a
 * microsecond is rounded, half up, whatever it is written as.
 */
export function timeExpression({ sql, type }: ColumnReference, unit: TimeUnit): string {
  if (type === 'TIMESTAMP_NS') return `try(make_timestamp((epoch_ns(${sql}) + 500) // 1000))`
  if (/^(?:TIMESTAMP|DATE)/.test(type)) return `${sql}::TIMESTAMP`
  // A float's 24 bits are minutes apart in today's times.
  if (type === 'FLOAT') return 'NULL::TIMESTAMP'
  if (unit === 'iso') return dateExpression(`trim(${sql}::VARCHAR)`)
  // Whole numbers stay whole: through exact decimals they take three times as long.
  if (type.endsWith('INT') || type === 'INTEGER' || type === 'UINTEGER')
    return unit === 'ns'
      ? `try(make_timestamp(((${sql} + 500) // 1000)::BIGINT))`
      : `try(make_timestamp((${sql}::HUGEINT * ${{ s: 1_000_000, ms: 1000, us: 1 }[unit]})::BIGINT))`
  const factor = { s: 1_000_000, ms: 1000, us: 1, ns: 0.001 }[unit]
  const exact = type === 'DOUBLE' ? sql : `try_cast(${sql} AS DECIMAL(38, 9))`
  return `try(make_timestamp(round(${exact} * ${factor})::BIGINT))`
}

/** ISO 8601, or digits alone, or with dots or bars in the date, or BitMEX's D before the time of day. */
function dateExpression(text: string): string {
  const day = '^(\\d{4})(\\d\\d)(\\d\\d)'
  const withClock = `regexp_replace(${text}, '${day}[T ]*(\\d\\d)(\\d\\d)(\\d\\d)', '\\1-\\2-\\3 \\4:\\5:\\6')`
  const plain = `CASE WHEN ${text}[5] BETWEEN '0' AND '9'
    THEN regexp_replace(${withClock}, '${day}', '\\1-\\2-\\3')
    WHEN ${text}[5] IN ('.', '/') OR ${text}[11] = 'D'
    THEN regexp_replace(${text}, '^(\\d{4})[-./](\\d{1,2})[-./](\\d{1,2})[D]?', '\\1-\\2-\\3 ') ELSE ${text} END`
  const parsed = `try_cast(${plain} AS TIMESTAMPTZ)::TIMESTAMP`
  return `CASE WHEN length(${text}) > 26 AND regexp_matches(${text}, '\\.\\d{6}[5-9]')
    THEN ${parsed} + INTERVAL 1 MICROSECOND ELSE ${parsed} END`
}
