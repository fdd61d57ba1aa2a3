import { barEnd } from '../../schema/candles.ts'
import { keptComplete } from './mark-complete.ts'
import { timestampSql, type RefreshPass } from './plan-refresh.ts'
import { recomputedFromSql, refreshBars } from './refresh-bars.ts'

/**
 * Statements that bring `order_flow` up to date, out of candles, which stay right where ticks were
 * deleted. The running `cvd` goes on from the row before; where retention has taken that one, from
 * the level that the oldest row still tells, and where it has taken all, from 0.
 */
export function refreshOrderFlowSql(pass: RefreshPass): string[] {
  const { timeframe, marks } = pass
  const from = `greatest(${recomputedFromSql(pass, 0)}, ${timestampSql(marks['order_flow'] ?? -Infinity)})`
  const stored = `FROM order_flow WHERE timeframe = '${timeframe}' AND timestamp`
  return [
    `CREATE OR REPLACE TEMP TABLE pairduck_refreshed AS
    WITH beginning AS (SELECT ${from} AS since), base AS (
      SELECT since, coalesce(
        (SELECT arg_max(cvd, timestamp) ${stored} < since),
        (SELECT arg_min(cvd - delta, timestamp) ${stored} >= since), 0) AS cvd
      FROM beginning
    )
    SELECT
      timestamp, '${timeframe}' AS timeframe,
      base.cvd + sum(buy_volume - sell_volume) OVER (ORDER BY timestamp) AS cvd,
      buy_volume - sell_volume AS delta, buy_volume, sell_volume,
      buy_volume / nullif(sell_volume, 0) AS imbalance_ratio, ${barEnd(timeframe)} AS known_at
    FROM ${refreshBars}, base
    WHERE timestamp >= since AND buy_volume IS NOT NULL AND sell_volume IS NOT NULL`,
    `DELETE ${stored} >= ${from}`,
    `INSERT INTO order_flow SELECT *, ${keptComplete('order_flow', timeframe)} FROM pairduck_refreshed`,
  ]
}
