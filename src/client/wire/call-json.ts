import type { InsertRows } from '../../schema/insert-columns.ts'
import { wholeRow } from '../../schema/row-fields.ts'
import type { InsertOptions } from '../../storage/write/insert-options.ts'
import { withoutFloats } from '../../storage/write/float-columns.ts'
import type { TickColumns } from '../../storage/write/tick.ts'

/** A call's arguments as they travel: what is undefined is left out, what is no number stays wrong. */
export function callBody(given: object): string {
  return JSON.stringify(given, (_name, value: unknown) =>
    // JSON would make null of it, which the store may take; as text it is refused with its place.
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  )
}

/** Rows of a table, or candles of a timeframe. */
export function rowsToJson(pair: string, rows: readonly object[], timeframe?: string): string {
  return callBody({ pair, timeframe, rows: wholeRows(rows) })
}

/** Rows with what reading them would find, also on the prototypes of their class; else as given. */
function wholeRows(rows: unknown): unknown {
  if (!Array.isArray(rows)) return rows
  return rows.map((row: unknown) => (isObject(row) && !isPlain(row) ? wholeRow(row) : row))
}

/** JSON takes all of it as it is. */
function isPlain(row: object): boolean {
  return (
    Object.getPrototypeOf(row) === Object.prototype &&
    Object.keys(row).length === Object.getOwnPropertyNames(row).length
  )
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Ticks, by row or by column. */
export function ticksToJson(
  pair: string,
  ticks: readonly InsertRows['ticks'][] | TickColumns,
  options: InsertOptions | undefined,
): string {
  if (Array.isArray(ticks))
    return callBody({ pair, rows: wholeRows(ticks as readonly InsertRows['ticks'][]), options })
  const columns = Object.fromEntries(
    Object.entries(isObject(ticks) ? wholeRow(ticks) : ticks).map(([name, values]) => [
      name,
      ArrayBuffer.isView(values)
        ? [...(withoutFloats(name, values) as unknown as Iterable<unknown>)]
        : (values as unknown),
    ]),
  )
  return callBody({ pair, columns, options })
}
