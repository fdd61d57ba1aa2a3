import { setTimeout as delay } from 'node:timers/promises'
import type { PairLike } from '../pair.ts'
import type { Query } from '../queries/query.ts'
import { follow, untilEither, type FollowOptions } from '../storage/follow/follow.ts'
import { replay, type ReplayedBar, type ReplayOptions } from '../storage/follow/replay.ts'
import { Events, type PairduckEvents } from '../storage/events/events.ts'
import { errorFromJson } from './wire/error-json.ts'
import { readEvents } from './wire/event-stream.ts'
import type { HttpCaller } from './wire/http-caller.ts'

/**
 * The events of a store in another process. They are told from the moment of the first listener: a
 * call that is made after `on` waits until they are, so that nothing it leads to is missed. While
 * the connection is away none are told, and then `reconnected`: what was stored is in the file.
 */
export abstract class RemoteEvents extends Events {
  readonly #http: HttpCaller
  readonly #stop = new AbortController()
  #following: Promise<void> | undefined
  /** Resolves when what happens from then on is told, or when the connection could not be had. */
  protected listening: Promise<void> = Promise.resolve()

  constructor(http: HttpCaller) {
    super()
    this.#http = http
    this.on('newListener', (name) => {
      if (name === 'removeListener' || this.#following !== undefined) return
      this.listening = new Promise((resolve) => {
        this.#following = this.#follow(resolve).finally(resolve)
      })
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
    const until = untilEither(this.#stop.signal, options?.signal)
    return follow(this, pair, query, { signal: until })
  }

  /** As `DatabaseManager.replay`. */
  replay(pair: PairLike, options: ReplayOptions): AsyncGenerator<ReplayedBar, void, undefined> {
    return replay(this, pair, options)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#following
  }

  async #follow(opened: () => void): Promise<void> {
    const { signal } = this.#stop
    let lostAt: number | undefined
    while (!signal.aborted) {
      try {
        const body = await this.#http.open({ method: 'GET', path: '/api/v1/store/events', signal })
        if (lostAt !== undefined)
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
