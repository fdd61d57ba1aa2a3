import { PairduckError, shown, type ErrorCode } from '../errors.ts'
import { resolveOptions, required, rule } from '../options.ts'
import { isTimeframe, microsFromMs, type Timeframe } from '../time.ts'
import type { SqlValue } from './query.ts'
import { insertExternalSql } from '../schema/candles.ts'
import { expected, fits, insertColumns, type InsertColumn } from '../schema/insert-columns.ts'
import type { InsertRelation, InsertRows } from '../schema/insert-columns.ts'
import { unknownField, wholeRow } from '../schema/row-fields.ts'
import type { Candle, Tick } from '../schema/rows.ts'

/**
 * An insert as a value. A manager takes `relation` and `rows` through the pair's writer, so that
 * a tick is stored once and a candle replaces the one of its time; `sql` and `params` are the
 * plain statement for a table of one's own.
 */
export interface Insert<Relation extends InsertRelation = InsertRelation> {
  /** Shown in messages and events. */
  readonly name: string
  /** The table or candle view. */
  readonly relation: Relation
  /** Of candles alone: the other rows carry their own. */
  readonly timeframe?: Timeframe
  /** The rows to insert. */
  readonly rows: readonly InsertRows[Relation][]
  /** The statement in DuckDB's SQL, with named placeholders. */
  readonly sql: string
  /** Values of the placeholders. */
  readonly params: Readonly<Record<string, SqlValue>>
}

/** The insert of one tick: `{ tick }`. Throws `INVALID_TICK` for a field of the wrong kind. */
export function insertTickQuery(options: { readonly tick: Tick }): Insert<'ticks'> {
  return insertOf('insertTickQuery', 'ticks', 'tick', options)
}

/** The insert of one candle: `{ timeframe, candle }`. It replaces the stored one of its time. */
export function insertCandleQuery(options: {
  readonly timeframe: Timeframe
  readonly candle: Candle
}): Insert<'candles'> {
  return insertOf('insertCandleQuery', 'candles', 'candle', options)
}

/** The insert of one bar's order flow: `{ orderFlow }`. */
export function insertOrderFlowQuery(options: {
  readonly orderFlow: InsertRows['order_flow']
}): Insert<'order_flow'> {
  return insertOf('insertOrderFlowQuery', 'order_flow', 'orderFlow', options)
}

/** The insert of one bar's market profile: `{ marketProfile }`. */
export function insertMarketProfileQuery(options: {
  readonly marketProfile: InsertRows['market_profile']
}): Insert<'market_profile'> {
  return insertOf('insertMarketProfileQuery', 'market_profile', 'marketProfile', options)
}

/** The insert of one supply or demand zone: `{ zone }`. */
export function insertSupplyDemandZoneQuery(options: {
  readonly zone: InsertRows['supply_demand_zones']
}): Insert<'supply_demand_zones'> {
  return insertOf('insertSupplyDemandZoneQuery', 'supply_demand_zones', 'zone', options)
}

/** The insert of one fair value gap: `{ gap }`. */
export function insertFvgQuery(options: {
  readonly gap: InsertRows['fair_value_gaps']
}): Insert<'fair_value_gaps'> {
  return insertOf('insertFvgQuery', 'fair_value_gaps', 'gap', options)
}

const refusals: Readonly<Record<InsertRelation, ErrorCode>> = {
  ticks: 'INVALID_TICK',
  candles: 'INVALID_CANDLE',
  order_flow: 'INVALID_ROW',
  market_profile: 'INVALID_ROW',
  supply_demand_zones: 'INVALID_ROW',
  fair_value_gaps: 'INVALID_ROW',
}

function insertOf<Relation extends InsertRelation>(
  name: string,
  relation: Relation,
  field: string,
  options: object,
): Insert<Relation> {
  const object = required(rule<object | undefined>('an object', isObject, undefined))
  const frame = required(rule<Timeframe | undefined>('a timeframe', isTimeframe, undefined))
  const given: Readonly<Record<string, unknown>> = resolveOptions(
    name,
    options,
    relation === 'candles' ? { timeframe: frame, [field]: object } : { [field]: object },
  )
  const row = given[field] as InsertRows[Relation]
  const timeframe = given['timeframe'] as Timeframe | undefined
  const spec: readonly InsertColumn<InsertRows[Relation]>[] = insertColumns[relation]
  const unknown = unknownField(relation, row)
  if (unknown !== undefined)
    throw new PairduckError(refusals[relation], `${name}: ${unknown.reason}`, {
      field: unknown.field,
    })
  const params: Record<string, SqlValue> = {}
  for (const column of spec) params[column[0]] = bound(relation, row, column)
  return Object.freeze({
    name,
    relation,
    ...(timeframe !== undefined && { timeframe }),
    rows: Object.freeze([wholeRow(row)]),
    sql:
      relation === 'candles'
        ? candleSql(spec)
        : `INSERT INTO ${relation} (${spec.map(([, name]) => name).join(', ')}) VALUES (${spec.map(placeholder).join(', ')})`,
    params: Object.freeze(timeframe === undefined ? params : { ...params, timeframe }),
  })
}

function candleSql(spec: readonly InsertColumn<never>[]): string {
  const columns = spec.map((column) => `${placeholder(column)} AS ${column[1]}`)
  return insertExternalSql('$timeframe', `(SELECT ${columns.join(', ')})`)
}

function placeholder([field, , kind]: InsertColumn<never>): string {
  return kind === 'time' ? `make_timestamp($${field})` : `$${field}`
}

function bound<Row extends object>(
  relation: InsertRelation,
  row: Row,
  [field, , kind, nullable]: InsertColumn<Row>,
): SqlValue {
  const value: unknown = row[field]
  if (nullable === true && (value === undefined || value === null)) return null
  if (!fits(value, kind))
    throw new PairduckError(
      refusals[relation],
      `\`${field}\` of a row for ${relation} is ${shown(value)}; expected ${expected(kind)}`,
      { field, value },
    )
  if (kind === 'time') return BigInt(microsFromMs(Number(value)))
  return kind === 'count' ? BigInt(Number(value)) : (value as SqlValue)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
