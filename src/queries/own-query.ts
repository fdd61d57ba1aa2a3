import type { Timeframe } from '../time.ts'
import { frozenQuery, type Query, type SqlValue } from './query.ts'

/** Makes a query of your own SQL: one SELECT, with values for its named placeholders. */
export function query<Row>(
  name: string,
  sql: string,
  params: Readonly<Record<string, SqlValue>> = {},
  bars?: Timeframe,
): Query<Row> {
  return frozenQuery<Row>(name, sql, params, bars)
}
