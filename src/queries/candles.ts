import { integer, optional, resolveOptions } from '../options.ts'
import {
  barRules,
  barsAsked,
  barsOfWindowSql,
  resolveBars,
  type BarOptions,
  type BarOriginColumn,
} from './bars.ts'
import { query, type Query } from './query.ts'
import type { StoredCandle } from '../schema/rows.ts'
import { resolveWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `getCandlesQuery`. */
export interface CandlesOptions extends BarOptions, WindowOptions {
  /** Only so many of the newest. Default: all of the window. */
  readonly limit?: number | undefined
}

/** A bar of `getCandlesQuery`. */
export interface CandleRow extends StoredCandle, BarOriginColumn {}

/**
 * The bars that open inside a window, oldest first; the one still open is among them unless
 * `asOf` is given. Bars without trades are absent. Each row says what its bar is made of.
 */
export function getCandlesQuery(options: CandlesOptions): Query<CandleRow> {
  const name = 'getCandlesQuery'
  const resolved = resolveOptions(name, options, {
    ...windowRules,
    ...barRules,
    limit: optional(integer(1, 10_000_000, 1)),
  })
  const window = resolveWindow(name, resolved)
  const bars = resolveBars(resolved)
  const { limit } = resolved
  const newest = limit === undefined ? '' : `ORDER BY timestamp DESC LIMIT ${limit}`
  return query(
    name,
    `SELECT ${candleFields}, source AS "source"
    FROM (${barsOfWindowSql(bars, window, limit)} ${newest}) AS bar
    ORDER BY bar.timestamp`,
    window.params,
    barsAsked(bars),
  )
}

/** The columns of bars under the API's names. */
export const candleFields = `timestamp AS "timestamp", open AS "open", high AS "high", low AS "low",
  close AS "close", volume AS "volume", buy_volume AS "buyVolume", sell_volume AS "sellVolume",
  quote_volume AS "quoteVolume", trade_count AS "tradeCount"`
