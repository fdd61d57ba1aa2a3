import { timeframeMs, type Timeframe } from '../time.ts'
import { barStart, candleRelation, type CandleRelation } from './tables.ts'

/** The columns of a candle, as `candles_<timeframe>` has them. */
export const candleColumns = [
  'timestamp',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'buy_volume',
  'sell_volume',
  'quote_volume',
  'trade_count',
] as const

/**
 * Candles are a monoid: with the first and the last `(timestamp, id)` kept beside a piece, two
 * pieces of one bar merge exactly in any order (sums to rounding). One fold makes pieces out of
 * ticks, one merges pieces; the views, the roll-up, late ticks and `candlesFromTicksQuery` all
 * use these two and nothing else.
 */
export const partColumns: readonly string[] = [
  ...candleColumns,
  'first_timestamp',
  'first_id',
  'last_timestamp',
  'last_id',
  'given',
]

/**
 * Pieces of bars out of the ticks of a relation. Open and close are looked up among the few ticks
 * that stand at a bar's first and last time: ordering every tick by its id costs three times more.
 */
export function partsFromTicks(timeframe: Timeframe, ticks: string, where = 'true'): string {
  return `
    WITH bar AS MATERIALIZED (
      SELECT
        ${barStart(timeframe)} AS timestamp,
        max(price) AS high,
        min(price) AS low,
        sum(volume) AS volume,
        sum(if(side = 'BUY', volume, 0)) AS buy_volume,
        sum(if(side = 'SELL', volume, 0)) AS sell_volume,
        sum(price * volume) AS quote_volume,
        count(*) AS trade_count,
        min(timestamp) AS first_timestamp,
        max(timestamp) AS last_timestamp
      FROM ${ticks} WHERE ${where} GROUP BY 1
    ), edge AS MATERIALIZED (
      SELECT timestamp, coalesce(length(trade_id), 0) AS id_length, coalesce(trade_id, '') AS id, price
      FROM ${ticks}
      WHERE ${where} AND timestamp IN (
        SELECT first_timestamp FROM bar UNION ALL SELECT last_timestamp FROM bar)
    ), tied AS MATERIALIZED (
      SELECT
        timestamp,
        min({ id_length: id_length, id: id, price: price }) AS first,
        max({ id_length: id_length, id: id, price: price }) AS last
      FROM edge GROUP BY timestamp
    )
    SELECT
      bar.timestamp, opening.first.price AS open, high, low, closing.last.price AS close,
      volume, buy_volume, sell_volume, quote_volume, trade_count,
      first_timestamp, opening.first.id AS first_id,
      last_timestamp, closing.last.id AS last_id, false AS given
    FROM bar
    JOIN tied AS opening ON opening.timestamp = first_timestamp
    JOIN tied AS closing ON closing.timestamp = last_timestamp`
}

/** Merges the pieces of each bar into one; an external candle replaces its whole bar. */
export function mergeParts(parts: string, bar: readonly string[] = ['timestamp']): string {
  const key = bar.join(', ')
  const given = `SELECT (${key}) FROM ${parts} AS other WHERE given`
  return mergePieces(`${parts} AS part WHERE given OR (${key}) NOT IN (${given})`, key)
}

/** One piece per bar out of pieces that are worth the same. */
function mergePieces(pieces: string, key: string): string {
  return `
    SELECT
      ${key},
      arg_min(open, (first_timestamp, length(first_id), first_id, open)) AS open,
      max(high) AS high,
      min(low) AS low,
      arg_max(close, (last_timestamp, length(last_id), last_id, close)) AS close,
      sum(volume) AS volume,
      sum(buy_volume) AS buy_volume,
      sum(sell_volume) AS sell_volume,
      sum(quote_volume) AS quote_volume,
      sum(trade_count)::BIGINT AS trade_count,
      min(first_timestamp) AS first_timestamp,
      arg_min(first_id, (first_timestamp, length(first_id), first_id, open)) AS first_id,
      max(last_timestamp) AS last_timestamp,
      arg_max(last_id, (last_timestamp, length(last_id), last_id, close)) AS last_id,
      bool_or(given) AS given
    FROM ${pieces}
    GROUP BY ${key}`
}

