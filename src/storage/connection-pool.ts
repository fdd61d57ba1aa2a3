import { LRUCache } from 'lru-cache'
import { PairduckError } from '../errors.ts'
import { formatPair, type Pair } from '../pair.ts'
import type { Events } from './events.ts'
import type { PairDatabase } from './pair-database.ts'
import { WaitingLine } from './waiting-line.ts'

/** What a pool counts since it was made, and what it holds now. */
export interface PoolStats {
  /** Pair files held open, those being opened or closed included. */
  readonly size: number
  readonly max: number
  /** Held by a lease, a commit or a job. */
  readonly active: number
  readonly idle: number
  readonly waiting: number
  readonly hits: number
  readonly misses: number
  readonly hitRate: number
  readonly evictions: number
  readonly activePairs: readonly string[]
}

/** What a manager counts. */
export interface ManagerStats extends PoolStats {
  /** Ticks that were given and are not durable yet. */
  readonly pendingTicks: number
}

export interface PoolOptions {
  readonly maxConnections: number
  readonly maxWaiting: number
  readonly acquireTimeoutMs: number
  readonly idleCloseMs: number
}

interface Slot {
  readonly name: string
  pins: number
  readonly opened: Promise<PairDatabase>
  /** Set once closing has begun: the pair cannot be opened again before it has ended. */
  closed?: Promise<void>
  database?: PairDatabase
}

/**
 * At most `maxConnections` open pair files. Who uses one pins it; only unpinned ones lie in the
 * LRU and can be evicted for another pair or closed for having been idle. When all are pinned,
 * callers wait in line, with a deadline.
 */
export class ConnectionPool {
  readonly #open: (pair: Pair) => Promise<PairDatabase>
  readonly #options: PoolOptions
  readonly #events: Events
  readonly #slots = new Map<string, Slot>()
  readonly #idle: LRUCache<string, Slot>
  readonly #line: WaitingLine
  readonly #sweeper: NodeJS.Timeout
  #hits = 0
  #misses = 0
  #evictions = 0
  #closing: Promise<void> | undefined

