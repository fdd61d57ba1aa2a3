import { shown } from '../../errors.ts'
import { integer, optional, resolveOptions } from '../../options.ts'
import { signalRule } from '../../options.ts'
import { century } from '../../time.ts'

export interface QueryOptions {
  /** Interrupts the query; the call then rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
}

export interface AcquireOptions {
  readonly signal?: AbortSignal | undefined
  /** How long to wait for a connection; default `acquireTimeoutMs`. */
  readonly timeoutMs?: number | undefined
}

const queryRules = { signal: signalRule }
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

/** TypeError and RangeError for what `acquire` does not take. */
export function resolveAcquireOptions(
  caller: string,
  options: AcquireOptions | undefined,
): AcquireOptions {
  return options === undefined ? none : resolveOptions(caller, options, acquireRules)
}
