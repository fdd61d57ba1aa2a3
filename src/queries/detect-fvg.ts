import { flag, integer, number, oneOf, resolveOptions } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import type { FairValueGapRow } from '../schema/rows.ts'
import { timeframeMs } from '../time.ts'
import { averageTrueRangeSql } from './average-true-range.ts'
import {
  barRules,
  barsAsked,
  barsSql,
  resolveBars,
  type BarColumn,
  type BarOptions,
  type BarOriginColumn,
} from './bars.ts'
import { coverageToAsOf, type Coverage } from './coverage.ts'
import { blockSql, laterBarsSql, type LaterBars } from './later-bars.ts'
import { query, type Query } from './query.ts'
import { reaches } from './rounding.ts'
import { barsInWindow, resolveWindow, windowRules, type WindowOptions } from './window.ts'

/** `classic`: the wicks leave a gap. `smc`: and the middle bar closes in the gap's direction. */
export type FvgDefinition = 'classic' | 'smc'
/** How far a later bar must come back before the gap counts as filled. */
export type FvgFill = 'full' | 'half' | 'touch'

/** Options of `detectFvgQuery`. */
export interface DetectFvgOptions extends BarOptions, WindowOptions {
  /** Default `classic`. */
  readonly definition?: FvgDefinition | undefined
  /** Which level sets `filledAt`: the far edge (`full`, default), the middle or the near edge. */
  readonly fill?: FvgFill | undefined
  /** The smallest gap, in `minGapUnit`. Default 0. */
  readonly minGap?: number | undefined
  /** `price` (default), `percent` of the lower edge, or `atr`: times the average true range. */
  readonly minGapUnit?: 'price' | 'percent' | 'atr' | undefined
  /** Bars in Wilder's average true range, for `minGapUnit: 'atr'`. Default 14. */
  readonly atrPeriod?: number | undefined
  /** One gap out of a run of gaps of one direction on neighbouring bars. Default false. */
  readonly joinConsecutive?: boolean | undefined
  /** Leaves out gaps whose three bars have a hole in time between them. Default false. */
  readonly requireAdjacent?: boolean | undefined
  /** Gives gaps that are filled, too. Default true. */
  readonly includeFilled?: boolean | undefined
}

/**
 * A gap and how far later bars have filled it. `filledPct` never falls; `touchedAt`, `midAt` and
 * `filledAt` are the closes of the first later bars that reached the near edge, the middle and the
 * level of `fill`. `knownAt` is the close of the third bar: nobody could know of the gap before.
 * `source` is the middle bar's.
 */
export interface DetectedFvg extends Omit<FairValueGapRow, 'complete'>, Coverage, BarOriginColumn {}

const rules = {
  ...barRules,
  ...windowRules,
  definition: oneOf(['classic', 'smc'], 'classic'),
  fill: oneOf(['full', 'half', 'touch'], 'full'),
  minGap: number(0, Number.MAX_VALUE, 0),
  minGapUnit: oneOf(['price', 'percent', 'atr'], 'price'),
  atrPeriod: integer(2, 500, 14),
  joinConsecutive: flag(false),
  requireAdjacent: flag(false),
  includeFilled: flag(true),
}

/**
 * Fair value gaps: three stored bars of which the first and the last do not overlap, each gap with
 * how far later bars have filled it. Bullish: high[t−2] < low[t]; bearish: low[t−2] > high[t].
 *
 * The window chooses gaps by their middle bar; fills are followed up to `asOf` (default: now), and
 * only bars closed by then are used. Ordered by time. Sources: smart-money-concepts (`smc`,
 * `joinConsecutive`), ATAS FairValueGap; `percent` as LuxAlgo measures it.
 */
export function detectFvgQuery(options: DetectFvgOptions): Query<DetectedFvg> {
  const resolved = resolveOptions('detectFvgQuery', options, rules)
  const { timeframe, joinConsecutive } = resolved
  const window = resolveWindow('detectFvgQuery', resolved, { asOf: 'now' })
  const bars = resolveBars(resolved)
  const filled = { full: 'filled', half: 'mid', touch: 'touched' }[resolved.fill]
  return query(
    'detectFvgQuery',
    `WITH stored AS (${barsSql(bars, window, 'true', columnsOf(resolved))}),
    ${gapsSql({ ...resolved, bars: 'stored', passed: 'source' })},
    ${joinConsecutive ? `${joinedSql},` : ''}
    level AS (
      SELECT *, ${fvgMiddle} AS middle FROM ${joinConsecutive ? 'joined' : 'gap'}
      WHERE ${barsInWindow({ ...window, asOf: undefined }, timeframe)}
    ), ${laterBarsSql({
      levels: 'level',
      bars: 'bar',
      ...fvgLaterBars,
      columns: [...fvgLaterBars.columns, 'source'],
    })}
    SELECT
      timestamp, '${timeframe}' AS "timeframe", CASE WHEN bullish THEN 'bullish' ELSE 'bearish' END AS "type",
      price_low AS "priceLow", price_high AS "priceHigh", known_at AS "knownAt",
      ${filledPctSql} AS "filledPct",
      ${barEnd(timeframe, 'touched')} AS "touchedAt", ${barEnd(timeframe, 'mid')} AS "midAt",
      ${barEnd(timeframe, filled)} AS "filledAt",
      ${coverageToAsOf(window, bars.relation)}, source AS "source"
    FROM reached
    WHERE ${resolved.includeFilled ? 'true' : `${filled} IS NULL`}
    ORDER BY timestamp`,
    window.params,
    barsAsked(bars),
  )
}

