import { integer, optional, resolveOptions, rule, signalRule, type OptionRule } from '../options.ts'
import { maxTimerMs } from '../time.ts'
import type { PairLike } from '../pair.ts'
import type { RetentionOptions } from '../schema/retention-policy.ts'
import type { RecordListener } from './record-events.ts'

/** Options of `recordTrades`. */
export interface RecordOptions {
  /** Ends recording; what was received is stored, then the promise resolves. */
  readonly signal?: AbortSignal | undefined
  /** How much of the time before recording is fetched where nothing is stored yet, in ms. Default 0. */
  readonly backfillMs?: number | undefined
  /** A hole that is longer, in ms, is noted and left to `db.backfill`. Default 24 hours. */
  readonly maxFillMs?: number | undefined
  /** A connection (a line) without any event for so many ms is replaced. Default 60,000. */
  readonly silentMs?: number | undefined
  /** A new line replaces the old one after so many ms. Default: an hour before the exchange's own limit. */
  readonly renewAfterMs?: number | undefined
  /** Trades of one pair that may wait to be stored; more become a hole that is filled later. Default 100,000. */
  readonly maxQueuedTrades?: number | undefined
  /**
   * How long the recorded pairs keep their rows, as `retention` of the manager; written into their
   * files. Default: a new pair keeps everything, another one keeps its own retention.
   */
  readonly retention?: RetentionOptions | undefined
  /** The pair that a symbol is stored in. Default `exchange/type/symbol`, as ccxt names them. */
  readonly pairOf?: ((symbol: string) => PairLike) | undefined
  /** Called with each event. */
  readonly onEvent?: RecordListener | undefined
}

const functionRule = <F>(expected: string): OptionRule<F | undefined> =>
  rule<F | undefined>(expected, (value) => typeof value === 'function', undefined)

const rules = {
  signal: signalRule,
  backfillMs: integer(0, 10 * 365 * 86_400_000, 0),
  maxFillMs: integer(0, 10 * 365 * 86_400_000, 86_400_000),
  silentMs: integer(10, maxTimerMs, 60_000),
  renewAfterMs: optional(integer(10, maxTimerMs, 0)),
  maxQueuedTrades: integer(1, 10_000_000, 100_000),
  retention: rule<RetentionOptions | undefined>(
    `an object of tables, or 'forever'`,
    (value) => value === 'forever' || (typeof value === 'object' && value !== null),
    undefined,
  ),
  pairOf: functionRule<(symbol: string) => PairLike>('a function from symbol to pair'),
  onEvent: functionRule<RecordListener>('a function'),
}

/** What has no default stays undefined. */
export interface ResolvedRecordOptions extends RecordOptions {
  readonly backfillMs: number
  readonly maxFillMs: number
  readonly silentMs: number
  readonly maxQueuedTrades: number
}

export function resolveRecordOptions(options: RecordOptions | undefined): ResolvedRecordOptions {
  return resolveOptions('recordTrades', options, rules)
}
