import { formatPair, parsePair, type PairLike } from '../../pair.ts'
import type { Query } from '../../queries/query.ts'
import type { PairduckEvents } from '../events/events.ts'
import type { QuerySource } from './replay.ts'

/** The part of a store that following uses. */
export interface FollowSource extends QuerySource {
  /** Calls the listener for each event of this name. */
  on<Name extends keyof PairduckEvents>(
    name: Name,
    listener: (...args: PairduckEvents[Name]) => void,
  ): unknown
  /** Ends what `on` began. */
  off<Name extends keyof PairduckEvents>(
    name: Name,
    listener: (...args: PairduckEvents[Name]) => void,
  ): unknown
}

/** Options of what follows a pair. */
export interface FollowOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The rows of a query now and again after each commit to the pair by the manager, or by the process
 * that a client is connected to. Commits that come while the caller is busy count as one: a slow
 * reader misses states, never the last one, also when the connection was away for a while.
 */
export async function* follow<Row>(
  db: FollowSource,
  pair: PairLike,
  query: Query<Row>,
  { signal }: FollowOptions = {},
): AsyncGenerator<Row[], void, undefined> {
  for await (const _ of commits(db, pair, signal)) yield await db.query(pair, query)
}

/** Fires with the first of a store's end and the caller's own signal. */
export function untilEither(end: AbortSignal, own: AbortSignal | undefined): AbortSignal {
  return own === undefined ? end : AbortSignal.any([end, own])
}

function nobodyWaits(): void {
  // Replaced by whoever waits.
}

/** One value at once and one after each commit; `late` when a tick came behind the newest one. */
export async function* commits(
  db: FollowSource,
  pair: PairLike,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly late: boolean }, void, undefined> {
  const wanted = formatPair(parsePair(pair))
  let waiting: { late: boolean } | undefined = { late: true }
  let wake = nobodyWaits
  const stored = (event: { pair: string; counts: { late: number } }): void => {
    if (event.pair !== wanted) return
    waiting = { late: (waiting?.late ?? false) || event.counts.late > 0 }
    wake()
  }
  const missed = (): void => {
    waiting = { late: true }
    wake()
  }
  const stop = (): void => wake()
  db.on('ticksStored', stored)
  db.on('reconnected', missed)
  signal?.addEventListener('abort', stop)
  try {
    for (;;) {
      if (signal?.aborted === true) return
      const next: { late: boolean } | undefined = waiting
      waiting = undefined
      if (next === undefined) await new Promise<void>((resolve) => (wake = resolve))
      else yield next
    }
  } finally {
    db.off('ticksStored', stored)
    db.off('reconnected', missed)
    signal?.removeEventListener('abort', stop)
  }
}
