import { resolveOptions } from '../../options.ts'
import { bins } from '../../queries/bins.ts'
import {
  diagonalRules,
  type DiagonalImbalance,
  type DiagonalImbalanceOptions,
} from '../../queries/diagonal-imbalance.ts'
import { exceeds, reaches } from '../../queries/rounding.ts'
import { resolveWindow } from '../../queries/window.ts'
import { bothSides } from '../sql/cells.ts'
import { coverage } from '../sql/coverage.ts'
import { clickhouseQuery, type ClickhouseQuery } from '../sql/clickhouse-query.ts'
import { barOf, msOf, overBars, widthOf } from '../sql/window-at.ts'

/** Where takers of one side outweigh those of the other diagonally: `calculateDiagonalImbalanceQuery`. */
export function calculateDiagonalImbalanceQuery(
  options: DiagonalImbalanceOptions,
): ClickhouseQuery<DiagonalImbalance> {
  const name = 'calculateDiagonalImbalanceQuery'
  const resolved = resolveOptions(name, options, diagonalRules)
  const { timeframe, definition, ratio, ignoreZero, minVolume } = resolved
  const grid = bins(resolved)
  const sides = sidesOf[definition]((volume) => reaches(volume, minVolume.toExponential()))
  return clickhouseQuery(
    name,
    `WITH cell AS (${bothSides(`${barOf(timeframe)} AS bar, ${grid.index('price')} AS bin`)}),
    beside AS (
      SELECT *, lagInFrame(toNullable(bin), 1, NULL) OVER bins AS below,
        lagInFrame(sold, 1, 0) OVER bins AS sold_below,
        leadInFrame(toNullable(bin), 1, NULL) OVER bins AS above,
        leadInFrame(bought, 1, 0) OVER bins AS bought_above,
        leadInFrame(buys, 1, 0) OVER bins AS buys_above
      FROM cell WINDOW bins AS (PARTITION BY bar ORDER BY bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), imbalance AS (
      SELECT bar, bin, arrayJoin([${sides}]) AS found,
        found.1 AS taker, found.2 AS mine, found.3 AS others
      FROM beside WHERE found.4 AND ${exceeds('mine', `${ratio.toExponential()} * others`)}
        ${ignoreZero ? 'AND others > 0' : ''}
    )
    SELECT ${msOf('bar')} AS timestamp, taker AS side, ${grid.label('bin')} AS price,
      mine AS dominant, others AS opposite, mine / nullIf(others, 0) AS ratio,
      ${msOf(`bar + ${widthOf(timeframe)}`)} AS knownAt, ${coverage()}
    FROM imbalance ORDER BY bar, bin, taker`,
    overBars(resolveWindow(name, resolved, { asOf: 'now' }), timeframe),
  )
}

/** Of a cell both sides: the taker's, the dominant and the opposite sum, and whether they count. */
const sidesOf: Record<
  DiagonalImbalanceOptions['definition'] & string,
  (enough: (volume: string) => string) => string
> = {
  atas: (enough) => `
    ('BUY', toFloat64(bought), toFloat64(if(below = bin - 1, sold_below, 0)), isNotNull(below) AND ${enough('bought')}),
    ('SELL', toFloat64(sold), toFloat64(if(above = bin + 1, bought_above, 0)), isNotNull(above) AND ${enough('sold')})`,
  freqtrade: (enough) => `
    ('BUY', toFloat64(buys_above), toFloat64(sells), isNotNull(above) AND ${enough('bought + sold')}),
    ('SELL', toFloat64(sells), toFloat64(buys_above), isNotNull(above) AND ${enough('bought + sold')})`,
}
