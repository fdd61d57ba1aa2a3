import { flag, integer, resolveOptions, rule, type OptionRule } from '../options.ts'
import {
  resolveRules,
  type RetentionOptions,
  type RetentionRules,
} from '../schema/retention-policy.ts'
import { isTimeframe, timeframes, type Clock, type Timeframe } from '../time.ts'
import { century } from '../time.ts'

/** What `DatabaseManager.open` takes; everything has a default. */
export interface ManagerOptions {
  /** Where the pairs' folders are. Default `data`. */
  readonly dataDir?: string
  /** Pair files open at once. Default 200. */
  readonly maxConnections?: number
  /** Callers that may wait for a connection. Default 1,000. */
  readonly maxWaiting?: number
  /** How long one waits for a connection. Default 30,000. */
  readonly acquireTimeoutMs?: number
  /** A pair that nobody used for this long is closed, so that other processes can have it. Default 60,000. */
  readonly idleCloseMs?: number
  /** Ticks of one pair that may wait to be stored. Default 100,000. */
  readonly maxPendingTicks?: number
  /** Ticks of all pairs that may wait to be stored. Default 2,000,000. */
  readonly maxPendingTicksTotal?: number
  /** A commit takes no further calls from this many ticks on. Default 20,000. */
  readonly maxTicksPerCommit?: number
  /** How far ahead of the clock a tick may be. Default 60,000; larger for simulated clocks. */
  readonly maxFutureMs?: number
  /** Candles to keep. Default: what the file keeps, and `1m 5m 15m` for a new one. */
  readonly candles?: readonly Timeframe[]
  /**
   * How long each table's rows are kept, in ms or 'forever'; or 'forever' for everything. It is
   * written into the file of each pair that this manager opens, and stays there: any cleanup obeys
   * it. Default: what the file holds, and small files for a new one.
   */
  readonly retention?: RetentionOptions
  /**
   * Whether other processes of this user, the command line among them, may ask this one for what
   * it holds open, over a socket in the data directory. Default true.
   */
  readonly localSocket?: boolean
  /** Unix ms; for simulated time. Default Date.now. */
  readonly clock?: Clock
}

const text = (fallback: string): OptionRule<string> =>
  rule(
    'a non-empty string',
    (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
    fallback,
  )

const rules = {
  dataDir: text('data'),
  maxConnections: integer(1, 10_000, 200),
  maxWaiting: integer(0, 1_000_000, 1_000),
  acquireTimeoutMs: integer(0, century, 30_000),
  idleCloseMs: integer(1, century, 60_000),
  maxPendingTicks: integer(1, 1e9, 100_000),
  maxPendingTicksTotal: integer(1, 1e9, 2_000_000),
  maxTicksPerCommit: integer(1, 1e7, 20_000),
  maxFutureMs: integer(0, century, 60_000),
  candles: rule<readonly Timeframe[] | undefined>(
    'a list of timeframes (1s 1m 3m 5m 15m 30m 1h 4h 1d)',
    (value) => Array.isArray(value) && value.every((each) => isTimeframe(each)),
    undefined,
  ),
  retention: rule<RetentionOptions | undefined>(
    `an object of tables, or 'forever'`,
    (value) => value === 'forever' || (typeof value === 'object' && value !== null),
    undefined,
  ),
  localSocket: flag(true),
  clock: rule<Clock>(
    'a function that gives Unix ms',
    (value) => typeof value === 'function',
    Date.now,
  ),
}

export interface ResolvedManagerOptions extends Required<
  Omit<ManagerOptions, 'candles' | 'retention'>
> {
  /** Undefined: what the file keeps. */
  readonly candles: readonly Timeframe[] | undefined
  /** What was given; all else is as each pair's file says. */
  readonly retention: RetentionRules
}

export function resolveManagerOptions(options: ManagerOptions | undefined): ResolvedManagerOptions {
  const resolved = resolveOptions('DatabaseManager.open', options, rules)
  return {
    ...resolved,
    candles: resolved.candles && timeframes.filter((each) => resolved.candles?.includes(each)),
    retention: resolveRules(resolved.retention),
  }
}
