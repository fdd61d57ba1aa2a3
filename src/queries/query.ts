import { asBuilt } from '../schema/as-built.ts'
import type { Timeframe } from '../time.ts'

declare const row: unique symbol

/** What a placeholder can be bound to: a number is a DOUBLE, a bigint a BIGINT, exactly. */
export type SqlValue = number | bigint | string | boolean | null

/**
 * A query as a value: text, parameters, and in its type the row that comes back. Builders make
 * it; nothing in queries/ ever sees a connection. Columns are named as in the API (camelCase);
 * TIMESTAMP columns come back as Unix ms with the microseconds in the fraction.
 */
export interface Query<Row> {
  /** The builder's name, for messages and events. */
  readonly name: string
  /** One SELECT in DuckDB's SQL, with named placeholders (`$fromMicros`). */
  readonly sql: string
  /** Values of the placeholders. */
  readonly params: Readonly<Record<string, SqlValue>>
  /** The length of the bars that are asked for, where what the file holds decides on their source. */
  readonly bars?: Timeframe | undefined
  /** True: a stranger wrote the text, and what one call in it may make and take is bounded further. */
  readonly isStrangers?: boolean | undefined
  /** More rows than that are refused before they are made, where all are at once. */
  readonly mostRows?: number | undefined
  /** Never there at run time: it carries the row type. */
  readonly [row]?: Row
}

/** The row type of a query. */
export type RowOf<Q> = Q extends Query<infer Row> ? Row : never

/** Freezes the query of a builder of ours; every one ends with it. */
export function query<Row>(
  name: string,
  sql: string,
  params: Readonly<Record<string, SqlValue>> = {},
  bars?: Timeframe,
): Query<Row> {
  return asBuilt(frozenQuery<Row>(name, sql, params, bars))
}

/** The same of a text that may be anybody's. */
export function frozenQuery<Row>(
  name: string,
  sql: string,
  params: Readonly<Record<string, SqlValue>>,
  bars?: Timeframe,
): Query<Row> {
  const asked = bars === undefined ? {} : { bars }
  return Object.freeze({ name, sql, params: Object.freeze({ ...params }), ...asked })
}

/** The same query as one that a stranger wrote. */
export function ofStranger<Row>(asked: Query<Row>): Query<Row> {
  return Object.freeze({ ...asked, isStrangers: true })
}
