import { LRUCache } from 'lru-cache'
import { PairduckError } from '../../errors.ts'
import { formatPair, type Pair } from '../../pair.ts'
import { withCode } from '../duckdb/duckdb-errors.ts'
import type { Events } from '../events/events.ts'
import { closeRetired, closeSlot, giveWay } from './close-slot.ts'
import { closeTogether } from './close-together.ts'
import type { PairDatabase } from './pair-database.ts'
import type { RestingPairs } from './resting-pairs.ts'
import { poolStats, type PoolStats } from './pool-stats.ts'
import {
  isHeld,
  countLeaving,
  isLendable,
  isOnlyRead,
  onceRests,
  type OnceRests,
  closedFor,
  isUsable,
  refuseInUse,
  sweepMs,
  tooManyWait,
  waitReason,
  type PoolOptions,
  type Slot,
  type SlotOptions,
  type UseOptions,
} from './pool-slot.ts'
import { WaitingLine, type WaitReason } from './waiting-line.ts'

/** At most `maxConnections` open pair files. A lease keeps its pair open; others may be closed. */
export class ConnectionPool {
  readonly #open: (pair: Pair) => Promise<PairDatabase>
  /** Pairs whose files are closed and that are this process's all the same. */
  readonly resting: RestingPairs
  readonly #options: PoolOptions
  readonly #events: Events
  readonly #slots = new Map<string, Slot>()
  readonly #idle: LRUCache<string, Slot>
  readonly #line = new WaitingLine<Slot>()
  readonly #sweeper: NodeJS.Timeout
  readonly #counted = { hits: 0, misses: 0, evictions: 0 }
  readonly #waitReason = (name: string): WaitReason =>
    waitReason(name, this.#slots.get(name), this.#options.maxConnections)
  #closing: Promise<void> | undefined

  constructor(
    open: (pair: Pair) => Promise<PairDatabase>,
    options: PoolOptions,
    events: Events,
    resting: RestingPairs,
  ) {
    this.#open = open
    this.resting = resting
    this.#options = options
    this.#events = events
    this.#idle = new LRUCache({
      max: options.maxConnections,
      ttl: options.idleCloseMs,
      dispose: (slot, _name, reason) => {
        // The cache is taking it out just now, and must not be asked to do so again meanwhile.
        if (reason === 'expire') slot.closed = this.#closeSlot(slot, 'idle')
      },
    })
    this.#sweeper = setInterval(() => this.closeIdle(), sweepMs(options)).unref()
  }

  /**
   * Opens the pair if need be and leases it until {@link endLease}. Waits while all slots are
   * leased, in the order of coming; `POOL_EXHAUSTED` when the line or the deadline is exceeded.
   */
  async acquire(
    pair: Pair,
    { signal, timeoutMs = this.#options.acquireTimeoutMs }: SlotOptions = {},
  ): Promise<PairDatabase> {
    this.#refuseClosed()
    const name = formatPair(pair)
    const slot = this.#find(name)
    // Awaits as often as the call that opens the pair, so that calls keep their order.
    if (slot !== undefined && isLendable(slot))
      return (await Promise.resolve(this.#hit(slot))).opened
    const waiter = this.#line.join(pair, {
      signal,
      timeoutMs,
      reason: () => this.#waitReason(name),
      isNearlyServed: (ahead) =>
        ahead < countLeaving(this.#slots) && !isHeld(this.#slots.get(name)),
    })
    this.#serve()
    const { maxWaiting } = this.#options
    if (this.#line.has(waiter) && this.#line.length > maxWaiting + countLeaving(this.#slots))
      waiter.dismiss(tooManyWait(this.#waitReason(waiter.name), maxWaiting))
    return (await waiter.served).opened
  }

  /** Holds the pair open while `work` runs; for one that is open already nothing is awaited before. */
  async use<T>(
    pair: Pair,
    work: (database: PairDatabase) => Promise<T>,
    { renews = true, joins = false, ...given }: UseOptions = {},
  ): Promise<T> {
    const idleMs = renews ? given.idleMs : this.#idle.getRemainingTTL(formatPair(pair))
    const database = this.acquireOpen(formatPair(pair), joins) ?? (await this.acquire(pair, given))
    const slot = this.#slots.get(database.name)
    if (slot?.leases === 1 && idleMs !== undefined && idleMs > 0) slot.idleMs = idleMs
    try {
      return await work(database)
    } catch (error) {
      throw withCode(error, database.name)
    } finally {
      this.endLease(database.name)
    }
  }

  /** Ends a lease that {@link acquire} began. */
  endLease(name: string): void {
    const slot = this.#slots.get(name)
    if (slot === undefined || --slot.leases > 0) return
    if (slot.closed !== undefined) return
    if (slot.database?.broken === true || slot.draining === true) void this.#retire(slot, 'room')
    else this.#idle.set(name, slot, { ttl: slot.idleMs ?? this.#options.idleCloseMs })
    this.#serve()
  }

  /** Does work when a pair rests that is about to, in the order of the calls; undefined for others. */
  readonly onceResting = <T>(name: string, ...of: OnceRests<T>): Promise<T> | undefined =>
    onceRests(this.#slots.get(name), ...of)

  /** Whether the pair's file is open. */
  readonly isOpen = (name: string): boolean => this.#slots.has(name)

  /** Closes the pairs that have been idle for `idleCloseMs`, or with `all` every idle one. */
  closeIdle({ all = false }: { all?: boolean } = {}): void {
    this.#idle.purgeStale()
    this.resting.sweep()
    for (const name of all ? [...this.#slots.keys(), ...this.resting.names()] : [])
      void this.release(name)
  }

  /** Closes one pair if nobody holds it, and resolves when its file is free. */
  async release(name: string): Promise<void> {
    const slot = this.#slots.get(name)
    if (slot?.leases === 0 && slot.closed === undefined) void this.#retire(slot, 'idle')
    await slot?.closed
    await this.resting.giveUp(name)
  }

  /** The open pairs that nobody of this process has written to. */
  onlyRead(): string[] {
    return [...this.#slots.values()].filter((slot) => isOnlyRead(slot)).map(({ name }) => name)
  }

  /** Closes a pair as soon as its leases have ended, for a moment; tells then whether one is held. */
  drain(name: string): () => boolean {
    const slot = this.#slots.get(name)
    if (slot?.database?.isWrittenHere !== false || !isLendable(slot)) return () => false
    slot.draining = true
    if (slot.leases === 0) void this.#retire(slot, 'room')
    return () => slot.closed === undefined
  }

  /**
   * Runs `work` while the pair's file is closed and stays closed: whoever asks for the pair waits,
   * those too who come while it is being closed for this. `PAIR_LOCKED` when it is in use.
   */
  async whileClosed<T>(name: string, work: () => Promise<T>, label: string): Promise<T> {
    if (this.#slots.get(name)?.closed !== undefined) await this.#slots.get(name)!.closed
    if (this.resting.has(name)) await this.resting.forget(name)
    this.#refuseClosed()
    const before = refuseInUse(this.#slots.get(name))
    const working = Promise.resolve(before && this.#retire(before, 'idle')).then(work)
    this.#slots.set(name, closedFor(name, working, label))
    try {
      return await working
    } finally {
      this.#slots.delete(name)
      this.#serve()
    }
  }

  /** Closes what the engine gave up as soon as nobody holds it; it is opened anew when asked for. */
  retireBroken(): void {
    for (const name of this.#slots.keys()) this.#find(name)
  }

  /** Counts since the manager was opened, and what is open now. */
  stats(): PoolStats {
    return poolStats(this.#slots.values(), {
      max: this.#options.maxConnections,
      idle: this.#idle.size,
      waiting: this.#line.length,
      restingPairs: this.resting.names(),
      ...this.#counted,
    })
  }

  /** True from the call of {@link close} on. */
  get closing(): boolean {
    return this.#closing !== undefined
  }

  /** Refuses newcomers, then closes every pair, leased or not; all failures are reported together. */
  close(): Promise<void> {
    return (this.#closing ??= this.#shutdown())
  }

  async #shutdown(): Promise<void> {
    clearInterval(this.#sweeper)
    for (const waiter of this.#line.waiters())
      waiter.dismiss(new PairduckError('CLOSED', 'the manager was closed while this call waited'))
    const slots = [...this.#slots.values()]
    this.#idle.clear()
    try {
      await closeTogether(slots.map((slot) => [slot.name, closeSlot(slot)] as const))
    } finally {
      this.#slots.clear()
    }
  }

  /** A file that was given up while nobody held it begins to close, to be opened again. */
  #find(name: string): Slot | undefined {
    const slot = this.#slots.get(name)
    if (slot?.database?.broken === true && slot.leases === 0 && slot.closed === undefined)
      void this.#retire(slot, 'room')
    return slot
  }

  /** Holds a pair open that is open now, until {@link release}. */
  acquireOpen(name: string, joins = false): PairDatabase | undefined {
    const slot = this.#find(name)
    if (slot?.database === undefined || this.#closing !== undefined) return undefined
    return (joins ? isUsable : isLendable)(slot) ? this.#hit(slot).database : undefined
  }

  #hit(slot: Slot): Slot {
    this.#counted.hits++
    if (slot.leases++ === 0) this.#idle.delete(slot.name)
    slot.idleMs = undefined
    return slot
  }

  #newSlot(name: string, pair: Pair): Slot {
    this.#counted.misses++
    const slot: Slot = { name, leases: 1, opened: this.#open(pair), waiters: [] }
    this.#slots.set(name, slot)
    void this.#watchOpening(slot)
    return slot
  }

  /** Gives what there is to those who wait, the first first, and makes room for the others. */
  #serve(): void {
    if (this.#closing !== undefined || this.#line.length === 0) return
    for (const waiter of this.#line.waiters()) {
      const slot = this.#find(waiter.name)
      if (slot !== undefined && !isLendable(slot)) continue
      if (slot !== undefined) waiter.serve(this.#hit(slot))
      else if (this.#slots.size < this.#options.maxConnections)
        waiter.serve(this.#newSlot(waiter.name, waiter.pair))
    }
    // Who waits for the pair's own file needs no place.
    const waiting = this.#line.waiters().filter(({ name }) => !this.#slots.has(name))
    const places = new Set(waiting.map(({ name }) => name)).size
    while (this.#idle.size > 0 && countLeaving(this.#slots) < places) {
      this.#counted.evictions++
      void this.#retire(this.#idle.pop()!, 'room', true)
    }
  }

  async #watchOpening(slot: Slot): Promise<void> {
    try {
      slot.database = await slot.opened
      this.#events.tell('pairOpened', { pair: slot.name })
    } catch {
      // The callers of acquire() are told; here only the place comes free again.
      this.#slots.delete(slot.name)
      this.#serve()
    }
  }

  #retire(slot: Slot, reason: 'idle' | 'room', rests?: boolean): Promise<void> {
    this.#idle.delete(slot.name)
    slot.rests = rests
    return (slot.closed = this.#closeSlot(slot, reason))
  }

  async #closeSlot(slot: Slot, reason: 'idle' | 'room'): Promise<void> {
    const failed = (error: unknown): void => this.#events.tell('error', { pair: slot.name, error })
    await closeRetired(slot, { resting: this.resting, failed })
    if (slot.draining === true && this.#closing === undefined) await giveWay()
    if (this.#slots.get(slot.name) === slot) this.#slots.delete(slot.name)
    for (const goOn of slot.waiters ?? []) goOn()
    this.#events.tell('pairEvicted', { pair: slot.name, reason })
    this.#serve()
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw new PairduckError('CLOSED', 'the manager is closed')
  }
}
