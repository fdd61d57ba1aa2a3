import { resolveOptions, rule, type OptionRule } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import { barStart } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'
import { timeframeRule } from './bars.ts'
import { windowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { resetRules, runsOf, type ResetOptions } from './reset.ts'
import {
  resolveWindow,
  ticksInWindow,
  windowRules,
  windowStart,
  type WindowOptions,
} from './window.ts'

/** Options of `calculateVwapQuery`. */
export interface VwapOptions extends WindowOptions {
  /** The bands, in standard deviations. Default `[1, 2, 3]`. */
  readonly bands?: readonly number[] | undefined
}

/** A band of standard deviations around the average. */
export interface VwapBand {
  /** In standard deviations. */
  readonly multiple: number
  /** The average plus the multiple of the standard deviation. */
  readonly upper: number
  /** The average less the multiple of the standard deviation. */
  readonly lower: number
}

/** The row of `calculateVwapQuery`. */
export interface Vwap extends Coverage {
  /** Σ price × volume ÷ Σ volume; null without a trade. */
  readonly vwap: number | null
  /** √(Σ price² × volume ÷ Σ volume − vwap²), never below 0; null without a trade. */
  readonly standardDeviation: number | null
  /** In the order of the option; of nulls without a trade. */
  readonly bands: readonly VwapBand[]
  /** Traded volume in the base currency. */
  readonly volume: number
}

/** The volume-weighted average price of a window, anchored at its `from`, and its bands, in one row. */
export function calculateVwapQuery(options: VwapOptions = {}): Query<Vwap> {
  const name = 'calculateVwapQuery'
  const { bands, ...rest } = resolveOptions(name, options, { ...windowRules, bands: bandsRule })
  const window = resolveWindow(name, rest)
  return query(
    name,
    `SELECT ${averageFields(bands)}, coalesce(v, 0) AS "volume",
      ${windowCoverage(window)}
    FROM (${averageSql(`SELECT ${sums} FROM ${shiftedTicks(ticksInWindow(window))}`)})`,
    window.params,
  )
}

/** Options of `calculateVwapBarsQuery`. */
export interface VwapBarsOptions extends VwapOptions, ResetOptions {
  /** The length of the bars. */
  readonly timeframe: Timeframe
}

/** A row of `calculateVwapBarsQuery`. */
export interface VwapBar extends Coverage {
  /** Open time of the bar; the figures are those at its close. */
  readonly timestamp: number
  /** Volume-weighted average price. */
  readonly vwap: number
  /** Volume-weighted standard deviation of the price. */
  readonly standardDeviation: number
  /** The bands around the average, one per multiple. */
  readonly bands: readonly VwapBand[]
  /** Σ volume since the average began. */
  readonly volume: number
  /** When the bar closes. */
  readonly knownAt: number
}

/**
 * The volume-weighted average price as it stood at the close of each bar, oldest first: anchored
 * at the window's beginning, or beginning anew as `reset` says. An average that resets is taken
 * from its reset on, also where that is before the window.
 */
export function calculateVwapBarsQuery(options: VwapBarsOptions): Query<VwapBar> {
  const name = 'calculateVwapBarsQuery'
  const { bands, timeframe, ...rest } = resolveOptions(name, options, {
    ...windowRules,
    ...resetRules,
    timeframe: timeframeRule,
    bands: bandsRule,
  })
  const window = resolveWindow(name, rest)
  const runs = runsOf(name, rest, timeframe, window)
  const bars = `SELECT ${barStart(timeframe)} AS bar, ${sums} FROM ${shiftedTicks(runs.ticks)} GROUP BY bar`
  const since = ['v', 'pv', 'ppv'].map((sum) => `sum(${sum}) OVER run AS ${sum}`).join(', ')
  const running = `
    SELECT bar, origin, begin, ${since}
    FROM (SELECT *, ${runs.begin} AS begin FROM (${bars}))
    WINDOW run AS (PARTITION BY begin ORDER BY bar ROWS UNBOUNDED PRECEDING)`
  return query(
    name,
    `SELECT bar AS "timestamp", ${averageFields(bands)}, v AS "volume",
      ${barEnd(timeframe, 'bar')} AS "knownAt",
      ${runs.coverage}
    FROM (${averageSql(running)}) WHERE ${windowStart(window, 'bar')} ORDER BY bar`,
    window.params,
  )
}

export const bandsRule: OptionRule<readonly number[]> = rule<readonly number[]>(
  'a list of at most 20 numbers from 0 on',
  (value) =>
    Array.isArray(value) &&
    value.length <= 20 &&
    value.every((multiple) => Number.isFinite(multiple) && Number(multiple) >= 0),
  [1, 2, 3],
)

/**
 * Prices are summed as distances from one of them: near 60,000 the squares of the prices
 * themselves leave a double no digits for a variance of cents.
 */
const sums = `any_value(origin) AS origin, sum(volume) AS v,
  sum((price - origin) * volume) AS pv, sum((price - origin) * (price - origin) * volume) AS ppv`

function shiftedTicks(where: string): string {
  return `(SELECT *, (SELECT price FROM ticks WHERE ${where} LIMIT 1) AS origin FROM ticks WHERE ${where})`
}

function averageSql(weighted: string): string {
  return `SELECT *, origin + pv / v AS vwap, sqrt(if(variance < 0, 0, variance)) AS sigma
    FROM (SELECT *, ppv / v - (pv / v) * (pv / v) AS variance FROM (${weighted}))`
}

function averageFields(bands: readonly number[]): string {
  return `vwap AS "vwap", sigma AS "standardDeviation", [${bands.map(bandSql).join(', ')}] AS "bands"`
}

function bandSql(multiple: number): string {
  const width = `${multiple.toExponential()}::DOUBLE`
  return `{ multiple: ${width}, upper: vwap + ${width} * sigma, lower: vwap - ${width} * sigma }`
}
