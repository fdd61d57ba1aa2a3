import type { DuckDBConnection } from '@duckdb/node-api'
import type { Query } from '../../queries/query.ts'
import { tiesOutOfOrderSql, timeStepsSql, type TicksInOrder } from '../../schema/ticks-in-order.ts'
import { refuseNotOneSelect } from './one-select.ts'
import { readRows } from './read-rows.ts'

/**
 * The text that gives a query's rows in order from what the transaction sees. A sort of a million
 * ticks takes most of what reading them does and holds all of them in memory, and nearly every file
 * has them in order already, because they were traded so: two looks at neighbours tell.
 */
export async function withoutNeedlessSort(
  connection: DuckDBConnection,
  { sql, params, inOrder }: Query<unknown> & Partial<TicksInOrder>,
): Promise<string> {
  if (inOrder === undefined) return sql
  await refuseNotOneSelect(connection, inOrder)
  const { where } = inOrder
  const count = async (text: string): Promise<Record<string, number>> => {
    await refuseNotOneSelect(connection, { sql: text })
    return (await readRows<Record<string, number>>(connection, text, params))[0]!
  }
  const { back, ties } = await count(timeStepsSql(where))
  if (back !== 0) return sql
  if (ties === 0) return inOrder.sql
  const { misplaced } = await count(tiesOutOfOrderSql(where))
  return misplaced === 0 ? inOrder.sql : sql
}