function columnsOf({
  definition,
  minGap,
  minGapUnit,
}: Omit<GapRules, 'bars' | 'passed'>): BarColumn[] {
  const closes = definition === 'smc' || (minGap > 0 && minGapUnit === 'atr')
  return ['timestamp', 'high', 'low', ...(closes ? (['open', 'close'] as const) : [])]
}

/** What {@link laterBarsSql} asks of later bars on behalf of a gap. */
export const fvgLaterBars: Pick<LaterBars, 'columns' | 'extremes' | 'first' | 'depth'> = {
  columns: ['timestamp', 'bullish', 'price_low', 'price_high', 'middle'],
  extremes: { low: 'min', high: 'max' },
  first: {
    touched: `CASE WHEN level.bullish THEN later.low <= level.price_high ELSE later.high >= level.price_low END`,
    mid: `CASE WHEN level.bullish THEN later.low <= level.middle * (1 + 1e-12::DOUBLE) ELSE ${reaches('later.high', 'level.middle')} END`,
    filled: `CASE WHEN level.bullish THEN later.low <= level.price_low ELSE later.high >= level.price_high END`,
  },
  depth: `CASE WHEN level.bullish THEN level.price_high - later.low ELSE later.high - level.price_low END`,
}

export const fvgMiddle = '(price_low + price_high) / 2'

/** From the `depth` of {@link fvgLaterBars}, NULL where no bar is later. */
export const filledPctSql =
  'least(1, greatest(0, coalesce(depth, 0) / (price_high - price_low)))::DOUBLE'

type GapRules = Pick<
  { [Name in keyof DetectFvgOptions]-?: NonNullable<DetectFvgOptions[Name]> },
  'timeframe' | 'definition' | 'minGap' | 'minGapUnit' | 'atrPeriod' | 'requireAdjacent'
> & {
  readonly bars: string
  /** A column of the middle bar to be had of each gap. */
  readonly passed?: string
}

/** CTEs `bar` (for {@link laterBarsSql}) and `gap`: a row per gap, on its middle bar. */
export function gapsSql(given: GapRules): string {
  const { bars, timeframe, definition, minGap, minGapUnit, atrPeriod, passed } = given
  const inAtr = minGap > 0 && minGapUnit === 'atr'
  const direction =
    definition === 'smc'
      ? ['middle_close > middle_open', 'middle_close < middle_open']
      : ['true', 'true']
  const least = {
    price: `${minGap.toExponential()}::DOUBLE`,
    percent: `${minGap.toExponential()}::DOUBLE / 100 * price_low`,
    // Wilder's average is exact to rounding only: a gap of exactly so many counts.
    atr: `${minGap.toExponential()}::DOUBLE * average_true_range * (1 - 1e-9::DOUBLE)`,
  }[minGapUnit]
  const span = `third_timestamp - first_timestamp = INTERVAL ${2 * timeframeMs[timeframe]} MILLISECOND`
  return `${inAtr ? `${averageTrueRangeSql(bars, atrPeriod)},` : ''}
    bar AS (
      SELECT
        timestamp, high, low,
        row_number() OVER in_order AS position, ${blockSql('position')} AS block,
        lag(high, 2) OVER in_order AS first_high, lag(low, 2) OVER in_order AS first_low,
        lag(timestamp, 2) OVER in_order AS first_timestamp, timestamp AS third_timestamp,
        ${definition === 'smc' ? 'lag(open) OVER in_order AS middle_open, lag(close) OVER in_order AS middle_close,' : ''}
        ${inAtr ? 'average_true_range,' : ''} ${passed === undefined ? '' : `lag(${passed}) OVER in_order AS ${passed},`}
        lag(timestamp) OVER in_order AS middle_timestamp
      FROM ${inAtr ? 'ranged' : bars} WINDOW in_order AS (ORDER BY timestamp)
    ), gap AS (
      SELECT
        position AS id, block, position, middle_timestamp AS timestamp,
        ${barEnd(timeframe, 'third_timestamp')} AS known_at,
        first_high < low AS bullish, ${passed === undefined ? '' : `${passed},`}
        CASE WHEN bullish THEN first_high ELSE high END AS price_low,
        CASE WHEN bullish THEN low ELSE first_low END AS price_high
      FROM bar
      WHERE ((first_high < low AND ${direction[0]}) OR (first_low > high AND ${direction[1]}))
        AND ${minGap > 0 ? `price_high - price_low >= ${least} - price_high * 1e-12::DOUBLE` : 'true'}
        AND ${given.requireAdjacent ? span : 'true'}
    )`
}

/** Runs of gaps of one direction on neighbouring bars as one, standing where the last stood. */
const joinedSql = `
    run AS (
      SELECT *, position - row_number() OVER (PARTITION BY bullish ORDER BY position) AS run FROM gap
    ), joined AS (
      SELECT
        max(id) AS id, max(block) AS block, max(timestamp) AS timestamp,
        max(known_at) AS known_at, bullish, arg_max(source, position) AS source, min(price_low) AS price_low, max(price_high) AS price_high
      FROM run GROUP BY bullish, run
    )`
