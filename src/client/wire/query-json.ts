import { ofStranger, query, type Query, type SqlValue } from '../../queries/query.ts'
import { isTimeframe, type Timeframe } from '../../time.ts'

type WireValue =
  | Exclude<SqlValue, bigint>
  | { readonly bigint: string }
  | { readonly number: string }

/** A query as it travels; a bigint and what JSON has no number for are told by their text. */
export interface QueryJson {
  readonly name: string
  readonly sql: string
  readonly params: Readonly<Record<string, WireValue>>
  readonly bars?: Timeframe
  readonly isStrangers?: boolean
}

export function queryToJson({ name, sql, params, bars, isStrangers }: Query<unknown>): QueryJson {
  return {
    name,
    sql,
    params: Object.fromEntries(
      Object.entries(params).map(([key, value]) => [key, toWire(value)] as const),
    ),
    ...(bars === undefined ? {} : { bars }),
    ...(isStrangers === true ? { isStrangers } : {}),
  }
}

/** Throws TypeError for what is none. */
export function queryFromJson<Row>(json: unknown): Query<Row> {
  const { name, sql, params = {}, bars, isStrangers } = (json ?? {}) as Partial<QueryJson>
  if (typeof name !== 'string' || typeof sql !== 'string' || typeof params !== 'object')
    throw new TypeError('expected a query as { name, sql, params }')
  const asked = query<Row>(
    name,
    sql,
    Object.fromEntries(Object.entries(params).map(([key, value]) => [key, fromWire(value)])),
    isTimeframe(bars) ? bars : undefined,
  )
  return isStrangers === true ? ofStranger(asked) : asked
}

function toWire(value: SqlValue): WireValue {
  if (typeof value === 'bigint') return { bigint: String(value) }
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return { number: Object.is(value, -0) ? '-0' : String(value) }
  return value
}

function fromWire(value: WireValue): SqlValue {
  if (typeof value !== 'object' || value === null) return value
  if ('bigint' in value) return BigInt(value.bigint)
  return Number(value.number)
}
