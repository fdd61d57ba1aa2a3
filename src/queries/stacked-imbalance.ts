import { integer, resolveOptions } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import { bins } from './bins.ts'
import { rowCoverage, windowBegin, type Coverage } from './coverage.ts'
import { diagonalRules, diagonalSql, type DiagonalImbalanceOptions } from './diagonal-imbalance.ts'
import { query, type Query } from './query.ts'
import { resolveWindow } from './window.ts'

/** Options of `calculateStackedImbalanceQuery`. */
export interface StackedImbalanceOptions extends DiagonalImbalanceOptions {
  /** How many neighbouring imbalances of one side make a stack. Default 3. */
  readonly minStack?: number | undefined
}

/** A row of `calculateStackedImbalanceQuery`. */
export interface StackedImbalance extends Coverage {
  /** Open time of the bar. */
  readonly timestamp: number
  /** The taker's side: `BUY` lifts the ask, `SELL` hits the bid. */
  readonly side: 'BUY' | 'SELL'
  /** Lower edge of the lowest marked bin, upper edge of the highest. */
  readonly priceLow: number
  /** Upper edge of the price range. */
  readonly priceHigh: number
  /** How many bins are marked. */
  readonly count: number
  /** Σ of the dominant side's volume (`freqtrade`: trades). */
  readonly dominant: number
  /** When the bar closes. */
  readonly knownAt: number
}

/**
 * Runs of neighbouring diagonal imbalances of one side, every one of them, of closed bars: oldest
 * bar first, in it lowest first. Neighbours are bins that touch (`freqtrade`: that follow on each
 * other among those with trades). Authority: ATAS StackedImbalance.
 */
export function calculateStackedImbalanceQuery(
  options: StackedImbalanceOptions,
): Query<StackedImbalance> {
  const name = 'calculateStackedImbalanceQuery'
  const resolved = resolveOptions(name, options, {
    ...diagonalRules,
    minStack: integer(1, 1_000_000, 3),
  })
  const window = resolveWindow(name, resolved, { asOf: 'now' })
  const grid = bins(resolved)
  return query(
    name,
    `WITH ${diagonalSql(resolved, grid, window)}, stack AS (
      SELECT bar, side, min(bin) AS lowest, max(bin) AS highest, count(*) AS count,
        sum(dominant)::DOUBLE AS dominant
      FROM (SELECT *, position - row_number() OVER (PARTITION BY bar, side ORDER BY position) AS run
        FROM imbalance)
      GROUP BY bar, side, run HAVING count(*) >= ${resolved.minStack}
    )
    SELECT bar AS "timestamp", side AS "side", ${grid.lowerEdge('lowest')} AS "priceLow",
      ${grid.upperEdge('highest')} AS "priceHigh", count AS "count", dominant AS "dominant",
      ${barEnd(resolved.timeframe, 'bar')} AS "knownAt",
      ${rowCoverage(window, { begin: 'bar', end: barEnd(resolved.timeframe, 'bar'), askedFrom: windowBegin(window) })}
    FROM stack ORDER BY bar, lowest, side`,
    window.params,
  )
}
