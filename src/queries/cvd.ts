import { resolveOptions } from '../options.ts'
import { windowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { ticksOfSize, tradeSizeRules, type TradeSizeOptions } from './trade-size.ts'
import { resolveWindow, ticksInWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `calculateCvdQuery`. */
export interface CvdOptions extends WindowOptions, TradeSizeOptions {}

/** The row of `calculateCvdQuery`. */
export interface Cvd extends Coverage {
  /** Σ bought − Σ sold over the window; 0 without a trade. */
  readonly cvd: number
  /** Volume that takers bought. */
  readonly buyVolume: number
  /** Volume that takers sold. */
  readonly sellVolume: number
  /** Number of trades. */
  readonly tradeCount: number
}

/**
 * The cumulative volume delta of a window: what takers bought less what takers sold, in one row.
 * 10 + 15 + 20 bought and 5 + 3 sold give 37.
 */
export function calculateCvdQuery(options: CvdOptions = {}): Query<Cvd> {
  const name = 'calculateCvdQuery'
  const resolved = resolveOptions(name, options, { ...windowRules, ...tradeSizeRules })
  const window = resolveWindow(name, resolved)
  return query(
    name,
    `SELECT buy_volume - sell_volume AS "cvd", buy_volume AS "buyVolume",
      sell_volume AS "sellVolume", trade_count AS "tradeCount",
      ${windowCoverage(window)}
    FROM (
      SELECT coalesce(sum(if(side = 'BUY', volume, 0)), 0) AS buy_volume,
        coalesce(sum(if(side = 'SELL', volume, 0)), 0) AS sell_volume, count(*) AS trade_count
      FROM ticks WHERE ${ticksInWindow(window)} AND ${ticksOfSize(name, resolved)}
    )`,
    window.params,
  )
}
