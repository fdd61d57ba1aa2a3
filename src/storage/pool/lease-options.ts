import { shown } from '../../errors.ts'
import { flag, integer, optional, resolveOptions, rule, signalRule } from '../../options.ts'
import type { PairLike } from '../../pair.ts'
import { century } from '../../time.ts'

/** Options of `query` and `queryColumns`. */
export interface QueryOptions {
  /** Interrupts the query; the call then rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
  /**
   * Reads what is archived too, as if it had never left the file; `coveredFrom` speaks of both.
   * Default false.
   */
  readonly history?: boolean | undefined
}

/** What ends a call. */
export interface SignalOptions {
  /** Ends the call, which then rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
}

/** Options of `queryPairs`. */
export interface QueryPairsOptions {
  /** Interrupts the query; the call then rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
  /** The pair that table names without a schema belong to. Default: none. */
  readonly unqualified?: PairLike | undefined
}

/** Options of `acquire`. */
export interface AcquireOptions {
  /** Aborts the call: it rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
  /** How long to wait for a connection, in ms; default `acquireTimeoutMs`. */
  readonly timeoutMs?: number | undefined
}

/** Options of a streamed query. */
export interface StreamOptions extends QueryOptions {
  /**
   * Rows of a batch, about: one ends with the first of the engine's chunks (2,048 rows) that reaches
   * it, or 16 MB: a million values, or fewer where there are long texts or lists. Default 8,192.
   */
  readonly batchRows?: number | undefined
  /**
   * How many ms the stream may be open in all, also when nobody reads on: it holds a connection and
   * keeps deleted space from being freed. Then `DEADLINE_EXCEEDED`. Default 60,000.
   */
  readonly timeoutMs?: number | undefined
}

const streamRules = {
  signal: signalRule,
  history: flag(false),
  batchRows: integer(1, 1_000_000, 8192),
  timeoutMs: integer(1, century, 60_000),
}
const queryRules = { signal: signalRule, history: flag(false) }
const signalRules = { signal: signalRule }
const queryPairsRules = {
  signal: signalRule,
  unqualified: optional(rule<PairLike>('a pair', isPairLike, '')),
}
const acquireRules = { signal: signalRule, timeoutMs: optional(integer(0, century, 0)) }
const none = {}

/** TypeError for what is no query value, such as SQL text alone. */
export function refuseNoQuery(caller: string, given: unknown): void {
  const { name, sql } = (given ?? {}) as { readonly name?: unknown; readonly sql?: unknown }
  if (typeof name === 'string' && typeof sql === 'string') return
  throw new TypeError(
    `${caller}: expected a query, from a builder or \`query(name, sql, params)\`, got ${shown(given)}`,
  )
}

/** TypeError for what a query does not take; most are asked without any options, which costs nothing. */
export function resolveQueryOptions(
  caller: string,
  options: QueryOptions | undefined,
): QueryOptions {
  return options === undefined ? none : resolveOptions(caller, options, queryRules)
}

/** TypeError for what a call does not take that takes a signal alone. */
export function resolveSignalOptions(
  caller: string,
  options: SignalOptions | undefined,
): SignalOptions {
  return options === undefined ? none : resolveOptions(caller, options, signalRules)
}

/** TypeError for what `queryPairs` does not take. */
export function resolveQueryPairsOptions(
  options: QueryPairsOptions | undefined,
): QueryPairsOptions {
  return resolveOptions('queryPairs', options, queryPairsRules)
}

function isPairLike(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null)
}

/** TypeError and RangeError for what a stream does not take. */
export function resolveStreamOptions(options: StreamOptions | undefined): {
  readonly signal: AbortSignal | undefined
  readonly history: boolean
  readonly batchRows: number
  readonly timeoutMs: number
} {
  return resolveOptions('streamColumns', options, streamRules)
}

/** TypeError and RangeError for what `acquire` does not take. */
export function resolveAcquireOptions(
  caller: string,
  options: AcquireOptions | undefined,
): AcquireOptions {
  return options === undefined ? none : resolveOptions(caller, options, acquireRules)
}
