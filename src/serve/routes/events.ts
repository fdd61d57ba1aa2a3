import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorToJson } from '../../client/wire/error-json.ts'
import { eventText } from '../../client/wire/event-stream.ts'
import { PairduckError } from '../../errors.ts'
import { formatPair } from '../../pair.ts'
import { candleEventNames, eventNames } from '../../storage/events/events.ts'
import { isTimeframe } from '../../time.ts'
import type { RouteContext } from '../answer/route-context.ts'
import { goneOf } from '../safety/gone.ts'
import { followTicks } from './follow-ticks.ts'
import { pairOf, pairPath } from './pairs.ts'

/** Bytes that may wait for a client that does not read; then its connection ends. */
const maxBacklogBytes = 4 * 2 ** 20
const heartbeatMs = 15_000
const cheapEvents = eventNames.filter((name) => !candleEventNames.some((each) => each === name))

/** Server-sent events: a pair's trades and bars with resume, and the store's own events. */
export function addEventRoutes(context: RouteContext): void {
  const { app, store, allow, options } = context
  let open = 0
  const begin = (request: FastifyRequest, reply: FastifyReply): EventReply => {
    if (open >= options.maxEventStreams)
      throw new PairduckError('SERVER_BUSY', `${open} event streams are open (\`maxEventStreams\`)`)
    open++
    return new EventReply(request, reply, () => open--)
  }
  app.get(`${pairPath}/events`, { exposeHeadRoute: false }, async (request, reply) => {
    allow(request, 'read')
    const pair = pairOf(request)
    const { timeframe, after } = request.query as { timeframe?: string; after?: string }
    if (timeframe !== undefined && !isTimeframe(timeframe))
      throw new TypeError(`no timeframe: ${timeframe}`)
    const cursor = after ?? (request.headers['last-event-id'] as string | undefined)
    const events = begin(request, reply)
    try {
      await followTicks({ store, pair: formatPair(pair), cursor, timeframe, events })
    } catch (error) {
      events.end(error)
    }
    return reply
  })
  app.get('/api/v1/store/events', { exposeHeadRoute: false }, (request, reply) => {
    allow(request, 'read')
    const events = begin(request, reply)
    const { candles } = request.query as { candles?: string }
    for (const name of candles === undefined ? cheapEvents : candleEventNames) {
      const listener = (event: object): void => {
        const carried = 'error' in event ? { ...event, error: errorToJson(event.error) } : event
        events.send({ id: undefined, event: name, data: carried })
      }
      store.on(name, listener)
      events.onEnd(() => store.off(name, listener))
    }
    events.begin()
    return reply
  })
}

/** One client's stream of events. It ends when the client goes, or does not read what waits for it. */
export class EventReply {
  readonly #reply: FastifyReply
  readonly #ends: (() => void)[] = []
  #begun = false
  #ended = false

  constructor(request: FastifyRequest, reply: FastifyReply, onEnd: () => void) {
    this.#reply = reply
    this.#ends.push(onEnd)
    reply.raw.once('close', () => this.#finish())
    // One that waits behind others of its connection hears nothing of the end of that.
    goneOf(request).addEventListener('abort', () => this.#finish(), { once: true })
  }

  get ended(): boolean {
    return this.#ended
  }

  onEnd(end: () => void): void {
    if (this.#ended) end()
    else this.#ends.push(end)
  }

  /** Sends the head, from when on nothing can be told but events. */
  begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.#reply.hijack()
    this.#reply.raw.writeHead(200, {
      ...(this.#reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    this.#reply.raw.write(': open\n\n')
    const beat = setInterval(() => this.#reply.raw.write(': \n\n'), heartbeatMs)
    beat.unref()
    this.onEnd(() => clearInterval(beat))
  }

  send(event: {
    readonly id: string | undefined
    readonly event: string
    readonly data: unknown
  }): void {
    if (this.#ended) return
    this.begin()
    this.#reply.raw.write(eventText(event))
    // Never the rows: who is dropped comes again and resumes from the file.
    if (this.#reply.raw.writableLength > maxBacklogBytes) this.#reply.raw.destroy()
  }

  /** Before the first event an error is an answer of its own; after it, an event. */
  end(error: unknown): void {
    if (this.#ended) return
    if (!this.#begun) {
      this.#finish()
      throw error
    }
    this.send({ id: undefined, event: 'error', data: errorToJson(error) })
    this.#reply.raw.end()
    // It closes when the client has read it all: until then nothing more may be written, no beat either.
    this.#finish()
  }

  #finish(): void {
    if (this.#ended) return
    this.#ended = true
    for (const end of this.#ends) end()
  }
}
