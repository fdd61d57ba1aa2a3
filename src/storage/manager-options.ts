import type { ArchiveStore } from '../archive/store/archive-store.ts'
import { folderArchive } from '../archive/store/folder-archive.ts'
import { shown } from '../errors.ts'
import { integer, optional, required, resolveOptions, rule, type OptionRule } from '../options.ts'
import {
  resolveRules,
  type RetentionOptions,
  type RetentionRules,
} from '../schema/retention-policy.ts'
import { isTimeframe, timeframes, type Clock, type Timeframe } from '../time.ts'
import { century } from '../time.ts'
import type { ManagedArchive } from './upkeep/archive/archive-pair.ts'

/** A folder, a store, or one of them with how long it keeps rows. */
export type ArchiveOption =
  | string
  | ArchiveStore
  | { readonly to: string | ArchiveStore; readonly keepMs?: number | 'forever' }

/** What `DatabaseManager.open` takes; everything has a default. */
export interface ManagerOptions {
  /** Where the pairs' folders are. Default `data`. */
  readonly dataDir?: string
  /**
   * Where the commit log is: a folder on a disk that syncs fast. The data directory then has a link to
   * a folder inside of it, which every process follows. Default: in the data directory, or where a
   * link that is there leads.
   */
  readonly logDir?: string | undefined
  /** Pair files open at once. Default 200. */
  readonly maxConnections?: number
  /** Callers that may wait for one of them, then `POOL_EXHAUSTED`. Default 1,000. */
  readonly maxWaiting?: number
  /** How long a caller waits, in ms, then `POOL_EXHAUSTED`. Default 30,000. */
  readonly acquireTimeoutMs?: number
  /** A pair that nobody used for so many ms is closed, so that other processes can open it. Default 60,000. */
  readonly idleCloseMs?: number
  /** Ticks of one pair that may wait to be stored, then `BACKPRESSURE`. Default 100,000. */
  readonly maxPendingTicks?: number
  /** Ticks of all pairs that may wait to be stored, then `BACKPRESSURE`. Default 2,000,000. */
  readonly maxPendingTicksTotal?: number
  /** A commit that has this many ticks takes no further calls. Default 20,000. */
  readonly maxTicksPerCommit?: number
  /** How far ahead of the clock a tick may be, in ms, then `INVALID_TICK`. Default 60,000. */
  readonly maxFutureMs?: number
  /** The candles to keep, beside those that a file keeps already. Default: `1m 5m 15m` in a new file. */
  readonly candles?: readonly Timeframe[]
  /**
   * How long each table's rows are kept, in ms or 'forever'; or 'forever' for everything. It is
   * written into the file of each pair that this manager opens, and stays there: any cleanup obeys
   * it. Default: what the file says; of a new one `defaultRetention`, by which ticks are kept for 15
   * minutes.
   */
  readonly retention?: RetentionOptions
  /**
   * Whether other processes of this user, the command line among them, may ask this one for what
   * it holds open, over a socket in the data directory. `'passing'` is for a process that will be gone
   * in a moment: it answers for pairs that others find locked by it, but `connect({ dataDir })` does
   * not choose it. Default true.
   */
  readonly localSocket?: boolean | 'passing'
  /**
   * Where rows go whose retention says `then: 'archive'`: a folder, or a store of `pairduck/archive`.
   * With `keepMs` the archive removes what is older. Reading the archive needs this option where it
   * is not a folder, or was moved.
   */
  readonly archive?: ArchiveOption
  /** Gives the time in Unix ms; for simulated time. Default `Date.now`. */
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
  logDir: optional(text('log')),
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
  archive: rule<ArchiveOption | undefined>(
    'a folder, or a store of pairduck/archive',
    (value) =>
      (typeof value === 'string' && value !== '') || (typeof value === 'object' && value !== null),
    undefined,
  ),
  localSocket: rule<boolean | 'passing'>(
    `true, false or 'passing'`,
    (value) => typeof value === 'boolean' || value === 'passing',
    true,
  ),
  clock: rule<Clock>(
    'a function that gives Unix ms',
    (value) => typeof value === 'function',
    Date.now,
  ),
}

export interface ManagerSetup extends Required<
  Omit<ManagerOptions, 'archive' | 'candles' | 'logDir' | 'retention'>
> {
  /** Undefined: where it is, or in the data directory. */
  readonly logDir: string | undefined
  /** Undefined: what the file keeps. */
  readonly candles: readonly Timeframe[] | undefined
  /** What was given; all else is as each pair's file says. */
  readonly retention: RetentionRules
  readonly archive: ManagedArchive | undefined
}

export function resolveManagerOptions(options: ManagerOptions | undefined): ManagerSetup {
  const resolved = resolveOptions('DatabaseManager.open', options, rules)
  return {
    ...resolved,
    candles: resolved.candles && timeframes.filter((each) => resolved.candles?.includes(each)),
    retention: resolveRules(resolved.retention),
    archive: resolved.archive === undefined ? undefined : managedArchive(resolved.archive),
    clock: resolved.clock === Date.now ? Date.now : checkedClock(resolved.clock),
  }
}

/** Against NaN no tick lies in the future and no row is old. */
function checkedClock(clock: Clock): Clock {
  return () => {
    const now: unknown = clock()
    if (typeof now === 'number' && Number.isFinite(now)) return now
    throw new TypeError(`\`clock\` gave ${shown(now)}; expected a finite number, Unix ms`)
  }
}

const archiveRules = {
  to: required(
    rule<string | ArchiveStore>(
      'a folder, or a store of pairduck/archive',
      (value) => (typeof value === 'string' && value !== '') || isStore(value),
      '',
    ),
  ),
  keepMs: rule<number | 'forever'>(
    `milliseconds, or 'forever'`,
    (value) => value === 'forever' || (typeof value === 'number' && value >= 0 && value <= century),
    'forever',
  ),
}

function managedArchive(given: ArchiveOption): ManagedArchive {
  const whole = typeof given === 'string' || isStore(given) ? { to: given } : given
  const { to, keepMs } = resolveOptions('DatabaseManager.open archive', whole, archiveRules)
  return { store: typeof to === 'string' ? folderArchive(to) : to, keepMs }
}

function isStore(value: unknown): value is ArchiveStore {
  return typeof (value as Partial<ArchiveStore> | null)?.keep === 'function'
}
