import { shown } from '../errors.ts'
import { number, optional, resolveOptions, rule, type OptionRule } from '../options.ts'
import { nowMicrosSql } from '../schema/query-clock.ts'
import { earliestMs, microsFromMs, timeframeMs, type Timeframe } from '../time.ts'
import type { SqlValue } from './query.ts'

/** A stretch of time, half-open, in Unix ms: `from <= time < to`. No `from`, no `to`: all stored. */
export interface TimeRange {
  /** Unix ms: the first moment that counts; 0 is the beginning. */
  readonly from?: number | undefined
  /** Unix ms: the first moment that does not count. */
  readonly to?: number | undefined
}

/**
 * The last minutes before `now` (Unix ms). Without `now` the manager's clock is read whenever the
 * query runs, and the window has no end: an exchange's clock may be ahead of ours.
 */
export interface Lookback {
  /** The last minutes before `now`. */
  readonly lookbackMinutes: number
  /** Unix ms: the end of the look-back. Default: the manager's clock when the query runs. */
  readonly now?: number | undefined
}

/** A stretch of time: from and to, or a look-back. */
export type Window = TimeRange | Lookback

/** Every builder over time takes its window as `window`, or the window's fields beside the rest. */
export interface WindowOptions {
  /** The window as an object, instead of its fields. */
  readonly window?: Window | undefined
  /** Unix ms: the first moment that counts; 0 is the beginning. */
  readonly from?: number | undefined
  /** Unix ms: the first moment that does not count. */
  readonly to?: number | undefined
  /** The last minutes before `now`. */
  readonly lookbackMinutes?: number | undefined
  /** Unix ms: the end of the look-back. Default: the manager's clock when the query runs. */
  readonly now?: number | undefined
  /** Unix ms: the answer as it was then, from ticks before it and bars closed by it. */
  readonly asOf?: number | undefined
}

/** A window in SQL: each bound is an expression of Unix µs over `params`, or absent. */
export interface ResolvedWindow {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly asOf: string | undefined
  readonly params: Readonly<Record<string, SqlValue>>
}

const lastMs = Date.UTC(9999, 11, 31)
/** As ticks: what is older is of a wrong unit, and a window in seconds would hold everything. */
const time: OptionRule<number | undefined> = optional({
  ...number(earliestMs, lastMs, earliestMs),
  expected: `a time in Unix milliseconds, from ${earliestMs} (2000-01-01) to ${lastMs}`,
})
/** Zero says "from the beginning" in every unit. */
const beginning: OptionRule<number | undefined> = {
  ...time,
  expected: `0, or ${time.expected}`,
  accepts: (value) => value === 0 || time.accepts(value),
}
const fieldRules = {
  from: beginning,
  to: time,
  lookbackMinutes: optional(number(0, lastMs / 60_000, 0)),
  now: time,
}

/** The rules of {@link WindowOptions}, to be spread into a builder's own. */
export const windowRules: {
  readonly [Name in keyof WindowOptions]-?: OptionRule<WindowOptions[Name]>
} = {
  ...fieldRules,
  window: optional(rule<Window | undefined>('a window, as an object', isObject, undefined)),
  asOf: time,
}

/**
 * Checks a window and puts it into SQL. A detector is given `asOf: 'now'`: without an `asOf` of
 * the caller it uses what the manager's clock says, so that a bar still open is never used.
 */
export function resolveWindow(
  caller: string,
  options: WindowOptions,
  defaults: { readonly asOf?: 'now' } = {},
): ResolvedWindow {
  const { window, asOf, from: begin, to: end, lookbackMinutes: minutes, now: clock } = options
  const flat = { from: begin, to: end, lookbackMinutes: minutes, now: clock }
  if (window !== undefined && Object.values(flat).some((value) => value !== undefined))
    throw new TypeError(`${caller}: give \`window\` or its fields, not both`)
  const fields = window === undefined ? flat : resolveOptions(caller, window, fieldRules)
  const { from, to, lookbackMinutes, now } = fields
  if (lookbackMinutes !== undefined && (from ?? to) !== undefined)
    throw new TypeError(`${caller}: \`lookbackMinutes\` does not go with \`from\` or \`to\``)
  if (now !== undefined && lookbackMinutes === undefined)
    throw new TypeError(`${caller}: \`now\` belongs to \`lookbackMinutes\``)
  if (from !== undefined && to !== undefined && from > to)
    throw new RangeError(`${caller}: \`from\` ${shown(from)} is after \`to\` ${shown(to)}`)
  return inSql({ from, to: to ?? now, lookbackMinutes, now }, asOf ?? defaults.asOf)
}

/** The condition on ticks: inside the window and before `asOf`. */
export function ticksInWindow({ from, to, asOf }: ResolvedWindow): string {
  return all(atLeast(from), before(to), before(asOf))
}

/** The condition on bars: opened inside the window, and closed by `asOf` where that is given. */
export function barsInWindow(window: ResolvedWindow, timeframe: Timeframe): string {
  return all(atLeast(window.from), before(window.to), closedBars(window, timeframe))
}

/** The condition on a time: not before the window. */
export function windowStart({ from }: ResolvedWindow, time: string): string {
  return from === undefined ? 'true' : `${time} >= make_timestamp(${from})`
}

/** The condition on bars by `asOf` alone: those that had closed by then. */
export function closedBars({ asOf }: ResolvedWindow, timeframe: Timeframe): string {
  return asOf === undefined
    ? 'true'
    : `timestamp <= make_timestamp(${asOf} - ${timeframeMs[timeframe] * 1000})`
}

function inSql(
  { from, to, lookbackMinutes, now }: Omit<WindowOptions, 'window' | 'asOf'>,
  asOf: number | 'now' | undefined,
): ResolvedWindow {
  const params: Record<string, SqlValue> = {}
  const bind = (name: string, ms: number): string => {
    params[name] = BigInt(microsFromMs(ms))
    return `$${name}`
  }
  const lookbackMs = (lookbackMinutes ?? 0) * 60_000
  const begin = lookbackMinutes === undefined ? from : now && Math.max(0, now - lookbackMs)
  const fromNow = lookbackMinutes !== undefined && now === undefined
  return Object.freeze({
    from: fromNow
      ? `(${nowMicrosSql} - ${bind('lookbackMicros', lookbackMs)})`
      : begin === undefined
        ? undefined
        : bind('fromMicros', begin),
    to: to === undefined ? undefined : bind('toMicros', to),
    asOf: asOf === undefined ? undefined : asOf === 'now' ? nowMicrosSql : bind('asOfMicros', asOf),
    params: Object.freeze(params),
  })
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function atLeast(micros: string | undefined): string | undefined {
  return micros === undefined ? undefined : `timestamp >= make_timestamp(${micros})`
}

function before(micros: string | undefined): string | undefined {
  return micros === undefined ? undefined : `timestamp < make_timestamp(${micros})`
}

function all(...conditions: readonly (string | undefined)[]): string {
  const given = conditions.filter((condition) => condition !== undefined && condition !== 'true')
  return given.length === 0 ? 'true' : given.join(' AND ')
}
