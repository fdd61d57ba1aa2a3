import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { integer, optional, required, resolveOptions, rule } from '../options.ts'
import type { DatabaseManager } from '../storage/database-manager.ts'
import type { InsertCounts } from '../storage/events/outcomes.ts'
import { TypedEmitter } from '../storage/events/typed-emitter.ts'
import type { Unsubscribe, ValkeyClient } from '../valkey/valkey-client.ts'
import { clusterKeys, type ClusterKeys } from './cluster-keys.ts'
import { clusterRules, logOf, type ClusterOptions } from './cluster-options.ts'
import type { IngestLog, LogEntry } from './ingest-log.ts'
import { heartbeatScript, leaveScript } from './lease-scripts.ts'
import { SlotConsumer } from './slot-consumer.ts'
import { SlotLeases } from './slot-leases.ts'
import { slotOf, slotsOf } from './slots.ts'

/** Options of a worker. */
export interface WorkerOptions extends ClusterOptions {
  /** Where the ticks are stored. It stays the caller's to close, after the worker. */
  readonly manager: DatabaseManager
  /** The worker's name, unique among the living. Default: host, pid and a random part. */
  readonly member?: string
  /** Where this worker's pairs can be read, as `connect()` takes it; other processes find it here. */
  readonly address?: string
  /** How long a lease lasts, in ms; a dead worker's pairs are taken over after that. Default 10,000. */
  readonly leaseMs?: number
}

/** What a worker tells. */
export interface WorkerEvents {
  /** The slots that it holds now. */
  slots: [slots: readonly number[]]
  /** Ticks of a producer were stored. */
  stored: [event: { pair: string; counts: InsertCounts }]
  /** An entry that can never be stored; it is kept in the slot's list of refused entries. */
  refused: [event: { pair: string; slot: number; id: string; error: unknown }]
  /** Something failed and is tried again. */
  error: [error: unknown]
}

const rules = {
  ...clusterRules,
  manager: required(
    rule<DatabaseManager>(
      'a DatabaseManager',
      (value) => typeof (value as Partial<DatabaseManager> | null)?.insertTicks === 'function',
      undefined as never,
    ),
  ),
  member: rule<string | undefined>(
    'a name of 1 to 128 characters without `|`',
    (value) => typeof value === 'string' && /^[^|\s]{1,128}$/.test(value),
    undefined,
  ),
  address: optional(rule<string>('a text', (value) => typeof value === 'string', '')),
  leaseMs: integer(100, 3_600_000, 10_000),
}

/** Refused entries that are kept of a slot, the newest ones. */
const maxRefused = 10_000
/** Heartbeats and renewals within one lease. */
const beatsPerLease = 5

/**
 * One of the processes that share a cluster's pairs. It holds the slots that rendezvous hashing gives
 * it among the living, stores what producers append to their logs, and gives a slot up only after its
 * files are closed, so that the next owner has them at once.
 */
export class Worker extends TypedEmitter<WorkerEvents> {
  /** Name of the worker. */
  readonly member: string
  readonly #client: ValkeyClient
  readonly #keys: ClusterKeys
  readonly #options: ReturnType<typeof resolveOptions<typeof rules>>
  readonly #leases: SlotLeases
  readonly #log: IngestLog
  readonly #consumers = new Map<number, SlotConsumer>()
  readonly #leaving = new Map<number, Promise<void>>()
  readonly #startedAt = Date.now()
  #own: { readonly members: string; readonly slots: ReadonlySet<number> } | undefined
  #beating: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #listening: Unsubscribe | undefined
  #stopping: Promise<void> | undefined

  private constructor(options: ReturnType<typeof resolveOptions<typeof rules>>) {
    super(['slots', 'stored', 'refused', 'error'])
    const { client, name, leaseMs } = options
    this.member = options.member ?? `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`
    this.#options = options
    this.#client = client
    this.#keys = clusterKeys(name)
    this.#leases = new SlotLeases({ client, keys: this.#keys, member: this.member, leaseMs })
    this.#log = logOf(options)
  }

