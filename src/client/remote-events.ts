import { setTimeout as delay } from 'node:timers/promises'
import { Events, type PairduckEvents } from '../storage/events/events.ts'
import { errorFromJson } from './wire/error-json.ts'
import { readEvents } from './wire/event-stream.ts'
import type { HttpCaller } from './wire/http-caller.ts'

/**
 * The events of a store in another process. They are told from the moment of the first listener;
 * while the connection is away none are, as none are before `on`: what was stored is in the file.
 */
export abstract class RemoteEvents extends Events {
  readonly #http: HttpCaller
  readonly #stop = new AbortController()
  #following: Promise<void> | undefined

  constructor(http: HttpCaller) {
    super()
    this.#http = http
    this.on('newListener', (name) => {
      if (name !== 'removeListener') this.#following ??= this.#follow()
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        const body = await this.#http.open({ method: 'GET', path: '/api/v1/store/events', signal })
        for await (const { event, data } of readEvents(body)) this.#told(event, data)
      } catch {
        // Away, or told to stop: the loop tells the one from the other.
      }
      await delay(100, undefined, { signal }).catch(() => undefined)
    }
  }

  #told(name: string, data: unknown): void {
    const event = data as { error?: unknown }
    const carried = name === 'error' ? { ...event, error: errorFromJson(event.error) } : event
    this.tell(name as 'error', carried as PairduckEvents['error'][0])
  }
}
