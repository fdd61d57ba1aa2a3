import type { InsertRows } from '../../schema/insert-columns.ts'
import type { InsertOptions } from '../../storage/write/insert-options.ts'
import type { TickColumns } from '../../storage/write/tick.ts'

/** A call's arguments as they travel: what is undefined is left out, what is no number stays wrong. */
export function callBody(given: object): string {
  return JSON.stringify(given, (_name, value: unknown) =>
    // JSON would make null of it, which the store may take; as text it is refused with its place.
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  )
}

/** Ticks, by row or by column. */
export function ticksToJson(
  pair: string,
  ticks: readonly InsertRows['ticks'][] | TickColumns,
  options: InsertOptions | undefined,
): string {
  if (Array.isArray(ticks))
    return callBody({ pair, rows: ticks as readonly InsertRows['ticks'][], options })
  const columns = Object.fromEntries(
    Object.entries(ticks as TickColumns).map(([name, values]) => [
      name,
      ArrayBuffer.isView(values)
        ? [...(values as unknown as Iterable<unknown>)]
        : (values as unknown),
    ]),
  )
  return callBody({ pair, columns, options })
}
