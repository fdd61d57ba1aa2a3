import { integer, oneOf, resolveOptions } from '../options.ts'
import type { BarOrigin } from '../schema/bar-sources.ts'
import { timeframeMs, timeframes, type Timeframe } from '../time.ts'
import { barRules, barsAsked, barsOfWindowSql, resolveBars, type BarSource } from './bars.ts'
import { binRules, bins, type Bins, type Rounding } from './bins.ts'
import { rowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import {
  dayMicros,
  sessionMicros,
  sessionRules,
  sessionStartMinutes,
  type SessionOptions,
} from './session.ts'
import {
  valueAreaColumns,
  valueAreaRules,
  valueAreaSql,
  type ValueAreaOptions,
} from './value-area.ts'
import { resolveWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `calculateTpoProfileQuery`. */
export interface TpoProfileOptions extends WindowOptions, ValueAreaOptions, SessionOptions {
  /** The width of a bin, in price. */
  readonly binSize: number
  /** Which edge of a bin names it. Default `floor`: the lower edge. */
  readonly rounding?: Rounding | undefined
  /** The time that one letter stands for. Default `30m`, by custom. */
  readonly timeframe?: Timeframe | undefined
  /** Where bars come from: stored candles or stored ticks. */
  readonly source?: BarSource | undefined
  /** The initial balance: so many minutes from the session's beginning. Default 60. */
  readonly initialBalanceMinutes?: number | undefined
}

/** A bin of a TPO profile. */
export interface TpoBin {
  /** The bin's name. */
  readonly price: number
  /** How many periods touched the bin. */
  readonly tpoCount: number
  /** Their letters in order: A … Z, a … z, then from A again. */
  readonly letters: string
}

/** A row of `calculateTpoProfileQuery`: one session. */
export interface TpoProfile extends Coverage {
  /** The beginning of the session. */
  readonly timestamp: number
  /** The bin that most periods touched, and the value area by count, as in the market profile. */
  readonly poc: number
  /** Lower edge of the value area's lowest bin. */
  readonly valueAreaLow: number
  /** Upper edge of the value area's highest bin. */
  readonly valueAreaHigh: number
  /** The name of the value area's lowest bin. */
  readonly valueAreaLowBin: number
  /** The name of the value area's highest bin. */
  readonly valueAreaHighBin: number
  /** The highest price. */
  readonly high: number
  /** The lowest price. */
  readonly low: number
  /** The range of the session's first minutes; null where nothing was traded then. */
  readonly initialBalanceHigh: number | null
  /** The lowest price of the initial balance; null where nothing was traded then. */
  readonly initialBalanceLow: number | null
  /** When those minutes are over; before, the balance is of a part of them. */
  readonly initialBalanceKnownAt: number
  /** Number of letters in all bins. */
  readonly tpoCount: number
  /** The height of a bin, in units of the price. */
  readonly binSize: number
  /** Bins that were touched, lowest first. */
  readonly bins: readonly TpoBin[]
  /** What the session's bars are made of. */
  readonly sources: readonly BarOrigin[]
}

/**
 * The time-price-opportunity profile of each session that overlaps the window, from the session's
 * beginning, also where that is before the window, to its end or the window's; oldest first. A
 * period marks every bin from its low to its high with its letter. A session needs its data:
 * with ticks of the last minutes alone it says `truncated`. A session whose letters would mark
 * more than a million bins is an error that asks for a larger `binSize`. Authority: chart-patterns.
 */
export function calculateTpoProfileQuery(options: TpoProfileOptions): Query<TpoProfile> {
  const name = 'calculateTpoProfileQuery'
  const resolved = resolveOptions(name, options, {
    ...windowRules,
    ...binRules,
    ...valueAreaRules,
    ...sessionRules,
    ...barRules,
    timeframe: oneOf(timeframes, '30m'),
    initialBalanceMinutes: integer(1, 1440, 60),
  })
  const window = resolveWindow(name, resolved)
  const { from } = window
  const bars = resolveBars(resolved)
  const periodMinutes = checkedPeriod(name, resolved)
  const session = (micros: string): string => sessionMicros(micros, resolved)
  const whole = { ...window, from: from === undefined ? undefined : session(from) }
  const grid = bins(resolved)
  const ends = [`profile + ${dayMicros}`, window.to, window.asOf].filter((end) => end !== undefined)
  const sessionEnd = `make_timestamp(least(${ends.join(', ')}))`
  const balance = `letter < ${resolved.initialBalanceMinutes / periodMinutes}`
  return query(
    name,
    `WITH ${touchedBins(barsOfWindowSql(bars, whole), periodMinutes, session, grid)}, ${valueAreaSql(resolved)}, price AS (
      SELECT session AS profile, max(high) AS high, min(low) AS low,
        max(high) FILTER (${balance}) AS balance_high, min(low) FILTER (${balance}) AS balance_low,
        list(DISTINCT source ORDER BY source) AS sources
      FROM period GROUP BY ALL
    ), listed AS (
      SELECT profile, list({
        price: ${grid.label('bin')}, tpoCount: weight, letters: letters
      } ORDER BY bin) AS bins
      FROM bin GROUP BY profile
    )
    SELECT make_timestamp(profile) AS "timestamp", ${valueAreaColumns(grid)},
      high AS "high", low AS "low",
      balance_high AS "initialBalanceHigh", balance_low AS "initialBalanceLow",
      make_timestamp(profile + ${resolved.initialBalanceMinutes * 60_000_000}) AS "initialBalanceKnownAt",
      total AS "tpoCount", ${resolved.binSize.toExponential()}::DOUBLE AS "binSize", bins AS "bins", sources AS "sources",
      ${rowCoverage(window, { begin: 'make_timestamp(profile)', end: sessionEnd }, bars.relation)}
    FROM area JOIN price USING (profile) JOIN listed USING (profile) ORDER BY profile`,
    window.params,
    barsAsked(bars),
  )
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** More would fill the memory before anybody could look at them. */
const maxMarks = 1_000_000
const tooMany = `marks || ' marks in a session, more than ${maxMarks}: give a larger binSize'`

function checkedPeriod(
  name: string,
  options: { timeframe: Timeframe; initialBalanceMinutes: number; sessionStart: string },
): number {
  const periodMinutes = timeframeMs[options.timeframe] / 60_000
  for (const [option, minutes] of [
    ['initialBalanceMinutes', options.initialBalanceMinutes],
    ['sessionStart', sessionStartMinutes(options)],
  ] as const)
    // In milliseconds: a second is no exact part of a minute as a double.
    if ((minutes * 60_000) % timeframeMs[options.timeframe] !== 0)
      throw new RangeError(
        `${name}: \`${option}\` (${minutes} min) is no whole number of periods of ${options.timeframe}`,
      )
  return periodMinutes
}

/** CTEs `period`, one row per period and session, and `bin`: the bins that they touched. */
function touchedBins(
  bars: string,
  periodMinutes: number,
  session: (micros: string) => string,
  grid: Bins,
): string {
  return `
    period AS MATERIALIZED (
      SELECT *, (epoch_us(timestamp) - session) // ${periodMinutes * 60_000_000} AS letter
      FROM (SELECT timestamp, high, low, source, ${session('epoch_us(timestamp)')} AS session
        FROM (${bars}))
    ), reach AS (
      SELECT session, letter, lowest, highest,
        sum(highest - lowest + 1) OVER (PARTITION BY session) AS marks
      FROM (SELECT *, ${grid.index('low')} AS lowest, ${grid.index('high')} AS highest FROM period)
    ), touched AS (
      SELECT session, letter, unnest(range(lowest, CASE
        WHEN marks > ${maxMarks} THEN error(${tooMany})::BIGINT ELSE highest + 1 END)) AS bin
      FROM reach
    ), bin AS MATERIALIZED (
      SELECT session AS profile, bin, count(*)::DOUBLE AS weight,
        string_agg(substr('${letters}', (letter % ${letters.length} + 1)::BIGINT, 1), ''
          ORDER BY letter) AS letters
      FROM touched GROUP BY ALL
    )`
}
