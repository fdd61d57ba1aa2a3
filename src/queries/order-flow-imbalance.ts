import { resolveOptions } from '../options.ts'
import { windowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { ticksOfSize, tradeSizeRules, type TradeSizeOptions } from './trade-size.ts'
import { resolveWindow, ticksInWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `calculateOrderFlowImbalanceQuery`. */
export interface OrderFlowImbalanceOptions extends WindowOptions, TradeSizeOptions {}

/** The row of `calculateOrderFlowImbalanceQuery`. */
export interface OrderFlowImbalance extends Coverage {
  /** Bought ÷ sold; null where nothing was sold. */
  readonly imbalanceRatio: number | null
  /** (bought − sold) ÷ (bought + sold), −1 … 1; null without a trade. */
  readonly tradeImbalance: number | null
  /** Bought − sold. */
  readonly delta: number
  /** Volume that takers bought. */
  readonly buyVolume: number
  /** Volume that takers sold. */
  readonly sellVolume: number
  /** Number of trades that takers bought. */
  readonly buyCount: number
  /** Number of trades that takers sold. */
  readonly sellCount: number
}

/**
 * How far takers' buying outweighs their selling in a window, in one row: 45 bought and 8 sold
 * give an `imbalanceRatio` of 5.625.
 */
export function calculateOrderFlowImbalanceQuery(
  options: OrderFlowImbalanceOptions = {},
): Query<OrderFlowImbalance> {
  const name = 'calculateOrderFlowImbalanceQuery'
  const resolved = resolveOptions(name, options, { ...windowRules, ...tradeSizeRules })
  const window = resolveWindow(name, resolved)
  return query(
    name,
    `SELECT buy_volume / nullif(sell_volume, 0) AS "imbalanceRatio",
      (buy_volume - sell_volume) / nullif(buy_volume + sell_volume, 0) AS "tradeImbalance",
      buy_volume - sell_volume AS "delta",
      buy_volume AS "buyVolume", sell_volume AS "sellVolume",
      buy_count AS "buyCount", sell_count AS "sellCount",
      ${windowCoverage(window)}
    FROM (
      SELECT coalesce(sum(if(side = 'BUY', volume, 0)), 0) AS buy_volume,
        coalesce(sum(if(side = 'SELL', volume, 0)), 0) AS sell_volume,
        count(*) FILTER (side = 'BUY') AS buy_count,
        count(*) FILTER (side = 'SELL') AS sell_count
      FROM ticks WHERE ${ticksInWindow(window)} AND ${ticksOfSize(name, resolved)}
    )`,
    window.params,
  )
}
