import { timeframeMs, type Timeframe } from '../time.ts'
import type { TableDescriptor, TableRetention } from './descriptor.ts'
import * as descriptors from './tables/index.ts'

type Described = (typeof descriptors)[keyof typeof descriptors]

/**
 * The tables of a pair's file. There is no symbol column: one file is one pair. There is no index
 * either: DuckDB's zone maps serve time ranges, and an index on a table that retention deletes
 * from grows without end and loses rows after a crash (docs/architecture.md).
 */
export const described: readonly TableDescriptor[] = Object.values<TableDescriptor>(descriptors)

export type TableName = Exclude<Described, { readonly virtual: true }>['name']

/** The names of all tables that are in a file. */
export const tables: readonly TableName[] = described
  .filter(({ virtual }) => virtual !== true)
  .map(({ name }) => name as TableName)

/** A table that retention deletes from. */
export type DataTable = Extract<Described, { readonly retention: object }>['name']

/** The tables that retention deletes from, each with how. */
export const retained: readonly { readonly name: DataTable; readonly retention: TableRetention }[] =
  described.flatMap(({ name, retention }) =>
    retention === undefined ? [] : [{ name: name as DataTable, retention }],
  )

/** The descriptors of the tables that take rows of callers, by name. */
export type Insertable = {
  readonly [Table in Extract<Described, { readonly insert: string }> as Table['name']]: Table
}

/** The name of a candle view, such as `candles_1m`. */
export type CandleRelation = `candles_${Timeframe}`

/** Every relation that a retention policy speaks of. */
export type Relation = DataTable | CandleRelation

export function candleRelation(timeframe: Timeframe): CandleRelation {
  return `candles_${timeframe}`
}

/**
 * The one order of ticks: by time, then by id (numeric ids thus compare as numbers), then price,
 * volume and side. Ties in time are common: eleven trades in one millisecond in real data.
 */
export const tickOrder: string = `timestamp, coalesce(length(trade_id), 0), coalesce(trade_id, ''), price, volume, side`

/** The open time of the bar that holds a time expression. */
export function barStart(timeframe: Timeframe, time = 'timestamp'): string {
  return barTime(timeframe, barNumber(timeframe, time))
}

/** The bar that holds a time expression, by its number: a cheaper key than its open time. */
export function barNumber(timeframe: Timeframe, time = 'timestamp'): string {
  return `epoch_us(${time}) // ${timeframeMs[timeframe] * 1000}`
}

/** The open time of a bar by its number. */
export function barTime(timeframe: Timeframe, number: string): string {
  return `make_timestamp(${number} * ${timeframeMs[timeframe] * 1000})`
}
