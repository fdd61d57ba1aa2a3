import type { Timeframe } from '../time.ts'
import { frozenQuery, type Query, type SqlValue } from './query.ts'

/** Freezes a query; every builder ends with it. */
export function query<Row>(
  name: string,
  sql: string,
  params: Readonly<Record<string, SqlValue>> = {},
  bars?: Timeframe,
): Query<Row> {
  return frozenQuery<Row>(name, sql, params, bars)
}
