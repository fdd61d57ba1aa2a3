import { tickOrder } from '../schema/tables.ts'
import { asBuilt } from '../schema/as-built.ts'
import { anyTime } from '../schema/any-time.ts'
import type { TicksInOrder } from '../schema/ticks-in-order.ts'
import { query, type Query, type SqlValue } from './query.ts'

/** A query of ticks in their one order. A stream of them is not sorted where the file holds them so. */
export function ticksInOrderQuery<Row>(
  name: string,
  {
    select,
    where,
    and = 'true',
    limit,
  }: {
    readonly select: string
    /** A condition on ticks that names every parameter. */
    readonly where: string
    /** A further one, by which fewer of those are read. */
    readonly and?: string | undefined
    readonly limit?: number | undefined
  },
  params: Readonly<Record<string, SqlValue>>,
): Query<Row> & TicksInOrder {
  const end = limit === undefined ? '' : ` LIMIT ${limit}`
  const some = limit === undefined ? '' : ` AND ${anyTime}`
  const rows = `SELECT ${select} FROM ticks WHERE ${where} AND ${and}${some}`
  return asBuilt(
    Object.freeze({
      ...query<Row>(name, `${rows} ORDER BY ${tickOrder}${end}`, params),
      inOrder: Object.freeze({ sql: rows + end, where }),
    }),
  )
}
