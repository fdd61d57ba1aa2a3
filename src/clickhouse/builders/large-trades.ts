import { resolveOptions } from '../../options.ts'
import {
  detectLargeTradesQuery as duckdbQuery,
  largeTradeRules,
  sizeSql,
  type DetectLargeTradesOptions,
  type LargeTrade,
} from '../../queries/large-trades.ts'
import { resolveWindow } from '../../queries/window.ts'
import { coverage } from '../sql/coverage.ts'
import { clickhouseQuery, type ClickhouseQuery } from '../sql/clickhouse-query.ts'
import { msOf, overTicks } from '../sql/window-at.ts'

/** The large trades of a window, in the order of trading: `detectLargeTradesQuery`. */
export function detectLargeTradesQuery(
  options: DetectLargeTradesOptions = {},
): ClickhouseQuery<LargeTrade> {
  const name = 'detectLargeTradesQuery'
  duckdbQuery(options)
  const resolved = resolveOptions(name, options, largeTradeRules)
  const { measure, minSize, quantile, side } = resolved
  const size = sizeSql(measure)
  const bound =
    minSize === undefined
      ? `SELECT ${nearestRank(size, quantile ?? 0.99)} AS threshold, max(at) AS known FROM ticks`
      : `SELECT ${minSize.toExponential()} AS threshold, 0 AS known`
  return clickhouseQuery(
    name,
    `WITH bound AS (${bound})
    SELECT ${msOf('at')} AS timestamp, price, volume, price * volume AS notional, side,
      trade_id AS tradeId, threshold, ${msOf('if(known = 0, at, known)')} AS knownAt, ${coverage()}
    FROM ticks CROSS JOIN bound
    WHERE ${size} >= threshold AND ${side === 'both' ? 'true' : `side = '${side}'`}
    ORDER BY at, id_length, id, price, volume, side`,
    overTicks(resolveWindow(name, resolved, { asOf: 'now' })),
  )
}

function nearestRank(size: string, quantile: number): string {
  const rank = `count() - floor(count() - count() * ${quantile.toExponential()})`
  return `arraySort(groupArray(${size}))[toUInt64(greatest(1, ${rank}))]`
}
