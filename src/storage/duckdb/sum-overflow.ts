import { PairduckError } from '../../errors.ts'
import type { Query } from '../../queries/query.ts'
import type { ColumnBatch } from './column-batch.ts'
import type { ColumnCheck } from './read-rows.ts'

/**
 * Refuses figures of our own queries that are beyond the largest number (`QUERY_FAILED`): they are
 * of finite prices and volumes, so a sum has overflowed, and JSON would make it null without a word.
 * What a query of the caller's gives is the caller's.
 */
export function overflowCheck({ name: query }: Query<unknown>): ColumnCheck | undefined {
  if (!isOurs(query)) return undefined
  return (name, { values, nulls }) => {
    if (!(values instanceof Float64Array)) return
    for (let row = 0; row < values.length; row++)
      // True of infinities and of NaN, which a difference of two of them is.
      if (values[row]! - values[row]! !== 0 && nulls?.[row] !== 1) throw overflowed(name)
  }
}

/** The same for a batch of a stream. */
export function refuseOverflow(
  query: Query<unknown>,
  names: readonly { readonly name: string }[],
  { columns }: ColumnBatch,
): void {
  const check = overflowCheck(query)
  if (check === undefined) return
  for (const [at, column] of columns.entries())
    if (column.kind === 'float64') check(names[at]!.name, column)
}

/** The names that the builders give, and the manager's own. */
function isOurs(query: string): boolean {
  return /^(?:calculate|detect|get|candles)[A-Z]\w*Query$|^lastCandles$/.test(query)
}

function overflowed(column: string): PairduckError {
  return new PairduckError(
    'QUERY_FAILED',
    `\`${column}\` is beyond the largest number, 1.8e308: a sum of volumes or of price × volume overflowed`,
    { column },
  )
}