  constructor(open: (pair: Pair) => Promise<PairDatabase>, options: PoolOptions, events: Events) {
    this.#open = open
    this.#options = options
    this.#events = events
    this.#line = new WaitingLine(options.maxWaiting)
    this.#idle = new LRUCache({
      max: options.maxConnections,
      ttl: options.idleCloseMs,
      dispose: (slot, _name, reason) => {
        if (reason === 'expire') void this.#retire(slot, 'idle')
      },
    })
    this.#sweeper = setInterval(() => this.closeIdle(), Math.max(50, options.idleCloseMs / 4))
    this.#sweeper.unref()
  }

  /**
   * Opens the pair if need be and holds it open until {@link unpin}. Waits while all slots are
   * pinned; `POOL_EXHAUSTED` when the line or the deadline is exceeded.
   */
  async pin(
    pair: Pair,
    {
      signal,
      timeoutMs,
    }: { signal?: AbortSignal | undefined; timeoutMs?: number | undefined } = {},
  ): Promise<PairDatabase> {
    const name = formatPair(pair)
    const deadline = Date.now() + (timeoutMs ?? this.#options.acquireTimeoutMs)
    let inLine = false
    for (;;) {
      this.#refuseClosed()
      const slot = this.#slots.get(name)
      if (slot?.closed !== undefined) {
        await slot.closed
      } else if (slot !== undefined) {
        this.#hits++
        return this.#pinned(slot)
      } else if (
        (inLine || this.#line.length === 0) &&
        this.#slots.size < this.#options.maxConnections
      ) {
        this.#misses++
        return this.#pinned(this.#newSlot(name, pair))
      } else if ((inLine || this.#line.length === 0) && this.#idle.size > 0) {
        await this.#evictOldest()
      } else {
        await this.#line.wait({ signal, deadline, inLine, subject: this.#exhaustion(name) })
        inLine = true
      }
    }
  }

  /** Holds the pair open while `work` runs; for one that is open already nothing is awaited before. */
  async use<T>(pair: Pair, work: (database: PairDatabase) => Promise<T>): Promise<T> {
    const database = this.#pinOpen(formatPair(pair)) ?? (await this.pin(pair))
    try {
      return await work(database)
    } finally {
      this.unpin(database.name)
    }
  }

  unpin(name: string): void {
    const slot = this.#slots.get(name)
    if (slot === undefined || --slot.pins > 0) return
    if (slot.closed !== undefined) return
    if (slot.database?.broken === true) void this.#retire(slot, 'room')
    else this.#idle.set(name, slot)
    this.#line.callNext()
  }

  isOpen(name: string): boolean {
    return this.#slots.has(name)
  }

  /** Closes the pairs that have been idle for `idleCloseMs`, or with `all` every idle one. */
  closeIdle({ all = false }: { all?: boolean } = {}): void {
    if (!all) {
      this.#idle.purgeStale()
      return
    }
    for (const slot of this.#slots.values()) {
      if (slot.pins > 0 || slot.closed !== undefined) continue
      this.#idle.delete(slot.name)
      void this.#retire(slot, 'idle')
    }
  }

  /** Closes one pair if nobody holds it, and resolves when its file is free. */
  async release(name: string): Promise<void> {
    const slot = this.#slots.get(name)
    if (slot === undefined) return
    if (slot.pins === 0 && slot.closed === undefined) {
      this.#idle.delete(name)
      void this.#retire(slot, 'idle')
    }
    await slot.closed
  }

  stats(): PoolStats {
    const active = [...this.#slots.values()].filter(({ pins }) => pins > 0)
    const asked = this.#hits + this.#misses
    return {
      size: this.#slots.size,
      max: this.#options.maxConnections,
      active: active.length,
      idle: this.#idle.size,
      waiting: this.#line.length,
      hits: this.#hits,
      misses: this.#misses,
      hitRate: asked === 0 ? 0 : this.#hits / asked,
      evictions: this.#evictions,
      activePairs: active.map(({ name }) => name),
    }
  }

  /** Refuses newcomers, then closes every pair, pinned or not; all failures are reported together. */
  close(): Promise<void> {
    return (this.#closing ??= this.#shutdown())
  }

  async #shutdown(): Promise<void> {
    clearInterval(this.#sweeper)
    this.#line.dismiss(new PairduckError('CLOSED', 'the manager was closed while this call waited'))
    const slots = [...this.#slots.values()]
    this.#idle.clear()
    const ends = await Promise.allSettled(
      slots.map(async (slot) => {
        if (slot.closed !== undefined) return slot.closed
        const database = await slot.opened.catch(() => undefined)
        await database?.close()
      }),
    )
    this.#slots.clear()
    const failures = ends
      .filter((end) => end.status === 'rejected')
      .map(({ reason }) => reason as unknown)
    if (failures.length > 0)
      throw new AggregateError(
        failures,
        `${failures.length} pairs were not closed as they should be`,
      )
  }

  #pinOpen(name: string): PairDatabase | undefined {
    const slot = this.#slots.get(name)
    if (slot?.database === undefined || slot.closed !== undefined || this.#closing !== undefined)
      return undefined
    this.#hits++
    if (slot.pins++ === 0) this.#idle.delete(name)
    return slot.database
  }

  #newSlot(name: string, pair: Pair): Slot {
    const slot: Slot = { name, pins: 0, opened: this.#open(pair) }
    this.#slots.set(name, slot)
    void this.#watchOpening(slot)
    return slot
  }

  async #watchOpening(slot: Slot): Promise<void> {
    try {
      slot.database = await slot.opened
      this.#events.tell('pairOpened', { pair: slot.name })
    } catch {
      // The callers of pin() are told; here only the place comes free again.
      this.#slots.delete(slot.name)
      this.#line.callNext()
    }
  }

  async #pinned(slot: Slot): Promise<PairDatabase> {
    if (slot.pins++ === 0) this.#idle.delete(slot.name)
    return slot.opened
  }

  async #evictOldest(): Promise<void> {
    const slot = this.#idle.pop()
    if (slot === undefined) return
    this.#evictions++
    await this.#retire(slot, 'room')
  }

  #retire(slot: Slot, reason: 'idle' | 'room'): Promise<void> {
    return (slot.closed = this.#closeSlot(slot, reason))
  }

  async #closeSlot(slot: Slot, reason: 'idle' | 'room'): Promise<void> {
    try {
      const database = await slot.opened
      await database.close()
    } catch (error) {
      this.#events.tell('error', { pair: slot.name, error })
    }
    this.#slots.delete(slot.name)
    this.#events.tell('pairEvicted', { pair: slot.name, reason })
    this.#line.callNext()
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw new PairduckError('CLOSED', 'the manager is closed')
  }

  #exhaustion(name: string): string {
    return `all ${this.#options.maxConnections} connections are in use and ${name} needs one`
  }
}