/**
 * Stores candles from outside, rows of {@link candleColumns}; `timeframe` is an expression. Each
 * stands for its whole bar: its first and its last tick are its open time's.
 */
export function insertExternalSql(timeframe: string, candles: string): string {
  return `INSERT INTO pairduck_candle_parts (timeframe, ${partColumns.join(', ')})
    SELECT ${timeframe}, ${candleColumns.join(', ')}, timestamp, '', timestamp, '', true
    FROM ${candles}`
}

/** The time before which ticks are in the candle parts. */
export const rolledUntilSql = '(SELECT rolled_until FROM pairduck_candle_state)'

/** The view `candles_<timeframe>`, which {@link candlesSql} reads. */
export function candleViewSql(timeframe: Timeframe): string {
  return `CREATE OR REPLACE VIEW ${candleRelation(timeframe)} AS ${candlesSql(timeframe)}`
}

/**
 * The candles of a timeframe: what was rolled up, merged with the ticks that were not yet. Bars
 * older than the relation's mark are gone, even where a late tick left a piece of one, and so are
 * those that a repair closed with an external candle that has no prices. `within`
 * narrows by `timestamp`, before anything is merged, and has to hold for all of a bar or none; of
 * `columns` there may be any of {@link partColumns}.
 */
export function candlesSql(
  timeframe: Timeframe,
  within = 'true',
  columns: readonly string[] = candleColumns,
): string {
  const relation: CandleRelation = candleRelation(timeframe)
  const unrolled = `timestamp >= ${rolledUntilSql} AND ${within}`
  return `
    WITH parts AS (
      SELECT ${partColumns.join(', ')} FROM pairduck_candle_parts
      WHERE timeframe = '${timeframe}' AND ${within}
      UNION ALL
      SELECT * FROM (${partsFromTicks(timeframe, 'ticks', unrolled)})
    )
    SELECT ${columns.join(', ')}
    FROM (${mergeParts('parts')})
    WHERE timestamp >= ${markOf(relation)} AND open IS NOT NULL`
}

/** Retention's mark of a relation; before all time where nothing was deleted. */
function markOf(relation: string): string {
  return `coalesce(
    (SELECT deleted_before FROM pairduck_marks WHERE relation = '${relation}'), '-infinity'::TIMESTAMP)`
}

/** The open times of the bars that a candle view gives, without the work of folding them. */
export function barTimesSql(timeframe: Timeframe): string {
  return `
    SELECT timestamp FROM (
      SELECT timestamp FROM pairduck_candle_parts WHERE timeframe = '${timeframe}'
      UNION
      SELECT ${barStart(timeframe)} FROM ticks
      WHERE timestamp >= (SELECT rolled_until FROM pairduck_candle_state)
    )
    WHERE timestamp >= ${markOf(candleRelation(timeframe))}`
}

/** The closing time of a bar, in SQL. */
export function barEnd(timeframe: Timeframe, start = 'timestamp'): string {
  return `(${start} + INTERVAL ${timeframeMs[timeframe]} MILLISECOND)`
}

/**
 * The statements that make a file keep a timeframe that it did not. It begins with the first bar
 * that the stored ticks hold whole: half a bar would be a wrong candle.
 */
