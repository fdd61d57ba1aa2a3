import { resolveOptions } from '../../options.ts'
import type { Cvd, CvdOptions } from '../../queries/cvd.ts'
import type {
  OrderFlowImbalance,
  OrderFlowImbalanceOptions,
} from '../../queries/order-flow-imbalance.ts'
import { ticksOfSize, tradeSizeRules } from '../../queries/trade-size.ts'
import { resolveWindow, windowRules } from '../../queries/window.ts'
import { coverage } from '../sql/coverage.ts'
import { clickhouseQuery, type ClickhouseQuery } from '../sql/clickhouse-query.ts'
import { overTicks } from '../sql/window-at.ts'

/** The cumulative volume delta of a window, in one row: `calculateCvdQuery` of `pairduck/queries`. */
export function calculateCvdQuery(options: CvdOptions = {}): ClickhouseQuery<Cvd> {
  const name = 'calculateCvdQuery'
  const resolved = resolveOptions(name, options, { ...windowRules, ...tradeSizeRules })
  return clickhouseQuery(
    name,
    `WITH total AS (${totalSql(ticksOfSize(name, resolved))})
    SELECT bought - sold AS cvd, bought AS buyVolume, sold AS sellVolume,
      buys + sells AS tradeCount, ${coverage()}
    FROM total`,
    overTicks(resolveWindow(name, resolved)),
  )
}

/** How far takers' buying outweighs their selling: `calculateOrderFlowImbalanceQuery`. */
export function calculateOrderFlowImbalanceQuery(
  options: OrderFlowImbalanceOptions = {},
): ClickhouseQuery<OrderFlowImbalance> {
  const name = 'calculateOrderFlowImbalanceQuery'
  const resolved = resolveOptions(name, options, { ...windowRules, ...tradeSizeRules })
  return clickhouseQuery(
    name,
    `WITH total AS (${totalSql(ticksOfSize(name, resolved))})
    SELECT bought / nullIf(sold, 0) AS imbalanceRatio,
      (bought - sold) / nullIf(bought + sold, 0) AS tradeImbalance, bought - sold AS delta,
      bought AS buyVolume, sold AS sellVolume, buys AS buyCount, sells AS sellCount, ${coverage()}
    FROM total`,
    overTicks(resolveWindow(name, resolved)),
  )
}

function totalSql(where: string): string {
  return `SELECT sumKahanIf(volume, side = 'BUY') AS bought, sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks WHERE ${where}`
}
