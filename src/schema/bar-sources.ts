import { timeframeMs, timeframes, type Timeframe } from '../time.ts'
import { candleColumns, candlesSql, partsFromTicks } from './candles.ts'
import { barStart, candleRelation, type CandleRelation } from './tables.ts'

/** What bars are made of: the stored candles of a timeframe, or the stored ticks. */
export type BarOrigin = 'ticks' | CandleRelation

/** What a file holds, as far as it decides where its bars come from. */
export interface BarFacts {
  /** The timeframes that the file keeps. */
  readonly kept: readonly Timeframe[]
  /** Those of which it holds candles that were given from outside. */
  readonly given: ReadonlySet<string>
  /** By relation the time (µs) before which retention has deleted. */
  readonly marks: ReadonlyMap<string, number>
}

/**
 * Bars of a timeframe out of whatever a file may hold: its own candles, finer ones folded exactly,
 * or ticks. Per bar the source counts whose data begin first; among equals the coarsest. A bar that
 * retention has cut into is not made: half a bar has a high and a low that never were.
 *
 * The text is right for every file. Each source stands between marks, so that {@link pickSources}
 * can take out those that cannot add anything to what a certain file holds: planning them costs
 * more than running them. `within` narrows by `timestamp` and has to hold for all of a bar or none.
 */
export function anyBarsSql(timeframe: Timeframe, within: string): string {
  const sources = barOrigins(timeframe).map((origin) =>
    marked(origin, `${sourceSql(timeframe, origin, within)} UNION ALL`),
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
    (name === several ? origins.length > 1 : origins.includes(name as BarOrigin)) ? text : '',
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
  SELECT 'given' AS kind, timeframe AS name, NULL::BIGINT AS micros
  FROM pairduck_candle_parts WHERE given GROUP BY ALL
  UNION ALL SELECT 'mark', relation, epoch_us(deleted_before) FROM pairduck_marks`

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
function finerTimeframes(timeframe: Timeframe): Timeframe[] {
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

function sourceSql(timeframe: Timeframe, origin: BarOrigin, within: string): string {
  const rank = barOrigins(timeframe).indexOf(origin)
  const named = `'${origin}' AS source, ${rank} AS rank`
  const whole = `timestamp >= coalesce(
    (SELECT max(deleted_before) FROM pairduck_marks WHERE relation = '${origin}'), '-infinity'::TIMESTAMP)`
  if (origin === 'ticks')
    return `SELECT ${candleColumns.join(', ')}, first_timestamp AS begins, ${named}
      FROM (${partsFromTicks(timeframe, 'ticks', within)}) WHERE ${whole}`
  const finer = origin.slice('candles_'.length) as Timeframe
  const columns = [...candleColumns, 'first_timestamp']
  const candles = candlesSql(finer, within, columns)
  if (finer === timeframe)
    return `SELECT * RENAME (first_timestamp AS begins), ${named} FROM (${candles})`
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
