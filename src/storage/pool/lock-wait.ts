import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { PairduckError } from '../../errors.ts'
import { formatPair, type Pair } from '../../pair.ts'
import { withCode } from '../duckdb/duckdb-errors.ts'
import type { WantedFiles } from '../file/wanted-files.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { PairDatabase } from './pair-database.ts'
import type { PoolOptions } from './pool-slot.ts'

type WaitOptions = Pick<PoolOptions, 'acquireTimeoutMs' | 'maxWaiting'>

/** A write that waits for its pair's file. */
interface Write {
  /** Which call of all it was. */
  readonly number: number
  /** By `performance.now()`. */
  readonly deadline: number
  /** Begins the write; the pair is open. */
  readonly begin: () => void
  readonly refuse: (error: unknown) => void
}

/** Tells the process that has a pair's file that it is waited for. */
type Wanted = Pick<WantedFiles, 'ask' | 'withdraw'>

const firstPauseMs = 5
const longestPauseMs = 100

/**
 * The way of writes to their pair. Who only looks at an idle pair from another process holds its
 * file for a moment; a write that comes just then waits and tries again until its deadline,
 * because what it brings would be lost otherwise. No place of the pool is held meanwhile, and
 * writes of a pair begin in the order in which they came.
 */
export class LockWait {
  readonly #pool: ConnectionPool
  readonly #options: WaitOptions
  readonly #wanted: Wanted
  /** By pair, in the order of coming. */
  readonly #lines = new Map<string, Write[]>()
  readonly #closing = new AbortController()
  #calls = 0

  constructor(pool: ConnectionPool, options: WaitOptions, wanted: Wanted) {
    this.#wanted = wanted
    this.#pool = pool
    this.#options = options
    // One listener for each pair that waits: of a worker that was stopped the next one takes hundreds.
    setMaxListeners(0, this.#closing.signal)
  }

  /**
   * Runs `work` with the pair held open. `PAIR_LOCKED` when another process has its file until
   * the deadline (`acquireTimeoutMs`), or when `maxWaiting` writes wait for such files already.
   * Where `work` cannot begin before this returns, `beforeWaiting` runs first.
   */
  async use<T>(
    pair: Pair,
    work: (database: PairDatabase) => Promise<T>,
    beforeWaiting?: () => void,
  ): Promise<T> {
    const name = formatPair(pair)
    // The way of nearly all calls, which may be hundreds of thousands a second.
    const open = this.#lines.size === 0 ? this.#pool.acquireOpen(name) : undefined
    if (open === undefined) {
      beforeWaiting?.()
      const later = this.#pool.onceResting(name, () => this.use(pair, work))
      if (later !== undefined) return later
      // What came before this and is not on its way to the log goes first.
      this.#pool.resting.leave(name)
      return this.#openFor(pair, name, work)
    }
    try {
      open.isWrittenHere = true
      return await work(open)
    } catch (error) {
      throw withCode(error, name)
    } finally {
      this.#pool.endLease(name)
    }
  }

  /** Whether writes of a pair wait for its file. */
  isWaitedFor(name: string): boolean {
    return this.#lines.has(name)
  }

  /** Ends every wait with `CLOSED`. */
  close(): void {
    this.#closing.abort()
    for (const name of this.#lines.keys()) this.#refuse(name, closed(name))
  }

  async #openFor<T>(
    pair: Pair,
    name: string,
    work: (database: PairDatabase) => Promise<T>,
  ): Promise<T> {
    const number = this.#calls++
    const deadline = performance.now() + this.#options.acquireTimeoutMs
    let began = false
    if (!this.#lines.has(name) || this.#waiting() >= this.#options.maxWaiting)
      try {
        return await this.#pool.use(pair, (database) => {
          began = true
          database.isWrittenHere = true
          // What came before this one and found the file locked goes first.
          this.#begin(name, number)
          return work(database)
        })
      } catch (error) {
        if (began || !isLocked(error) || performance.now() >= deadline) throw error
        if (this.#waiting() >= this.#options.maxWaiting) throw error
      }
    return new Promise((resolve, reject) => {
      const begin = (): void =>
        resolve(
          this.#pool.use(pair, (database) => {
            database.isWrittenHere = true
            return work(database)
          }),
        )
      this.#join(pair, { number, deadline, begin, refuse: reject })
    })
  }

  #join(pair: Pair, write: Write): void {
    const name = formatPair(pair)
    if (this.#closing.signal.aborted) return write.refuse(closed(name))
    const line = this.#lines.get(name)
    if (line === undefined) {
      this.#lines.set(name, [write])
      void this.#knock(pair, name).then(() => this.#wanted.withdraw(name))
      return
    }
    // One that tried for itself joins after its failure, perhaps behind some that came later.
    const place = line.findIndex(({ number }) => number > write.number)
    line.splice(place < 0 ? line.length : place, 0, write)
  }

  /** Tries to open the pair until nobody waits for it any more. */
  async #knock(pair: Pair, name: string): Promise<void> {
    const { signal } = this.#closing
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const leftMs = this.#leftMs(name)
      await delay(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => undefined)
      if (!this.#lines.has(name)) return
      try {
        await this.#pool.acquire(pair, { timeoutMs: this.#leftMs(name) })
        this.#begin(name, Infinity)
        this.#pool.endLease(name)
        return
      } catch (error) {
        const passes = isLocked(error) || PairduckError.is(error, 'POOL_EXHAUSTED')
        this.#refuse(name, error, passes ? performance.now() : Infinity)
        if (!this.#lines.has(name)) return
        if (isLocked(error)) await this.#wanted.ask(name)
      }
    }
  }

  /** Begins the writes of an open pair that came before a call, at once and in order. */
  #begin(name: string, before: number): void {
    for (const { begin } of this.#take(name, ({ number }) => number < before)) begin()
  }

  /** Refuses the writes whose deadline has come. */
  #refuse(name: string, error: unknown, now = Infinity): void {
    for (const { refuse } of this.#take(name, ({ deadline }) => deadline <= now)) refuse(error)
  }

  /** Takes out of a pair's line those that fit. */
  #take(name: string, fits: (write: Write) => boolean): Write[] {
    const line = this.#lines.get(name) ?? []
    const left = line.filter((write) => !fits(write))
    if (left.length > 0) this.#lines.set(name, left)
    else this.#lines.delete(name)
    return line.filter((write) => fits(write))
  }

  /** Until the first deadline of a pair's line. */
  #leftMs(name: string): number {
    const deadlines = (this.#lines.get(name) ?? []).map(({ deadline }) => deadline)
    return Math.max(0, Math.min(...deadlines) - performance.now())
  }

  #waiting(): number {
    let waiting = 0
    for (const line of this.#lines.values()) waiting += line.length
    return waiting
  }
}

function isLocked(error: unknown): boolean {
  return PairduckError.is(error, 'PAIR_LOCKED')
}

function closed(name: string): PairduckError {
  return new PairduckError('CLOSED', `${name}: the manager was closed while this call waited`)
}
