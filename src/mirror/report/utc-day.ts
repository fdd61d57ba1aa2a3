// One function each: the package as a whole would cost every writer 8 MB of memory.
import { millisecondsInDay } from 'date-fns/constants'
import { isValid } from 'date-fns/isValid'
import { parseISO } from 'date-fns/parseISO'
import { shown } from '../../errors.ts'

/** A day in UTC: `startMs` belongs to it, `endMs` is the first moment of the next. */
export interface UtcDay {
  /** `2025-11-30` */
  readonly date: string
  readonly startMs: number
  readonly endMs: number
}

/** The UTC day of a date (`2025-11-30`) or of a moment in Unix ms, wherever the machine stands. */
export function utcDay(dateOrMs: string | number): UtcDay {
  const moment =
    typeof dateOrMs === 'number'
      ? new Date(dateOrMs)
      : parseISO(/^\d{4}-\d{2}-\d{2}$/.test(dateOrMs) ? `${dateOrMs}T00:00:00Z` : '')
  if (!isValid(moment))
    throw new TypeError(
      `expected a date as YYYY-MM-DD or Unix milliseconds, got ${shown(dateOrMs)}`,
    )
  const date = moment.toISOString().slice(0, 10)
  const startMs = parseISO(`${date}T00:00:00Z`).getTime()
  return { date, startMs, endMs: startMs + millisecondsInDay }
}

/** The last `count` UTC days up to and with that of `now`, oldest first. */
export function lastUtcDays(count: number, now: number): UtcDay[] {
  return Array.from({ length: count }, (_, index) =>
    utcDay(now + (index - count + 1) * millisecondsInDay),
  )
}
