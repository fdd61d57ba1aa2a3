import { integer, number, oneOf, optional, resolveOptions } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import { barStart } from '../schema/tables.ts'
import { ticksOfBars } from './bars.ts'
import { deletedBeforeSql, rowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { exceeds } from './rounding.ts'
import { barsInWindow, resolveWindow, windowRules, type WindowOptions } from './window.ts'

/** What `detectSpeedOfTapeQuery` counts. */
export type TapeMeasure = 'volume' | 'ticks' | 'buys' | 'sells' | 'delta'

/** Options of `detectSpeedOfTapeQuery`. */
export interface SpeedOfTapeOptions extends WindowOptions {
  /** What is counted: volume of all, number of trades, bought or sold volume, delta. */
  readonly measure?: TapeMeasure | undefined
  /** Length of the sum. Default 10. */
  readonly seconds?: number | undefined
  /** Values in the moving average, the newest included. Default 20. */
  readonly averageOf?: number | undefined
  /** How many times its moving average the speed must exceed. Default 1.5. */
  readonly factor?: number | undefined
  /** A fixed bound on the speed, instead of the moving average. */
  readonly threshold?: number | undefined
}

/** A row of `detectSpeedOfTapeQuery`. */
export interface SpeedOfTape extends Coverage {
  /** Beginning of the second whose end the speed is of, Unix ms. */
  readonly timestamp: number
  /** End of that second. */
  readonly knownAt: number
  /** The sum over the last seconds; its sign is that of the delta when that is measured. */
  readonly speed: number
  /** What the size of the speed had to exceed. */
  readonly threshold: number
  /** Whether the speed is above the threshold. */
  readonly signal: boolean
  /** Bought less sold volume over the same seconds: which way the tape runs. */
  readonly delta: number
}

const rules = {
  ...windowRules,
  measure: oneOf(['volume', 'ticks', 'buys', 'sells', 'delta'], 'volume'),
  seconds: integer(1, 3600, 10),
  averageOf: optional(integer(1, 10_000, 20)),
  factor: optional(number(0, 1000, 1.5)),
  threshold: optional(number(0, Number.MAX_VALUE, 0)),
}

const amounts: Readonly<Record<TapeMeasure, string>> = {
  volume: 'sum(volume)',
  ticks: 'count(*)::DOUBLE',
  buys: `coalesce(sum(volume) FILTER (side = 'BUY'), 0)`,
  sells: `coalesce(sum(volume) FILTER (side = 'SELL'), 0)`,
  delta: `sum(CASE WHEN side = 'BUY' THEN volume ELSE -volume END)`,
}

/**
 * How fast the tape runs: at the end of every second with trades, the sum over the last seconds,
 * and whether it is above `factor` times its moving average or above a fixed bound. Of a delta the
 * size is averaged and compared. Seconds that ended by `asOf` (default: now); the window chooses
 * among them, what came before it counts in sums and averages. Source: ATAS SpeedOfTape.
 */
export function detectSpeedOfTapeQuery(options: SpeedOfTapeOptions = {}): Query<SpeedOfTape> {
  const resolved = resolveOptions('detectSpeedOfTapeQuery', options, rules)
  const { measure, seconds, averageOf = 20, factor = 1.5, threshold } = resolved
  if (threshold !== undefined && (resolved.averageOf ?? resolved.factor) !== undefined)
    throw new TypeError(
      'detectSpeedOfTapeQuery: `threshold` is instead of the moving average: give it without `factor` and `averageOf`',
    )
  const window = resolveWindow('detectSpeedOfTapeQuery', resolved, { asOf: 'now' })
  const begin = `timestamp - INTERVAL ${seconds - 1} SECOND`
  return query(
    'detectSpeedOfTapeQuery',
    `WITH second AS (
      SELECT ${barStart('1s')} AS timestamp, ${amounts[measure]} AS amount, ${amounts.delta} AS delta
      FROM ticks WHERE ${ticksOfBars({ ...window, from: undefined, to: undefined }, '1s')} GROUP BY 1
    ), sped AS (
      SELECT timestamp, sum(amount) OVER lately AS speed, sum(delta) OVER lately AS delta
      FROM second
      WHERE timestamp >= coalesce(${deletedBeforeSql('ticks')}, '-infinity'::TIMESTAMP)
      WINDOW lately AS (
        ORDER BY timestamp RANGE BETWEEN INTERVAL ${seconds - 1} SECOND PRECEDING AND CURRENT ROW)
    ), flagged AS (
      SELECT *, ${
        threshold === undefined
          ? `${factor.toExponential()}::DOUBLE * avg(abs(speed)) OVER (ORDER BY timestamp ROWS ${averageOf - 1} PRECEDING)`
          : `${threshold.toExponential()}::DOUBLE`
      } AS threshold
      FROM sped
    )
    SELECT
      timestamp, ${barEnd('1s')} AS "knownAt", speed, threshold,
      ${exceeds('abs(speed)', 'threshold')} AS "signal", delta,
      ${rowCoverage(window, { begin, end: barEnd('1s') })}
    FROM flagged WHERE ${barsInWindow({ ...window, asOf: undefined }, '1s')}
    ORDER BY timestamp`,
    window.params,
  )
}