  /** Joins the cluster and begins to work; resolves after the first leases. */
  static async start(options: WorkerOptions): Promise<Worker> {
    const worker = new Worker(resolveOptions('Worker.start', options, rules))
    worker.#listening = await worker.#client.subscribe(worker.#keys.appended, (slot) =>
      worker.#consumers.get(Number(slot))?.wake(),
    )
    await worker.#beat()
    worker.#schedule()
    return worker
  }

  /** The slots that are held. */
  get slots(): number[] {
    return [...this.#consumers.keys()]
  }

  /** Whether this worker may write the pair now. */
  owns(pair: string): boolean {
    return this.#leases.mayWrite(slotOf(pair, this.#options.slots))
  }

  /** Gives everything up in order: stores what is under way, closes files, releases leases, leaves. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop())
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#beating
    await this.#listening?.()
    await Promise.all(this.slots.map((slot) => this.#giveUp(slot)))
    await Promise.all(this.#leaving.values())
    this.emit('slots', this.slots)
    const { members, about } = this.#keys
    await this.#client.script(leaveScript, [members, about], [this.member])
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#beating = this.#beatAgain()
    }, this.#options.leaseMs / beatsPerLease)
  }

  async #beatAgain(): Promise<void> {
    try {
      await this.#beat()
    } catch (error) {
      this.#fail(error)
    }
    if (this.#stopping === undefined) this.#schedule()
  }

  /** Says that it lives, renews, gives up what belongs to others, takes what belongs to it. */
  async #beat(): Promise<void> {
    const { leaseMs, slots } = this.#options
    const about = JSON.stringify({
      address: this.#options.address ?? null,
      host: hostname(),
      pid: process.pid,
      startedAt: this.#startedAt,
    })
    const members = (await this.#client.script(
      heartbeatScript,
      [this.#keys.members, this.#keys.about],
      [this.member, String(leaseMs), about],
    )) as string[]
    const lost = await this.#leases.renew()
    const own = this.#ownSlots(members, slots)
    const others = new Set([...lost, ...this.slots.filter((each) => !own.has(each))])
    // Told once, when all of them are given up: a member that joins takes hundreds.
    if (others.size > 0)
      void Promise.all([...others].map((slot) => this.#giveUp(slot))).then(() =>
        this.emit('slots', this.slots),
      )
    const free = [...own].filter((slot) => !this.#consumers.has(slot) && !this.#leaving.has(slot))
    const granted = await this.#leases.claim(free)
    for (const slot of granted) this.#consumers.set(slot, this.#consume(slot))
    if (granted.length > 0) this.emit('slots', this.slots)
  }

  /** What belongs to it changes only with the members: 1,024 slots of 16 of them are 16,384 hashes. */
  #ownSlots(members: readonly string[], slots: number): ReadonlySet<number> {
    const key = members.toSorted().join('|')
    if (this.#own?.members !== key)
      this.#own = { members: key, slots: new Set(slotsOf(this.member, members, slots)) }
    return this.#own.slots
  }

  #consume(slot: number): SlotConsumer {
    return new SlotConsumer({
      slot,
      log: this.#log,
      store: this.#options.manager,
      mayWrite: () => this.#leases.mayWrite(slot),
      refuse: (entry, error) => this.#refuse(slot, entry, error),
      onStored: (pair, counts) => this.emit('stored', { pair, counts }),
      onError: (error) => this.#fail(error),
    })
  }

  /** Stores what is under way, closes the slot's files, and only then gives the lease back. */
  #giveUp(slot: number): Promise<void> {
    const consumer = this.#consumers.get(slot)
    if (consumer === undefined) return this.#leaving.get(slot) ?? Promise.resolve()
    this.#consumers.delete(slot)
    const leaving = (async () => {
      try {
        await consumer.stop()
        for (const pair of consumer.pairs) await this.#options.manager.pool.release(pair)
        await this.#leases.release(slot)
      } catch (error) {
        this.#leases.drop(slot)
        this.#fail(error)
      } finally {
        this.#leaving.delete(slot)
      }
    })()
    this.#leaving.set(slot, leaving)
    return leaving
  }

  async #refuse(slot: number, { id, pair, ticks }: LogEntry, error: unknown): Promise<void> {
    const reason = (error as Error).message
    const fields = ['id', id, 'pair', pair, 'ticks', ticks, 'reason', reason]
    const bound = ['MAXLEN', '~', String(maxRefused), '*']
    await this.#client.command(['XADD', this.#keys.refused(slot), ...bound, ...fields])
    this.emit('refused', { pair, slot, id, error })
  }

  #fail(error: unknown): void {
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }
}
