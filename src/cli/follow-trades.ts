import { setTimeout as delay } from 'node:timers/promises'
import { PairduckError } from '../errors.ts'
import type { StoredTick } from '../schema/rows.ts'
import type { RemoteStore } from '../client/remote/remote-store.ts'
import type { ManagerStats } from '../storage/pool/pool-stats.ts'

/** How long nobody is asked again who records the pair. */
const pauseMs = 500

/** What following trades needs. */
export interface FollowedTrades {
  readonly dataDir: string
  readonly pair: string
  /** Behind which trade to begin (`cursorAfter`); undefined: behind the newest that is stored. */
  readonly cursor: string | undefined
  readonly signal: AbortSignal
  /** Called with each trade as it is stored, the older first. */
  readonly show: (ticks: readonly StoredTick[]) => void
  readonly note: (text: string) => void
}

/**
 * Trades as another process stores them, until the signal fires. While nobody holds the pair it is
 * waited for; what was stored meanwhile comes first. The pair's file is left alone: whoever begins
 * to record wants it.
 */
export async function followTrades(followed: FollowedTrades): Promise<void> {
  const { dataDir, pair, cursor, signal, note } = followed
  const place: Place = { cursor }
  let waits = false
  while (!signal.aborted) {
    const { holder, silent } = await holderOf(dataDir, pair)
    if (holder === undefined) {
      const unasked =
        silent.length === 0 ? '' : `, or process ${silent.join(', ')}, which keeps no socket`
      if (!waits) note(`nobody records ${pair} now${unasked}: waiting`)
      waits = true
    } else
      try {
        waits = false
        await untilGone(holder, place, followed)
      } finally {
        await holder.close()
      }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

/** The process that has the pair open now, and those that could not be asked. */
async function holderOf(
  dataDir: string,
  pair: string,
): Promise<{ readonly holder?: RemoteStore; readonly silent: readonly number[] }> {
  const { ownerPids } = await import('../storage/file/owner-socket-path.ts')
  const { connect } = await import('../client/connect.ts')
  const { isAlive } = await import('../storage/file/process-identity.ts')
  const silent: number[] = []
  for (const pid of await ownerPids(dataDir)) {
    const store = await connect({ dataDir, pid }, { reconnectMs: 0 }).catch(() => undefined)
    const stats = await store?.stats().catch(() => undefined)
    // A process of an earlier version closes what it has no room for.
    const { openPairs = [], restingPairs = [] }: Partial<ManagerStats> = stats ?? {}
    if (store !== undefined && (openPairs.includes(pair) || restingPairs.includes(pair)))
      return { holder: store, silent }
    await store?.close()
    // One that was killed, or has ended meanwhile, cannot record.
    if (stats === undefined && isAlive(pid)) silent.push(pid)
  }
  return { silent }
}

/** The id of the last event that was shown. */
interface Place {
  cursor: string | undefined
}

/** Follows the process that holds the pair until that has gone. */
async function untilGone(
  owner: RemoteStore,
  place: Place,
  { pair, signal, show, note }: FollowedTrades,
): Promise<void> {
  const { followTicks } = await import('../serve/routes/follow-ticks.ts')
  const ends: (() => void)[] = []
  const over = new AbortController()
  await followTicks({
    store: owner,
    pair,
    cursor: place.cursor,
    timeframe: undefined,
    events: {
      get ended() {
        return over.signal.aborted
      },
      begin: () => undefined,
      onEnd: (end) => void ends.push(end),
      send: ({ id, event, data }) => {
        place.cursor = id ?? place.cursor
        if (event === 'ticks') show(data as readonly StoredTick[])
        if (event === 'late') note(`${(data as { count: number }).count} trades came late`)
      },
      end: () => over.abort(),
    },
  })
  const until = AbortSignal.any([signal, over.signal])
  while (!until.aborted) {
    await delay(pauseMs, undefined, { signal: until }).catch(() => undefined)
    await owner.hello().catch((error: unknown) => {
      if (!PairduckError.is(error, 'CONNECTION_LOST')) throw error
      over.abort()
    })
  }
  over.abort()
  for (const end of ends) end()
}
