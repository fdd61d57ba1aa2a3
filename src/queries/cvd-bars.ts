import { resolveOptions } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import { barStart } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'
import { timeframeRule } from './bars.ts'
import type { Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { resetRules, runsOf, type ResetOptions } from './reset.ts'
import { runningSql, swingSql } from './running-delta.ts'
import { ticksOfSize, tradeSizeRules, type TradeSizeOptions } from './trade-size.ts'
import { resolveWindow, windowRules, windowStart, type WindowOptions } from './window.ts'

/** Options of `calculateCvdBarsQuery`. */
export interface CvdBarsOptions extends WindowOptions, ResetOptions, TradeSizeOptions {
  /** The length of the bars. */
  readonly timeframe: Timeframe
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

/**
 * Cumulative volume delta as bars, oldest first: those with trades that open inside the window;
 * with `asOf` only those closed by it. A sum that resets is taken from its reset on, also where
 * that is before the window. Authorities: ATAS CumulativeDelta; Bookmap's size filter.
 */
export function calculateCvdBarsQuery(options: CvdBarsOptions): Query<CvdBar> {
  const name = 'calculateCvdBarsQuery'
  const resolved = resolveOptions(name, options, {
    ...windowRules,
    ...resetRules,
    ...tradeSizeRules,
    timeframe: timeframeRule,
  })
  const { timeframe } = resolved
  const window = resolveWindow(name, resolved)
  const runs = runsOf(name, resolved, timeframe, window)
  return query(
    name,
    `WITH ${runningSql(
      `${barStart(timeframe)} AS bar`,
      `${runs.ticks} AND ${ticksOfSize(name, resolved)}`,
    )}, reached AS (
      SELECT bar, max(running) AS highest, min(running) AS lowest,
        sum(signed) AS delta, sum(greatest(signed, 0)) AS buy_volume,
        sum(greatest(-signed, 0)) AS sell_volume, count(*) AS trade_count
      FROM running GROUP BY bar
    ), closed AS (
      SELECT *, sum(delta) OVER run AS close
      FROM (SELECT *, ${runs.begin} AS begin FROM (${swingSql('reached')}))
      WINDOW run AS (PARTITION BY begin ORDER BY bar ROWS UNBOUNDED PRECEDING)
    ), opened AS (
      SELECT *, coalesce(lag(close) OVER (PARTITION BY begin ORDER BY bar), 0) AS open FROM closed
    )
    SELECT bar AS "timestamp", open AS "open",
      open + max_delta AS "high", open + min_delta AS "low", close AS "close", delta AS "delta",
      buy_volume AS "buyVolume", sell_volume AS "sellVolume", trade_count AS "tradeCount",
      ${barEnd(timeframe, 'bar')} AS "knownAt",
      ${runs.coverage}
    FROM opened WHERE ${windowStart(window, 'bar')} ORDER BY bar`,
    window.params,
  )
}
