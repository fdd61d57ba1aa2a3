import { timeframeMs, timeframes, type Timeframe } from '../time.ts'
import {
  candleColumns,
  candlesSql,
  closedBeforeSql,
  markSql,
  partsFromTicks,
  rolledUntilSql,
  wholeMark,
  withoutMerging,
  type CandlesWanted,
} from './candles.ts'
import { barStart, candleRelation, type CandleRelation } from './tables.ts'

/** What bars are made of: the stored candles of a timeframe, or the stored ticks. */
export type BarOrigin = 'ticks' | CandleRelation

/** What a file holds, as far as it decides where its bars come from. */
export interface BarFacts {
  /** The timeframes that the file keeps. */
  readonly kept: readonly Timeframe[]
  /** Those of which it holds candles that were given from outside, with the open time (µs) of the newest. */
  readonly given: ReadonlyMap<string, number>
  /** By relation the time (µs) before which retention has deleted. */
  readonly marks: ReadonlyMap<string, number>
  /** How far its bars are made; undefined where that may be another moment when they are read. */
  readonly made?: MadeBars | undefined
}

/** How far the bars of a file are made; times in µs. */
export interface MadeBars {
  readonly rolledUntil: number
  /** Undefined where it is not known that any bar has one part. */
  readonly mergedUntil: number | undefined
  /** The timeframe whose bars are read, and of how many ticks the stored part of its open bar is. */
  readonly begun?: { readonly timeframe: Timeframe; readonly ticks: number } | undefined
}

/** Up to so many ticks are folded once more rather than merged with what they were folded into. */
const maxFoldedAgain = 5000

/**
 * Bars of a timeframe out of whatever a file may hold: its own candles, finer ones folded exactly,
 * or ticks. Per bar the source counts whose data begin first; among equals the coarsest. A bar that
 * retention has cut into is not made: half a bar has a high and a low that never were.
 *
 * The text is right for every file. Each source stands between marks, so that {@link pickSources}
 * can take out those that cannot add anything to what a certain file holds: planning them costs
 * more than running them.
 */
export function anyBarsSql(timeframe: Timeframe, wanted: Omit<CandlesWanted, 'columns'>): string {
  const sources = barOrigins(timeframe).map((origin) =>
    marked(origin, `${sourceSql(timeframe, origin, wanted)} UNION ALL`),
  )
  const none = `SELECT * FROM (SELECT ${nothing.join(', ')}) WHERE false`
  const first = `QUALIFY row_number() OVER (PARTITION BY timestamp ORDER BY begins, rank) = 1`
  return `SELECT * FROM (${sources.join('\n')} ${none}) ${marked(several, first)}`
}

/** Where bars of a timeframe may come from, the coarsest first. */
export function barOrigins(timeframe: Timeframe): BarOrigin[] {
  return [...finerTimeframes(timeframe).map((finer) => candleRelation(finer)), 'ticks']
}

/** A text of {@link anyBarsSql} without the sources that cannot add to what a file holds. */
export function pickSources(sql: string, timeframe: Timeframe, facts: BarFacts): string {
  const origins = usefulOrigins(timeframe, facts)
  return sql.replaceAll(block, (_whole, name: string, text: string) =>
    (name === several ? origins.length > 1 : origins.includes(name as BarOrigin))
      ? asMade(text, name, facts)
      : '',
  )
}

/**
 * A text of {@link candlesSql} with what is known of the file: the planner takes each look-up of a time
 * for a join, and open bars whose ticks are all there need no merging.
 */
export function asMade(sql: string, relation: string, { given, marks, made }: BarFacts): string {
  const timeframe = timeframes.find((each) => candleRelation(each) === relation)
  if (timeframe === undefined || made === undefined) return sql
  const { rolledUntil, mergedUntil, begun } = made
  const closedBefore = barStartOf(timeframe, mergedUntil ?? -Infinity)
  const isWhole =
    mergedUntil !== undefined &&
    closedBefore >= (marks.get('ticks') ?? -Infinity) &&
    closedBefore >= (marks.get(wholeMark) ?? -Infinity) &&
    (closedBefore > (given.get(timeframe) ?? -Infinity) || !given.has(timeframe)) &&
    begun?.timeframe === timeframe &&
    begun.ticks <= maxFoldedAgain
  return (isWhole ? withoutMerging(sql) : sql)
    .replaceAll(closedBeforeSql(timeframe), moment(closedBefore))
    .replaceAll(rolledUntilSql, moment(isWhole ? closedBefore : rolledUntil))
    .replaceAll(
      markSql(candleRelation(timeframe)),
      moment(marks.get(candleRelation(timeframe)) ?? -Infinity),
    )
}

function barStartOf(timeframe: Timeframe, micros: number): number {
  const width = timeframeMs[timeframe] * 1000
  return Math.floor(micros / width) * width
}

function moment(micros: number): string {
  return micros === -Infinity ? `'-infinity'::TIMESTAMP` : `make_timestamp(${micros})`
}

/** A text for a file of an older schema, and for an archive before it: bars may have several parts. */
export function withoutClosed(sql: string): string {
  return timeframes.reduce(
    (text, timeframe) => text.replaceAll(closedBeforeSql(timeframe), moment(-Infinity)),
    sql,
  )
}

/**
 * The coarsest kept candles hold what finer ones and ticks hold, except for candles that were given
 * from outside to a finer timeframe, and for what retention has deleted of them alone.
 */
