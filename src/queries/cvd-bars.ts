import { flag, resolveOptions } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import { barBesideBars, deltaColumns, orOfBars, ticksBesideBars } from '../schema/delta-sources.ts'
import { barStart } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'
import { timeframeRule } from './bars.ts'
import type { Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { resetRules, runsOf, type ResetOptions } from './reset.ts'
import { runningSql, swingColumns, swingSql } from '../schema/running-delta.ts'
import { ticksOfSize, tradeSizeRules, type TradeSizeOptions } from './trade-size.ts'
import { resolveWindow, windowRules, windowStart, type WindowOptions } from './window.ts'

/** Options of `calculateCvdBarsQuery`. */
export interface CvdBarsOptions extends WindowOptions, ResetOptions, TradeSizeOptions {
  /** The length of the bars. */
  readonly timeframe: Timeframe
  /**
   * Whether bars have `high` and `low`: where they are made of ticks, these take the order of all of
   * them, and so most of the time. Default true.
   */
  readonly swing?: boolean | undefined
}

/** A row of `calculateCvdBarsQuery`. */
export interface CvdBar extends Coverage {
  /** Open time of the bar. */
  readonly timestamp: number
  /** The close before; 0 where the sum begins anew. */
  readonly open: number
  /** `open` + the largest running sum inside the bar, which need not reach 0. */
  readonly high: number
  /** The smallest running sum inside the bar. */
  readonly low: number
  /** `open` + `delta`. */
  readonly close: number
  /** Bought less sold volume. */
  readonly delta: number
  /** Volume that takers bought. */
  readonly buyVolume: number
  /** Volume that takers sold. */
  readonly sellVolume: number
  /** Number of trades. */
  readonly tradeCount: number
  /** When the bar closes. */
  readonly knownAt: number
}

/** A row of `calculateCvdBarsQuery` with `swing: false`. */
export type CvdBarWithoutSwing = Omit<CvdBar, 'high' | 'low'>

const rules = {
  ...windowRules,
  ...resetRules,
  ...tradeSizeRules,
  timeframe: timeframeRule,
  swing: flag(true),
}

/**
 * Cumulative volume delta as bars, oldest first: those with trades that open inside the window;
 * with `asOf` only those closed by it. A sum that resets is taken from its reset on, also where
 * that is before the window. Authorities: ATAS CumulativeDelta; Bookmap's size filter.
 */
export function calculateCvdBarsQuery(
  options: CvdBarsOptions & { readonly swing: false },
): Query<CvdBarWithoutSwing>
/** The same with the highest and the lowest running sum of each bar. */
export function calculateCvdBarsQuery(options: CvdBarsOptions): Query<CvdBar>
export function calculateCvdBarsQuery(
  options: CvdBarsOptions,
): Query<CvdBar> | Query<CvdBarWithoutSwing> {
  const name = 'calculateCvdBarsQuery'
  const resolved = resolveOptions(name, options, rules)
  const { timeframe, swing } = resolved
  const window = resolveWindow(name, resolved)
  const runs = runsOf(name, resolved, timeframe, window)
  const size = ticksOfSize(name, resolved)
  // Bars tell of trades of every size together.
  const asked = size === 'true' ? { timeframe, swing } : undefined
  const of = {
    bar: asked === undefined ? barStart(timeframe) : barBesideBars(timeframe),
    ticks: asked === undefined ? 'ticks' : ticksBesideBars(asked),
    where: `${runs.ticks} AND ${size}`,
  }
  const reached = swing ? swingingSql(of, runs.ticks) : plainSql(of, runs.ticks)
  return query<CvdBar>(
    name,
    `WITH ${reached}, closed AS (
      SELECT *, sum(delta) OVER run AS close
      FROM (SELECT *, ${runs.begin} AS begin FROM deltas)
      WINDOW run AS (PARTITION BY begin ORDER BY bar ROWS UNBOUNDED PRECEDING)
    ), opened AS (
      SELECT *, coalesce(lag(close) OVER (PARTITION BY begin ORDER BY bar), 0) AS open FROM closed
    )
    SELECT bar AS "timestamp", open AS "open",
      ${swing ? 'open + max_delta AS "high", open + min_delta AS "low",' : ''} close AS "close",
      delta AS "delta",
      buy_volume AS "buyVolume", sell_volume AS "sellVolume", trade_count AS "tradeCount",
      ${barEnd(timeframe, 'bar')} AS "knownAt",
      ${runs.coverage}
    FROM opened WHERE ${windowStart(window, 'bar')} ORDER BY bar`,
    window.params,
  )
}

const sums = `sum(signed) AS delta, sum(greatest(signed, 0)) AS buy_volume,
        sum(greatest(-signed, 0)) AS sell_volume, count(*) AS trade_count`

interface TicksOf {
  readonly bar: string
  readonly ticks: string
  readonly where: string
}

/** CTEs, the last of them `deltas`: a row per bar, with how far the running sum came in it. */
function swingingSql({ bar, ticks, where }: TicksOf, whereBars: string): string {
  const columns = ['bar', ...deltaColumns, ...swingColumns].join(', ')
  return `${runningSql(`${bar} AS bar`, where, ticks)}, reached AS (
      SELECT bar, max(running) AS highest, min(running) AS lowest, ${sums}
      FROM running GROUP BY bar
    ), ${orOfBars(`SELECT ${columns} FROM (${swingSql('reached')})`, whereBars)}`
}

/** The same without that, for which the ticks need no order. */
function plainSql({ bar, ticks, where }: TicksOf, whereBars: string): string {
  const ofTicks = `SELECT ${bar} AS bar, ${sums}
      FROM (SELECT timestamp, if(side = 'BUY', volume, -volume) AS signed FROM ${ticks} WHERE ${where})
      GROUP BY 1`
  return orOfBars(ofTicks, whereBars)
}
