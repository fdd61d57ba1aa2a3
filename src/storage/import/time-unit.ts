import type { ColumnReference } from './file-relation.ts'
import type { TimeUnit } from './import-options.ts'

/**
 * Of the first value that is a time. By magnitude: seconds until 1e11 (year 5138), then ms, µs, ns;
 * date and time in words are ISO.
 */
export function guessTimeUnit(values: readonly string[]): TimeUnit {
  const time = values.find((value) => isNumber(value) || /^\d{4}-\d\d?-\d/.test(value))
  const number = Number(time)
  if (time === undefined || Number.isNaN(number)) return 'iso'
  if (number < 1e11) return 's'
  if (number < 1e14) return 'ms'
  return number < 1e17 ? 'us' : 'ns'
}

const unitNames = { s: 'Unix s', ms: 'Unix ms', us: 'Unix µs', ns: 'Unix ns', iso: 'a date' }

/** Why a time cannot be stored, told of the unit in which the file's times were read. */
export function inTimeUnit(reason: string, unit: TimeUnit): string {
  return reason.replace('in Unix ms', `when read as ${unitNames[unit]}`)
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

/** The expression that reads a column as TIMESTAMP, NULL where it is no time. */
export function timeExpression({ sql, type }: ColumnReference, unit: TimeUnit): string {
  if (/^(?:TIMESTAMP|DATE)/.test(type)) return `${sql}::TIMESTAMP`
  if (unit === 'iso') return `try_cast(${sql} AS TIMESTAMPTZ)::TIMESTAMP`
  // Whole numbers stay whole: through exact decimals they take three times as long.
  if (type.endsWith('INT'))
    return unit === 'ns'
      ? `try(make_timestamp(((${sql} + 500) // 1000)::BIGINT))`
      : `try(make_timestamp((${sql} * ${{ s: 1_000_000, ms: 1000, us: 1 }[unit]})::BIGINT))`
  const factor = { s: 1_000_000, ms: 1000, us: 1, ns: 0.001 }[unit]
  const exact = type === 'DOUBLE' ? sql : `try_cast(${sql} AS DECIMAL(38, 9))`
  return `try(make_timestamp(round(${exact} * ${factor})::BIGINT))`
}
