import { timeframeMs, type Timeframe } from '../time.ts'

/**
 * The tables of a pair's file. There is no symbol column: one file is one pair.
 * There is no index either: DuckDB's zone maps serve time ranges, and an index on a table that
 * retention deletes from grows without end and loses rows after a crash (docs/architecture.md).
 */
export const tables = [
  'ticks',
  'order_flow',
  'market_profile',
  'supply_demand_zones',
  'fair_value_gaps',
  'pairduck_candle_parts',
  'pairduck_candle_state',
  'pairduck_marks',
  'pairduck_analytics',
] as const

export type TableName = (typeof tables)[number]

export type DataTable =
  'ticks' | 'order_flow' | 'market_profile' | 'supply_demand_zones' | 'fair_value_gaps'

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
