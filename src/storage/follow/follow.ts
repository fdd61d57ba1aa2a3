import { resolveOptions, signalRule } from '../../options.ts'
import { formatPair, parsePair, type PairLike } from '../../pair.ts'
import type { Query } from '../../queries/query.ts'
import type { LateStretch, PairduckEvents } from '../events/events.ts'
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
export function follow<Row>(
  db: FollowSource,
  pair: PairLike,
  query: Query<Row>,
  options?: FollowOptions,
): AsyncGenerator<Row[], void, undefined> {
  return rowsAfterCommits(db, pair, query, resolveFollowOptions(options))
}

/** TypeError for what following does not take. */
export function resolveFollowOptions(options: FollowOptions | undefined): FollowOptions {
  return resolveOptions('follow', options, { signal: signalRule })
}

async function* rowsAfterCommits<Row>(
  db: FollowSource,
  pair: PairLike,
  query: Query<Row>,
  { signal }: FollowOptions,
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

/** What commits brought since one was looked at last. */
export interface Brought {
  /** Of all that is stored; undefined where nothing was told: it has to be asked for. */
  readonly newest: number | undefined
  /** Before the first of these commits; null when nothing was stored. */
  readonly newestBefore: number | null | undefined
  readonly late: readonly LateStretch[]
  /** The connection was away: commits may not have been told. */
  readonly isMissed: boolean
}

const nothingTold: Brought = {
  newest: undefined,
  newestBefore: undefined,
  late: [],
  isMissed: false,
}

/** One value at once, and one after the commits since the last one. */
export async function* commits(
  db: FollowSource,
  pair: PairLike,
  signal: AbortSignal | undefined,
): AsyncGenerator<Brought, void, undefined> {
  const wanted = formatPair(parsePair(pair))
  let waiting: Brought | undefined = nothingTold
  let wake = nobodyWaits
  const stored = (event: PairduckEvents['ticksStored'][0]): void => {
    if (event.pair !== wanted) return
    waiting = joined(waiting, event)
    wake()
  }
  const missed = (): void => {
    waiting = { ...nothingTold, isMissed: true }
    wake()
  }
  const stop = (): void => wake()
  db.on('ticksStored', stored)
  db.on('reconnected', missed)
  signal?.addEventListener('abort', stop)
  try {
    for (;;) {
      if (signal?.aborted === true) return
      const next: Brought | undefined = waiting
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

/** Several commits as one. */
export function joined(
  before: Brought | undefined,
  { newest, newestBefore, late }: PairduckEvents['ticksStored'][0],
): Brought {
  if (before === undefined) return { newest, newestBefore, late, isMissed: false }
  return {
    newest,
    newestBefore: before.newestBefore === undefined ? newestBefore : before.newestBefore,
    late: [...before.late, ...late],
    isMissed: before.isMissed,
  }
}
