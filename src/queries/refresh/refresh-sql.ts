import { keptAnalytics, timestampSql, type RefreshPass } from './plan-refresh.ts'
import { markCompleteSql } from './mark-complete.ts'
import { refreshBars, refreshBarsSql } from './refresh-bars.ts'
import { refreshGapsSql } from './refresh-gaps.ts'
import { refreshMarketProfileSql } from './refresh-market-profile.ts'
import { refreshOrderFlowSql } from './refresh-order-flow.ts'
import { refreshZonesSql } from './refresh-zones.ts'

/**
 * The statements of a pass, to be run in one transaction with those of the file's other passes:
 * what is stored and how far it is move together, so a pass that was cut off is simply run again.
 */
export function refreshSql(
  pass: RefreshPass,
  { binSize }: { binSize?: number | undefined },
): string[] {
  const { timeframe, until } = pass
  const analytics = keptAnalytics.map(
    (analytic) => `('${analytic}', '${timeframe}', ${timestampSql(until)}, NULL)`,
  )
  return [
    refreshBarsSql(pass),
    ...refreshOrderFlowSql(pass),
    ...refreshMarketProfileSql(pass, binSize),
    ...refreshGapsSql(pass),
    ...refreshZonesSql(pass),
    ...markCompleteSql(pass),
    `DROP TABLE pairduck_refreshed`,
    `DROP TABLE ${refreshBars}`,
    `DELETE FROM pairduck_analytics
    WHERE timeframe = '${timeframe}' AND analytic IN (${keptAnalytics.map((name) => `'${name}'`).join(', ')})`,
    `INSERT INTO pairduck_analytics VALUES ${analytics.join(', ')}`,
  ]
}
