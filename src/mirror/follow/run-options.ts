import { flag, integer, optional, resolveOptions, signalRule } from '../../options.ts'

/** Options of `run`. */
export interface RunOptions {
  /** Ends the run; it then resolves. */
  readonly signal?: AbortSignal
  /** Time between two comparisons with the whole account, in ms. Default 60,000. */
  readonly reconcileEveryMs?: number
  /**
   * Unix ms: own trades, transfers and closed orders from then on are fetched first. Default: a day
   * back, or where the last complete fetch ended, if that is longer ago.
   */
  readonly sinceMs?: number
  /** The first wait after a failure, in ms; further waits double. Default 1,000. */
  readonly firstRetryMs?: number
  /** The longest wait after a failure, in ms. Default 60,000. */
  readonly lastRetryMs?: number
  /**
   * Take over again by itself when the server was away for longer than the lease and came back
   * empty, if nobody else has taken over meanwhile. Default false: the run rejects with `FENCED`.
   */
  readonly reopen?: boolean
}

export const dayMs = 86_400_000

const rules = {
  signal: signalRule,
  reconcileEveryMs: integer(10, dayMs, 60_000),
  sinceMs: optional(integer(0, Number.MAX_SAFE_INTEGER, 0)),
  firstRetryMs: integer(1, dayMs, 1_000),
  lastRetryMs: integer(1, dayMs, 60_000),
  reopen: flag(false),
}

export interface RunSettings {
  readonly signal: AbortSignal | undefined
  readonly reconcileEveryMs: number
  readonly sinceMs: number | undefined
  readonly firstRetryMs: number
  readonly lastRetryMs: number
  readonly reopen: boolean
}

/** Checks the options of a run. Throws TypeError or RangeError naming the option. */
export function resolveRunOptions(given: RunOptions): RunSettings {
  return resolveOptions('ValkeyMirror.run', given, rules)
}
