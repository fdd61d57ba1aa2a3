import { resolveOptions } from '../../options.ts'
import { binRules, bins } from '../../queries/bins.ts'
import type { MarketProfile, MarketProfileOptions } from '../../queries/market-profile.ts'
import { valueAreaRules } from '../../queries/value-area.ts'
import { resolveWindow, windowRules } from '../../queries/window.ts'
import { bothSides } from '../sql/cells.ts'
import { coverage } from '../sql/coverage.ts'
import { clickhouseQuery, type ClickhouseQuery } from '../sql/clickhouse-query.ts'
import { valueAreaSql } from '../sql/value-area.ts'
import { overTicks } from '../sql/window-at.ts'

/** Volume at each price, with point of control and value area: `calculateMarketProfileQuery`. */
export function calculateMarketProfileQuery(
  options: MarketProfileOptions,
): ClickhouseQuery<MarketProfile> {
  const name = 'calculateMarketProfileQuery'
  const resolved = resolveOptions(name, options, { ...windowRules, ...binRules, ...valueAreaRules })
  const grid = bins(resolved)
  return clickhouseQuery(
    name,
    `WITH cell AS (${bothSides(`${grid.index('price')} AS bin`)}), ${valueAreaSql(resolved)}
    SELECT ${grid.label('poc_bin')} AS poc, ${grid.lowerEdge('low_bin')} AS valueAreaLow,
      ${grid.upperEdge('high_bin')} AS valueAreaHigh, ${grid.label('low_bin')} AS valueAreaLowBin,
      ${grid.label('high_bin')} AS valueAreaHighBin, poc_weight AS pocVolume,
      area_weight AS valueAreaVolume, ifNull(whole_weight, 0) AS totalVolume,
      ${resolved.binSize.toExponential()} AS binSize,
      (SELECT groupArray(CAST((${grid.label('bin')}, bought, sold, bought + sold, buys + sells), '${binShape}'))
        FROM (SELECT * FROM cell ORDER BY bin)) AS bins,
      ${coverage()}
    FROM area`,
    overTicks(resolveWindow(name, resolved)),
  )
}

const binShape =
  'Tuple(price Float64, buyVolume Float64, sellVolume Float64, volume Float64, tradeCount UInt64)'
