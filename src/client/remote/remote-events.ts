import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { PairLike } from '../../pair.ts'
import type { Query } from '../../queries/query.ts'
import {
  follow,
  resolveFollowOptions,
  untilEither,
  type FollowOptions,
} from '../../storage/follow/follow.ts'
import { replay, type ReplayedBar, type ReplayOptions } from '../../storage/follow/replay.ts'
import { candleEventNames, Events, type PairduckEvents } from '../../storage/events/events.ts'
import { errorFromJson } from '../wire/error-json.ts'
import { readEvents } from '../wire/event-stream.ts'
import type { HttpCaller } from '../wire/http-caller.ts'

const storeEvents = '/api/v1/store/events'
/** These cost the store queries, and are asked for by who listens to them. */
const candleEvents = `${storeEvents}?candles=true`

/**
 * The events of a store in another process. They are told from the moment of the first listener: a
 * call that is made after `on` waits until they are, so that nothing it leads to is missed. While
 * the connection is away none are told, and then `reconnected`: what was stored is in the file.
 */
export abstract class RemoteEvents extends Events {
  readonly #http: HttpCaller
  readonly #stop = new AbortController()
  readonly #following = new Map<string, Promise<void>>()
  /** Resolves when what happens from then on is told, or when the connection could not be had. */
  protected listening: Promise<void> = Promise.resolve()

  constructor(http: HttpCaller) {
    super()
    this.#http = http
    // Each that follows a pair listens.
    setMaxListeners(0, this, this.#stop.signal)
    this.on('newListener', (name) => {
      if (name === 'removeListener') return
      const path = candleEventNames.some((each) => each === name) ? candleEvents : storeEvents
      if (this.#following.has(path)) return
      const before = this.listening
      const opened = new Promise<void>((resolve) => {
        this.#following.set(path, this.#follow(path, resolve).finally(resolve))
      })
      this.listening = Promise.all([before, opened]).then(() => undefined)
    })
  }

  /** Runs a query on one pair; rows as objects. */
  abstract query<Row>(pair: PairLike, query: Query<Row>): Promise<Row[]>

  /** As `DatabaseManager.follow`. */
  follow<Row>(
    pair: PairLike,
    query: Query<Row>,
    options?: FollowOptions,
  ): AsyncGenerator<Row[], void, undefined> {
    const until = untilEither(this.#stop.signal, resolveFollowOptions(options).signal)
    return follow(this, pair, query, { signal: until })
  }

  /** As `DatabaseManager.replay`. */
  replay(pair: PairLike, options: ReplayOptions): AsyncGenerator<ReplayedBar, void, undefined> {
    return replay(this, pair, options)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#following.values())
  }

  async #follow(path: string, opened: () => void): Promise<void> {
    const { signal } = this.#stop
    let lostAt: number | undefined
    while (!signal.aborted) {
      try {
        const body = await this.#http.open({ method: 'GET', path, signal })
        if (lostAt !== undefined && path === storeEvents)
          this.tell('reconnected', { awayMs: Math.round(performance.now() - lostAt) })
        lostAt = undefined
        opened()
        for await (const { event, data } of readEvents(body)) this.#told(event, data)
        lostAt = performance.now()
      } catch {
        lostAt ??= performance.now()
        // Away, or told to stop: the loop tells the one from the other.
      }
      opened()
      await delay(100, undefined, { signal }).catch(() => undefined)
    }
  }

  #told(name: string, data: unknown): void {
    const event = data as { error?: unknown }
    const carried = name === 'error' ? { ...event, error: errorFromJson(event.error) } : event
    this.tell(name as 'error', carried as PairduckEvents['error'][0])
  }
}