export function addTimeframeSql(timeframe: Timeframe): string[] {
  const relation = candleRelation(timeframe)
  const firstWhole = `(SELECT deleted_before FROM pairduck_marks WHERE relation = '${relation}')`
  return [
    `INSERT INTO pairduck_marks
     SELECT '${relation}', ${barStart(timeframe, `deleted_before + INTERVAL ${timeframeMs[timeframe]} MILLISECOND - INTERVAL 1 MICROSECOND`)}
     FROM pairduck_marks WHERE relation = 'ticks'`,
    `INSERT INTO pairduck_candle_parts SELECT '${timeframe}', * FROM (${partsFromTicks(
      timeframe,
      'ticks',
      `timestamp < (SELECT rolled_until FROM pairduck_candle_state)
       AND timestamp >= coalesce(${firstWhole}, '-infinity'::TIMESTAMP)`,
    )})`,
    candleViewSql(timeframe),
  ]
}

/** Parts of ticks that came after their time was rolled up, read from a batch in the late commit's own transaction. */
export function latePartsSql(
  candles: readonly Timeframe[],
  batch: string,
  rolledUntilMicros: number,
): string[] {
  return partsSql(candles, batch, `timestamp < make_timestamp(${rolledUntilMicros})`)
}

/** Moves the ticks of [from, until) into the parts; to be run in one transaction. */
export function rollUpSql(
  candles: readonly Timeframe[],
  fromMicros: number,
  untilMicros: number,
): string[] {
  const from = Number.isFinite(fromMicros) ? `timestamp >= make_timestamp(${fromMicros}) AND ` : ''
  return [
    ...partsSql(candles, 'ticks', `${from}timestamp < make_timestamp(${untilMicros})`),
    `UPDATE pairduck_candle_state SET rolled_until = make_timestamp(${untilMicros})`,
  ]
}

/** Folds ticks once, into the finest bars of all, and those into the coarser ones. */
function partsSql(candles: readonly Timeframe[], ticks: string, where: string): string[] {
  if (candles.length === 0) return []
  const finest = finestOf(candles)
  const bars = candles.map((timeframe) => {
    const bar = `(SELECT * REPLACE (${barStart(timeframe)} AS timestamp) FROM finest)`
    return `SELECT '${timeframe}', * FROM (${mergePieces(bar, 'timestamp')})`
  })
  return [
    `INSERT INTO pairduck_candle_parts
     WITH source AS MATERIALIZED (SELECT * FROM ${ticks} WHERE ${where}),
          finest AS MATERIALIZED (${partsFromTicks(finest, 'source')})
     ${bars.join(' UNION ALL ')}`,
  ]
}

/** The timeframe whose bars make up those of all others: all but `1s` are whole minutes. */
function finestOf(candles: readonly Timeframe[]): Timeframe {
  if (candles.includes('1s')) return '1s'
  const [first, ...others] = candles
  const wholes = others.every((timeframe) => timeframeMs[timeframe] % timeframeMs[first!] === 0)
  return wholes ? first! : '1m'
}

/** A row when some bar has more than one part. */
export const needsRollUpSql: string = `SELECT 1 FROM pairduck_candle_parts GROUP BY timeframe, timestamp HAVING count(*) > 1 LIMIT 1`

/** Merges the parts of bars that have more than one; to be run in one transaction. */
export const compactPartsSql: readonly string[] = [
  `CREATE OR REPLACE TEMP TABLE pairduck_needs_roll_up AS
   SELECT timeframe, timestamp FROM pairduck_candle_parts
   GROUP BY ALL HAVING count(*) > 1`,
  `CREATE OR REPLACE TEMP TABLE pairduck_merged AS
   SELECT * FROM (${mergeParts(
     `(SELECT * FROM pairduck_candle_parts SEMI JOIN pairduck_needs_roll_up USING (timeframe, timestamp))`,
     ['timeframe', 'timestamp'],
   )})`,
  `DELETE FROM pairduck_candle_parts
   WHERE (timeframe, timestamp) IN (SELECT (timeframe, timestamp) FROM pairduck_merged)`,
  `INSERT INTO pairduck_candle_parts SELECT * FROM pairduck_merged`,
  `DROP TABLE pairduck_merged`,
  `DROP TABLE pairduck_needs_roll_up`,
]
