import { setTimeout as delay } from 'node:timers/promises'
import { PairduckError } from '../errors.ts'
import type { StoredTick } from '../schema/rows.ts'
import type { RemoteStore } from '../client/remote-store.ts'
import { query } from '../queries/query.ts'

/** How long nobody is asked again who records the pair. */
const pauseMs = 500

/** What following trades needs. */
export interface FollowedTrades {
  readonly dataDir: string
  readonly pair: string
  /** The newest trades that were shown, the newest first. */
  readonly shown: readonly StoredTick[]
  readonly signal: AbortSignal
  /** Called with each trade as it is stored, the older first. */
  readonly show: (ticks: readonly StoredTick[]) => void
  readonly note: (text: string) => void
}

/**
 * Trades as another process stores them, until the signal fires. While nobody holds the pair it is
 * waited for; what was stored meanwhile comes first.
 */
export async function followTrades(followed: FollowedTrades): Promise<void> {
  const { DatabaseManager } = await import('../storage/database-manager.ts')
  const { Owners } = await import('../client/beside-owner.ts')
  const { ownerSockets } = await import('../storage/file/owner-socket-path.ts')
  const { cursorAfter } = await import('../serve/routes/follow-ticks.ts')
  const { dataDir, pair, shown, signal, note } = followed
  const place: Place = { cursor: shown.length > 0 ? cursorAfter(shown.toReversed()) : undefined }
  let waits = false
  const pause = () => delay(pauseMs, undefined, { signal }).catch(() => undefined)
  const say = (): void => {
    if (!waits) note(`nobody records ${pair} now: waiting`)
    waits = true
  }
  while (!signal.aborted) {
    // Where no process is at all the file is left alone: who begins to record wants it.
    if ((await ownerSockets(dataDir)).length === 0) {
      say()
      await pause()
      continue
    }
    const db = await DatabaseManager.open({ dataDir, localSocket: 'passing' })
    const owners = new Owners(db.dataDir)
    try {
      await db.query(pair, nothing)
      say()
    } catch (error) {
      const owner = await owners.holding(error)
      waits = false
      await untilGone(owner, place, followed)
    } finally {
      await Promise.allSettled([db.close(), owners.close()])
    }
    await pause()
  }
}

const nothing = query('nothing', 'SELECT 1 AS "one"')

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
