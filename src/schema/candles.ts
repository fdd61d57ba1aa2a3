import { timeframeMs, type Timeframe } from '../time.ts'
import {
  mergedSwingSql,
  runningAsTheyComeSql,
  swingAsTheyComeSql,
  swingColumns,
  swingPiecesSql,
} from './running-delta.ts'
import { barNumber, barStart, candleRelation, type CandleRelation } from './tables.ts'

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
 * Whether pieces have the extremes of the running delta, {@link swingColumns} at their end: as they are
 * stored they do. Those that are only read do without, which takes less.
 */
export interface Pieces {
  readonly swing?: boolean | undefined
}

/**
 * Pieces of bars out of the ticks of a relation. Open and close are looked up among the few ticks
 * that stand at a bar's first and last time: ordering every tick by its id costs three times more.
 */
export function partsFromTicks(
  timeframe: Timeframe,
  ticks: string,
  where = 'true',
  { swing = false }: Pieces = {},
): string {
  const running = swing
    ? `${runningAsTheyComeSql((time) => barNumber(timeframe, time), ticks, where)},`
    : ''
  return `
    WITH ${running} bar AS MATERIALIZED (
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
        max(timestamp) AS last_timestamp${
          swing
            ? `,
        ${swingAsTheyComeSql}`
            : ''
        }
      FROM ${swing ? 'running' : `${ticks} WHERE ${where}`} GROUP BY 1
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
      last_timestamp, closing.last.id AS last_id, false AS given${swing ? `, ${swingColumns.join(', ')}` : ''}
    FROM bar
    JOIN tied AS opening ON opening.timestamp = first_timestamp
    JOIN tied AS closing ON closing.timestamp = last_timestamp`
}

/** Merges the pieces of each bar into one; an external candle replaces its whole bar. */
export function mergeParts(
  parts: string,
  bar: readonly string[] = ['timestamp'],
  as: Pieces = {},
): string {
  const key = bar.join(', ')
  const given = `SELECT (${key}) FROM ${parts} AS other WHERE given`
  return mergePieces(`${parts} AS part WHERE given OR (${key}) NOT IN (${given})`, key, as)
}

/** One piece per bar out of pieces that are worth the same. */
export function mergePieces(pieces: string, key: string, { swing = false }: Pieces = {}): string {
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
      bool_or(given) AS given${
        swing
          ? `,
      ${mergedSwingSql}`
          : ''
      }
    FROM ${swing ? swingPiecesSql(pieces, key) : pieces}
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

/**
 * The open time of the first bar that may have several parts, or ticks that are in none yet: every bar
 * before it is closed, and one row of the parts is all of it.
 */
export function closedBeforeSql(timeframe: Timeframe): string {
  return `coalesce((SELECT ${barStart(timeframe, 'merged_until')} FROM pairduck_candle_state
    WHERE isfinite(merged_until)), '-infinity'::TIMESTAMP)`
}

/** The view `candles_<timeframe>`, which {@link candlesSql} reads. */
export function candleViewSql(timeframe: Timeframe): string {
  return `CREATE OR REPLACE VIEW ${candleRelation(timeframe)} AS ${candlesSql(timeframe)}`
}

/** What of the bars of a timeframe is asked for. */
export interface CandlesWanted {
  /** Narrows by `timestamp`, before anything is merged; it has to hold for all of a bar or none. */
  readonly within?: string | undefined
  /** Any of {@link partColumns}. */
  readonly columns?: readonly string[] | undefined
  /** At least the newest so many of those within; there may be others. */
  readonly newest?: number | undefined
}

/**
 * The candles of a timeframe: closed bars as they are stored, and the others, merged of their parts
 * and of the ticks that were not rolled up yet. Bars
 * older than the relation's mark are gone, even where a late tick left a piece of one, and so are
 * those that a repair closed with an external candle that has no prices.
 *
 * The text is right for every file. Where it is known that each open bar has all its ticks, what stands
 * between marks can be taken out: see {@link withoutMerging}.
 */
export function candlesSql(
  timeframe: Timeframe,
  { within = 'true', columns = candleColumns, newest }: CandlesWanted = {},
): string {
  const parts = `SELECT ${partColumns.join(', ')} FROM pairduck_candle_parts WHERE timeframe = '${timeframe}'`
  const closedBefore = closedBeforeSql(timeframe)
  const shown = `timestamp >= ${markSql(candleRelation(timeframe))} AND open IS NOT NULL`
  const unrolled = `timestamp >= ${rolledUntilSql} AND ${within}`
  const newestOnes = newest === undefined ? '' : `ORDER BY timestamp DESC LIMIT ${newest}`
  const merging = [
    `WITH parts AS (${parts} AND timestamp >= ${closedBefore} AND ${within}
      UNION ALL SELECT * FROM (`,
    `)) ${mergeParts('parts')}`,
  ].map((text) => `/*merging*/${text}/*merged*/`)
  return `
    SELECT ${columns.join(', ')} FROM (
      (${parts} AND timestamp < ${closedBefore} AND ${within} AND ${shown} ${newestOnes})
      UNION ALL
      SELECT * FROM (${merging.join(partsFromTicks(timeframe, 'ticks', unrolled))}) WHERE ${shown}
    )`
}

/** A text of {@link candlesSql} for a file whose open bars have all their ticks, which then tell them. */
export function withoutMerging(sql: string): string {
  return sql.replaceAll(/\/\*merging\*\/[^]*?\/\*merged\*\//g, '')
}

/** The mark from which on the stored ticks are whole again after some were lost. */
export const wholeMark = 'ticks:whole'

/** Retention's mark of a relation; before all time where nothing was deleted. */
export function markSql(relation: CandleRelation): string {
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
    WHERE timestamp >= ${markSql(candleRelation(timeframe))}`
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
    // Of those that are there already, such as given ones, some bars have two parts then.
    `UPDATE pairduck_candle_state SET merged_until = NULL
     WHERE EXISTS (FROM pairduck_candle_parts WHERE timeframe = '${timeframe}')`,
    `INSERT INTO pairduck_candle_parts SELECT '${timeframe}', * FROM (${partsFromTicks(
      timeframe,
      'ticks',
      `timestamp < (SELECT rolled_until FROM pairduck_candle_state)
       AND timestamp >= coalesce(${firstWhole}, '-infinity'::TIMESTAMP)`,
      { swing: true },
    )})`,
    candleViewSql(timeframe),
  ]
}
