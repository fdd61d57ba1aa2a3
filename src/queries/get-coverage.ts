import { oneOf, optional, resolveOptions } from '../options.ts'
import { timeframes } from '../time.ts'
import { barRules, resolveBars, type BarOptions } from './bars.ts'
import { windowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { resolveWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `getCoverageQuery`. */
export interface CoverageOptions extends WindowOptions, Partial<BarOptions> {}

/**
 * How far the data of a window reach and whether a hole is known in it, in one row: of the ticks,
 * or with `timeframe` of the bars that a builder with the same options reads. For rows that do not
 * say it themselves, such as candles.
 */
export function getCoverageQuery(options: CoverageOptions = {}): Query<Coverage> {
  const name = 'getCoverageQuery'
  const { timeframe, source, ...rest } = resolveOptions(name, options, {
    ...windowRules,
    source: barRules.source,
    timeframe: optional(oneOf(timeframes, '1m')),
  })
  const window = resolveWindow(name, rest)
  const relation = timeframe && resolveBars({ timeframe, source }).relation
  return query(name, `SELECT ${windowCoverage(window, relation)}`, window.params)
}
