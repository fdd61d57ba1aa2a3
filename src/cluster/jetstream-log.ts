import { PairduckError } from '../errors.ts'
import { optionalPackage } from '../optional-package.ts'
import { integer, required, resolveOptions, rule } from '../options.ts'
import type { Consumer, JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type { IngestLog, LogEntry } from './ingest-log.ts'

type Connection = Parameters<typeof import('@nats-io/jetstream').jetstream>[0]
type Library = typeof import('@nats-io/jetstream')

/** Options of `jetStreamLog`. */
export interface JetStreamLogOptions {
  /** A connection of `@nats-io/transport-node`; it stays the caller's to close. */
  readonly connection: Connection
  /** Tells clusters on one server apart; the name of the stream. Default `main`. */
  readonly name?: string
  /** Entries of one slot that may wait to be stored, then `BACKPRESSURE`. Default 100,000. */
  readonly maxEntries?: number
  /** Copies of the stream in a cluster of servers. Default 1. */
  readonly replicas?: number
}

const rules = {
  connection: required(
    rule<Connection>(
      'a connection of @nats-io/transport-node',
      (value) => typeof (value as Partial<Connection> | null)?.request === 'function',
      undefined as never,
    ),
  ),
  name: rule<string>(
    'a name of 1 to 64 letters, digits, dashes and underscores',
    (value) => typeof value === 'string' && /^[\w-]{1,64}$/.test(value),
    'main',
  ),
  maxEntries: integer(1, 1e9, 100_000),
  replicas: integer(1, 5, 1),
}

/** How long a read waits for entries when there is none; the shortest that the library takes. */
const fetchMs = 1_000
const discarded = /maximum messages per subject exceeded/

/**
 * NATS JetStream as the log of a cluster: one stream, a subject for each slot. A full subject refuses
 * (`discard: new`), and an acknowledged entry is purged. The position of reading is the owner's own,
 * so that a new owner begins with the oldest entry that is there. Needs `@nats-io/jetstream` and a
 * server of 2.9 or newer.
 */
export async function jetStreamLog(options: JetStreamLogOptions): Promise<IngestLog> {
  const { connection, name, maxEntries, replicas } = resolveOptions('jetStreamLog', options, rules)
  const library = await loadLibrary()
  const manager = await library.jetstreamManager(connection)
  const stream = `pairduck_${name}`
  const config = {
    name: stream,
    subjects: [`pairduck.${name}.log.*`],
    retention: library.RetentionPolicy.Limits,
    storage: library.StorageType.File,
    discard: library.DiscardPolicy.New,
    discard_new_per_subject: true,
    max_msgs_per_subject: maxEntries,
    num_replicas: replicas,
  }
  // Adding one that is there with the same settings changes nothing.
  await manager.streams.add(config)
  return new JetStreamLog(library, library.jetstream(connection), manager, {
    stream,
    subjectOf: (slot) => `pairduck.${name}.log.${slot}`,
    maxEntries,
  })
}

interface Place {
  readonly stream: string
  readonly subjectOf: (slot: number) => string
  readonly maxEntries: number
}

class JetStreamLog implements IngestLog {
  readonly #library: Library
  readonly #client: JetStreamClient
  readonly #manager: JetStreamManager
  readonly #place: Place
  readonly #readers = new Map<number, Consumer>()

  constructor(library: Library, client: JetStreamClient, manager: JetStreamManager, place: Place) {
    this.#library = library
    this.#client = client
    this.#manager = manager
    this.#place = place
  }

  async append(slot: number, pair: string, ticks: string): Promise<string> {
    const { subjectOf, maxEntries } = this.#place
    try {
      const { seq } = await this.#client.publish(subjectOf(slot), JSON.stringify({ pair, ticks }))
      return String(seq)
    } catch (error) {
      if (!discarded.test((error as Error).message)) throw error
      throw new PairduckError(
        'BACKPRESSURE',
        `${pair}: the log of slot ${slot} holds ${maxEntries} entries that no worker has stored yet (\`maxEntries\`): send it again later`,
        { pair, slot, maxEntries, cause: error },
      )
    }
  }

  async read(slot: number, count: number, again: boolean): Promise<readonly LogEntry[]> {
    if (again) this.#readers.delete(slot)
    const [waiting] = await this.lengths([slot])
    if (waiting === 0) return []
    const reader = this.#readers.get(slot) ?? (await this.#begin(slot))
    const entries: LogEntry[] = []
    const messages = await reader.fetch({ max_messages: count, expires: fetchMs })
    for await (const message of messages) {
      const { pair, ticks } = message.json<{ pair: string; ticks: string }>()
      entries.push({ id: String(message.seq), pair, ticks })
      // All that are there have come: the rest of the time would be waited for nothing.
      if (message.info.pending === 0) break
    }
    return entries
  }

  async acknowledge(slot: number, ids: readonly string[]): Promise<void> {
    const last = ids.at(-1)
    if (last === undefined) return
    const { stream, subjectOf } = this.#place
    await this.#manager.streams.purge(stream, { filter: subjectOf(slot), seq: Number(last) + 1 })
  }

  async lengths(slots: readonly number[]): Promise<readonly number[]> {
    const { stream, subjectOf } = this.#place
    const filter = slots.length === 1 ? subjectOf(slots[0]!) : '>'
    const { state } = await this.#manager.streams.info(stream, { subjects_filter: filter })
    return slots.map((slot) => state.subjects?.[subjectOf(slot)] ?? 0)
  }

  async holds(_slot: number, id: string): Promise<boolean> {
    return (
      (await this.#manager.streams.getMessage(this.#place.stream, { seq: Number(id) })) !== null
    )
  }

  /** A reader of its own that begins with the oldest entry. */
  async #begin(slot: number): Promise<Consumer> {
    const { stream, subjectOf } = this.#place
    const reader = await this.#client.consumers.get(stream, {
      filter_subjects: subjectOf(slot),
      deliver_policy: this.#library.DeliverPolicy.All,
    })
    this.#readers.set(slot, reader)
    return reader
  }
}

function loadLibrary(): Promise<Library> {
  const packages = ['@nats-io/jetstream', '@nats-io/transport-node']
  return optionalPackage('a log in NATS', packages, () => import('@nats-io/jetstream'))
}
