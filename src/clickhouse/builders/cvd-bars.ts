import { resolveOptions } from '../../options.ts'
import { timeframeRule } from '../../queries/bars.ts'
import type { CvdBar, CvdBarsOptions } from '../../queries/cvd-bars.ts'
import { resetRules } from '../../queries/reset.ts'
import { ticksOfSize, tradeSizeRules } from '../../queries/trade-size.ts'
import { resolveWindow, windowRules } from '../../queries/window.ts'
import { coverage, windowBegin } from '../sql/coverage.ts'
import { clickhouseQuery, type ClickhouseQuery } from '../sql/clickhouse-query.ts'
import { runsAt } from '../sql/runs.ts'
import { barOf, msOf, widthOf } from '../sql/window-at.ts'

/** Cumulative volume delta as bars, oldest first: `calculateCvdBarsQuery` of `pairduck/queries`. */
export function calculateCvdBarsQuery(options: CvdBarsOptions): ClickhouseQuery<CvdBar> {
  const name = 'calculateCvdBarsQuery'
  const resolved = resolveOptions(name, options, {
    ...windowRules,
    ...resetRules,
    ...tradeSizeRules,
    timeframe: timeframeRule,
  })
  const { timeframe } = resolved
  const runs = runsAt(name, resolved, timeframe, resolveWindow(name, resolved))
  // A running sum within each bar: how far it swings from the bar's opening is all that is wanted.
  return clickhouseQuery(
    name,
    `WITH signed AS (
      SELECT ${barOf(timeframe)} AS bar, at, id_length, id, price, volume, side,
        if(side = 'BUY', volume, -volume) AS change
      FROM ticks WHERE ${ticksOfSize(name, resolved)}
    ), running AS (
      SELECT bar, change, sum(change) OVER (PARTITION BY bar
        ORDER BY at, id_length, id, price, volume, side
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS reached
      FROM signed
    ), swing AS (
      SELECT bar, max(reached) AS highest, min(reached) AS lowest, sumKahan(change) AS delta,
        sumKahan(greatest(change, 0)) AS bought, sumKahan(greatest(-change, 0)) AS sold,
        count() AS trades
      FROM running GROUP BY bar
    ), closed AS (
      SELECT *, ifNull(${runs.begin}, 0) AS run, ${runs.begin} AS begun,
        sum(delta) OVER (PARTITION BY ifNull(${runs.begin}, 0) ORDER BY bar
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total
      FROM swing
    ), opened AS (
      SELECT *, lagInFrame(total, 1, 0) OVER (PARTITION BY run ORDER BY bar
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
      FROM closed
    )
    SELECT ${msOf('bar')} AS timestamp, before AS open, before + greatest(highest, delta) AS high,
      before + least(lowest, delta) AS low, total AS close, delta, bought AS buyVolume,
      sold AS sellVolume, trades AS tradeCount, ${msOf(`bar + ${widthOf(timeframe)}`)} AS knownAt,
      ${coverage('begun')}
    FROM opened WHERE ifNull(bar >= ${windowBegin}, true) ORDER BY bar`,
    runs.at,
  )
}
