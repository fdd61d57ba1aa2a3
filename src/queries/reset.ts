import { shown } from '../errors.ts'
import { optional, type OptionRule } from '../options.ts'
import { timeframeMs, type Timeframe } from '../time.ts'
import { midnight, sessionMicros, sessionRules, type SessionOptions } from './session.ts'
import { ticksOfBars } from './bars.ts'
import { barEnd } from '../schema/candles.ts'
import { rowCoverage, windowBegin } from './coverage.ts'
import type { ResolvedWindow } from './window.ts'

/** Where a running sum over bars begins anew. */
export interface ResetOptions extends SessionOptions {
  /**
   * `none` (default): at the window's beginning alone. `session`: with each session. A number N:
   * with every N bars, counted on the clock (15 bars of 1m: at :00, :15, :30, :45).
   */
  readonly reset?: 'none' | 'session' | number | undefined
}

export interface ResolvedReset {
  readonly reset: 'none' | 'session' | number
  readonly sessionStart: string | undefined
}

const maxBars = 1_000_000

/** The rules of {@link ResetOptions}, to be spread into a builder's own. */
export const resetRules: {
  readonly reset: OptionRule<'none' | 'session' | number>
  readonly sessionStart: OptionRule<string | undefined>
} = {
  reset: {
    fallback: 'none',
    numeric: true,
    expected: `'none', 'session' or a whole number of bars from 1 to ${maxBars}`,
    accepts: (value) =>
      value === 'none' ||
      value === 'session' ||
      (Number.isInteger(value) && Number(value) > 0 && Number(value) <= maxBars),
  },
  sessionStart: optional(sessionRules.sessionStart),
}

/** The running sums of a window in SQL. */
export interface Runs {
  /** The condition on ticks: those of the window's bars, and of its first run before them. */
  readonly ticks: string
  /** Of a bar at `bar`: when its run began, or NULL where the window has no beginning. */
  readonly begin: string
  /** The columns of `Coverage`: of a bar at `bar`, from the beginning of its run to its end. */
  readonly coverage: string
}

/** A bar belongs to the run that holds its opening. */
export function runsOf(
  caller: string,
  reset: ResolvedReset,
  timeframe: Timeframe,
  window: ResolvedWindow,
): Runs {
  if (reset.sessionStart !== undefined && reset.reset !== 'session')
    throw new TypeError(
      `${caller}: \`sessionStart\` belongs to \`reset: 'session'\`, got ${shown(reset.reset)}`,
    )
  const end = barEnd(timeframe, 'bar')
  if (reset.reset === 'none') {
    const begin = windowBegin(window)
    return {
      ticks: ticksOfBars(window, timeframe),
      begin: begin ?? 'NULL::TIMESTAMP',
      coverage: rowCoverage(window, { begin, end }),
    }
  }
  const begin = (micros: string): string =>
    `make_timestamp(${beginMicros(reset, timeframe, micros)})`
  const { from } = window
  const after = ticksOfBars({ ...window, from: undefined }, timeframe)
  return {
    ticks: from === undefined ? after : `timestamp >= ${begin(from)} AND ${after}`,
    begin: begin('epoch_us(bar)'),
    coverage: rowCoverage(window, { begin: begin('epoch_us(bar)'), end }),
  }
}

function beginMicros(
  { reset, sessionStart }: ResolvedReset,
  timeframe: Timeframe,
  micros: string,
): string {
  if (typeof reset !== 'number')
    return sessionMicros(micros, { sessionStart: sessionStart ?? midnight })
  const width = reset * timeframeMs[timeframe] * 1000
  return `(${micros} // ${width} * ${width})`
}