export function usefulOrigins(timeframe: Timeframe, { kept, given, marks }: BarFacts): BarOrigin[] {
  const [coarsest, ...finer] = finerTimeframes(timeframe).filter((each) => kept.includes(each))
  if (coarsest === undefined) return ['ticks']
  const markOf = (relation: string): number => marks.get(relation) ?? -Infinity
  const begins = markOf(candleRelation(coarsest))
  const others = finer.filter((each) => given.has(each) || markOf(candleRelation(each)) < begins)
  return [
    ...[coarsest, ...others].map((each) => candleRelation(each)),
    ...(markOf('ticks') < begins ? (['ticks'] as const) : []),
  ]
}

/** The least of one expression per source, of those that {@link pickSources} leaves. */
export function leastOfSources(timeframe: Timeframe, of: (origin: BarOrigin) => string): string {
  const each = barOrigins(timeframe).map((origin) => marked(origin, `${of(origin)},`))
  return `least(${each.join('\n')} NULL::TIMESTAMP)`
}

/** Gives the rows of {@link BarFacts}: `kind` (`given` or `mark`), `name`, `micros`. */
export const barFactsSql: string = `
  SELECT 'given' AS kind, timeframe AS name, epoch_us(max(timestamp)) AS micros
  FROM pairduck_candle_parts WHERE given GROUP BY timeframe
  UNION ALL SELECT 'mark', relation, epoch_us(deleted_before) FROM pairduck_marks`

/** The same with `rolled`, and `merged` where it is known, of {@link MadeBars}. */
export const madeFactsSql: string = `${barFactsSql}
  UNION ALL SELECT 'rolled', NULL, ${microsOf('rolled_until')} FROM pairduck_candle_state
  UNION ALL SELECT 'merged', NULL, ${microsOf('merged_until')} FROM pairduck_candle_state
  WHERE merged_until IS NOT NULL`

function microsOf(time: string): string {
  return `CASE WHEN isfinite(${time}) THEN epoch_us(${time}) END`
}

/** Gives the `ticks` that the stored part of the bar is made of that holds a time (µs). */
export function begunSql(timeframe: Timeframe, micros: number): string {
  return `SELECT trade_count AS ticks FROM pairduck_candle_parts
    WHERE timeframe = '${timeframe}' AND timestamp = ${moment(barStartOf(timeframe, micros))}`
}

/** Gives a row per timeframe of which there are candles, and one of `ticks` where there are some. */
export const heldSql: string = `
  SELECT timeframe AS name FROM pairduck_candle_parts GROUP BY ALL
  UNION ALL (SELECT 'ticks' FROM ticks LIMIT 1)`

/** Gives a row per relation that holds something: `name`, and the times from and to which it does. */
export const heldSpansSql: string = `
  SELECT 'candles_' || timeframe AS name, min(timestamp) AS "from", max(timestamp) AS "to"
  FROM pairduck_candle_parts GROUP BY timeframe
  UNION ALL SELECT 'ticks', min(timestamp), max(timestamp) FROM ticks HAVING count(*) > 0`

/** The timeframes whose bars make up those of another, itself the first, the finest last. */
export function finerTimeframes(timeframe: Timeframe): Timeframe[] {
  return timeframes
    .filter((finer) => timeframeMs[timeframe] % timeframeMs[finer] === 0)
    .toReversed()
}

const several = 'several'
const block = /\/\*from (\w+)\*\/([^]*?)\/\*end\*\//g

function marked(name: string, text: string): string {
  return `/*from ${name}*/${text}/*end*/`
}

/** A row of no values, which gives the columns their types. */
const nothing = [
  'NULL::TIMESTAMP AS timestamp',
  ...candleColumns.slice(1, -1).map((column) => `NULL::DOUBLE AS ${column}`),
  'NULL::BIGINT AS trade_count',
  'NULL::TIMESTAMP AS begins',
  `'' AS source`,
  '0 AS rank',
]

function sourceSql(
  timeframe: Timeframe,
  origin: BarOrigin,
  { within = 'true', newest }: Omit<CandlesWanted, 'columns'>,
): string {
  const rank = barOrigins(timeframe).indexOf(origin)
  const named = `'${origin}' AS source, ${rank} AS rank`
  const whole = `timestamp >= coalesce(
    (SELECT max(deleted_before) FROM pairduck_marks WHERE relation = '${origin}'), '-infinity'::TIMESTAMP)`
  if (origin === 'ticks')
    return `SELECT ${candleColumns.join(', ')}, first_timestamp AS begins, ${named}
      FROM (${partsFromTicks(timeframe, 'ticks', within)}) WHERE ${whole}`
  const finer = origin.slice('candles_'.length) as Timeframe
  const columns = [...candleColumns, 'first_timestamp']
  if (finer === timeframe)
    return `SELECT * RENAME (first_timestamp AS begins), ${named} FROM (${candlesSql(finer, { within, columns, newest })})`
  const candles = candlesSql(finer, { within, columns })
  return `SELECT * FROM (SELECT
      ${barStart(timeframe, 'finer.timestamp')} AS timestamp,
      arg_min(open, finer.timestamp) AS open, max(high) AS high, min(low) AS low,
      arg_max(close, finer.timestamp) AS close, sum(volume) AS volume,
      ${sumOfAll('buy_volume')} AS buy_volume, ${sumOfAll('sell_volume')} AS sell_volume,
      ${sumOfAll('quote_volume')} AS quote_volume, ${sumOfAll('trade_count')}::BIGINT AS trade_count,
      min(first_timestamp) AS begins, ${named}
    FROM (${candles}) AS finer GROUP BY ${barStart(timeframe, 'finer.timestamp')}) WHERE ${whole}`
}

/** Candles from outside may lack it, and a sum of a part would pass for that of the whole. */
function sumOfAll(column: string): string {
  return `CASE WHEN count(${column}) = count(*) THEN sum(${column}) END`
}
