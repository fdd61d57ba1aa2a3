import { timeframeMs, type Timeframe } from '../time.ts'

/**
 * The tables of a pair's file. There is no symbol column: one file is one pair. There is no
 * index either: DuckDB's zone maps serve time ranges, and an index on a table that retention
 * deletes from grows without end and loses rows after a crash (docs/architecture.md).
 */
export const tables: Readonly<Record<TableName, string>> = {
  ticks: `
    timestamp TIMESTAMP,
    price DOUBLE,
    volume DOUBLE,
    side ENUM('BUY', 'SELL'),
    trade_id VARCHAR`,
  order_flow: `
    timestamp TIMESTAMP,
    timeframe VARCHAR,
    cvd DOUBLE,
    delta DOUBLE,
    buy_volume DOUBLE,
    sell_volume DOUBLE,
    imbalance_ratio DOUBLE,
    known_at TIMESTAMP`,
  market_profile: `
    timestamp TIMESTAMP,
    timeframe VARCHAR,
    poc DOUBLE,
    value_area_high DOUBLE,
    value_area_low DOUBLE,
    total_volume DOUBLE,
    bin_size DOUBLE,
    known_at TIMESTAMP`,
  supply_demand_zones: `
    timestamp TIMESTAMP,
    timeframe VARCHAR,
    type ENUM('supply', 'demand'),
    price_low DOUBLE,
    price_high DOUBLE,
    strength DOUBLE,
    status ENUM('active', 'tested', 'broken'),
    known_at TIMESTAMP,
    touched_at TIMESTAMP,
    broken_at TIMESTAMP`,
  fair_value_gaps: `
    timestamp TIMESTAMP,
    timeframe VARCHAR,
    type ENUM('bullish', 'bearish'),
    price_low DOUBLE,
    price_high DOUBLE,
    filled_pct DOUBLE,
    known_at TIMESTAMP,
    touched_at TIMESTAMP,
    mid_at TIMESTAMP,
    filled_at TIMESTAMP`,

  // Candles that have left the ticks: pieces that the candles_* views merge. `first_*` and
  // `last_*` say which tick gave open and close, so that two pieces merge exactly in any order.
  // `given` marks a candle that came from outside and stands for its whole bar.
  pairduck_candle_parts: `
    timeframe VARCHAR,
    timestamp TIMESTAMP,
    open DOUBLE,
    high DOUBLE,
    low DOUBLE,
    close DOUBLE,
    volume DOUBLE,
    buy_volume DOUBLE,
    sell_volume DOUBLE,
    quote_volume DOUBLE,
    trade_count BIGINT,
    first_timestamp TIMESTAMP,
    first_id VARCHAR,
    last_timestamp TIMESTAMP,
    last_id VARCHAR,
    given BOOLEAN`,
  // Ticks before `rolled_until` are in the parts, ticks from there on are read by the views.
  pairduck_candle_state: `
    rolled_until TIMESTAMP`,
  // What retention has deleted: a row older than its relation's mark cannot be judged any more.
  pairduck_marks: `
    relation VARCHAR,
    deleted_before TIMESTAMP`,
  // How far refreshAnalytics is, and from where a late tick makes it look again.
  pairduck_analytics: `
    analytic VARCHAR,
    timeframe VARCHAR,
    processed_until TIMESTAMP,
    dirty_from TIMESTAMP`,
}

export type DataTable =
  'ticks' | 'order_flow' | 'market_profile' | 'supply_demand_zones' | 'fair_value_gaps'

export type TableName =
  | DataTable
  | 'pairduck_candle_parts'
  | 'pairduck_candle_state'
  | 'pairduck_marks'
  | 'pairduck_analytics'

export type CandleRelation = `candles_${Timeframe}`

/** Every relation that a retention policy speaks of. */
export type Relation = DataTable | CandleRelation

export function candleRelation(timeframe: Timeframe): CandleRelation {
  return `candles_${timeframe}`
}

export function createTableSql(table: TableName): string {
  return `CREATE TABLE ${table} (${tables[table]})`
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
