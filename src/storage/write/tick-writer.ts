import type { DuckDBConnection } from '@duckdb/node-api'
import PQueue from 'p-queue'
import { PairduckError } from '../../errors.ts'
import type { Gap } from '../../schema/gaps.ts'
import type { Tick } from '../../schema/rows.ts'
import type { Clock } from '../../time.ts'
import { fromDuckDb, isInvalidated } from '../duckdb/duckdb-errors.ts'
import type { Events } from '../events/events.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import { checkGaps } from './gap-ledger.ts'
import { PendingCommit } from './pending-commit.ts'
import { countOfTicks, type TickColumns } from './tick.ts'
import type { TickStore } from './tick-store.ts'
import type { WalWatch } from './wal-watch.ts'
import type { ThreadBudget } from '../duckdb/thread-budget.ts'

export interface WriterOptions {
  readonly lingerMs: number
  readonly maxPendingTicks: number
  readonly maxTicksPerCommit: number
  readonly maxFutureMs: number
  readonly clock: Clock
}

/**
 * The one writer of a pair. Calls that arrive while a commit is in flight become the next one; a
 * promise resolves when its ticks are in the WAL and the WAL is on the disk. Everything else that
 * writes to the pair runs as a job in the same queue, between commits.
 */
export class TickWriter {
  readonly #pair: string
  readonly #connection: DuckDBConnection
  /** What it writes to. */
  readonly ticks: TickStore
  readonly #budget: ThreadBudget
  readonly #events: Events
  readonly #options: WriterOptions
  readonly #wal: WalWatch
  readonly #queue = new PQueue({ concurrency: 1 })
  /** The engine gave the file up (a full disk in a checkpoint): it has to be opened again. */
  readonly #onInvalidated: (error: unknown) => Promise<void>
  #waiting: PendingCommit[] = []
  #pendingTicks = 0
  #scheduled = false
  #commitQueued = false
  #closed = false
  #timer: NodeJS.Timeout | undefined

  /** Whether anything was written since the file was opened. */
  wrote = false

  constructor(of: {
    pair: string
    connection: DuckDBConnection
    ticks: TickStore
    budget: ThreadBudget
    events: Events
    options: WriterOptions
    wal: WalWatch
    onInvalidated: (error: unknown) => Promise<void>
  }) {
    this.#pair = of.pair
    this.#connection = of.connection
    this.ticks = of.ticks
    this.#budget = of.budget
    this.#events = of.events
    this.#options = of.options
    this.#wal = of.wal
    this.#onInvalidated = of.onInvalidated
  }

  /** Ticks that are not durable yet. */
  get pendingTicks(): number {
    return this.#pendingTicks
  }

  /**
   * Resolves when the ticks are durable; see {@link InsertCounts}. Holes are noted in the same
   * transaction.
   */
  insert(ticks: readonly Tick[] | TickColumns, gaps: readonly Gap[] = []): Promise<InsertCounts> {
    const given = countOfTicks(ticks)
    checkGaps(gaps)
    this.#checkRoom(given)
    return this.#join(ticks, given, gaps)
  }

  /**
   * For an import, which bounds itself by how many batches it has in flight: its large batches do
   * not use up the room of live calls.
   */
  insertBatch(ticks: TickColumns): Promise<InsertCounts> {
    return this.#join(ticks, 0)
  }

  #join(
    ticks: readonly Tick[] | TickColumns,
    counted: number,
    gaps: readonly Gap[] = [],
  ): Promise<InsertCounts> {
    if (this.#closed) throw new PairduckError('CLOSED', `${this.#pair} is being closed`)
    const last = this.#waiting.at(-1)
    const commit =
      last !== undefined && last.batch.length < this.#options.maxTicksPerCommit
        ? last
        : new PendingCommit()
    const done = commit.add(ticks, this.#options.clock() + this.#options.maxFutureMs)
    if (commit !== last) this.#waiting.push(commit)
    commit.counted += counted
    commit.gaps.push(...gaps)
    this.#pendingTicks += counted
    this.#budget.pendingTicks += counted
    this.#schedule(commit)
    return done
  }

  /** Runs `job` on the writer's connection, alone, between two commits. */
  async run<T>(job: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (this.#closed) throw new PairduckError('CLOSED', `${this.#pair} is being closed`)
    this.wrote = true
    try {
      return await this.#queue.add(() => this.#budget.write(() => this.#runJob(job)))
    } catch (error) {
      await this.#onInvalidated(error)
      throw error
    }
  }

  async #runJob<T>(job: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const result = await job(this.#connection)
    await this.#wal.measure()
    if (this.#wal.full)
      // The job itself is done and durable.
      await this.#wal.empty(this.#connection).catch((error: unknown) => {
        this.#events.tell('error', {
          pair: this.#pair,
          error: fromDuckDb(error, this.#pair, 'QUERY_FAILED'),
        })
        return this.#recover(error)
      })
    return result
  }

  /** Takes nothing more, commits what waits; resolves when nothing is in flight any more. */
  async drain(): Promise<void> {
    this.#closed = true
    this.#flush()
    await this.#queue.onIdle()
  }

  #checkRoom(given: number): void {
    const { maxPendingTicks } = this.#options
    // A call that is larger than the bound is taken when nothing else waits.
    if (this.#pendingTicks > 0 && this.#pendingTicks + given > maxPendingTicks)
      throw new PairduckError(
        'BACKPRESSURE',
        `${this.#pair}: ${this.#pendingTicks} ticks wait to be stored; \`maxPendingTicks\` is ${maxPendingTicks}: await earlier calls`,
        { pair: this.#pair, pendingTicks: this.#pendingTicks, maxPendingTicks },
      )
    this.#budget.checkRoom(given)
  }

  #schedule(commit: PendingCommit): void {
    if (commit.batch.length >= this.#options.maxTicksPerCommit) this.#flush()
    if (this.#scheduled || this.#waiting.length === 0) return
    this.#scheduled = true
    // Even without linger: callers that were answered together come back together.
    if (this.#options.lingerMs === 0) setImmediate(() => this.#flush())
    else this.#timer = setTimeout(() => this.#flush(), this.#options.lingerMs)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#scheduled = false
    // Until its turn comes, later calls go on joining the last commit that waits.
    if (this.#waiting.length === 0 || this.#commitQueued) return
    this.#commitQueued = true
    void this.#queue.add(() => this.#commitNext())
  }

  async #commitNext(): Promise<void> {
    this.#commitQueued = false
    const commit = this.#waiting.shift()
    if (commit === undefined) return
    try {
      const counts = await this.#budget.write(() => this.ticks.commit(commit))
      if (commit.batch.length > 0) await this.#wal.note(commit.batch.length)
      // Before the calls are answered: who awaited them finds their room free.
      this.#freeRoom(commit)
      commit.settle(counts)
      this.wrote ||= commit.batch.length + commit.gaps.length > 0
      if (this.ticks.needsRollUp) await this.#budget.write(() => this.ticks.rollUp())
      if (this.#wal.full) await this.#budget.write(() => this.#wal.empty(this.#connection))
    } catch (error) {
      // Without effect on calls that are answered: what failed then was the work after the commit.
      commit.fail(fromDuckDb(error, this.#pair, 'QUERY_FAILED'))
      this.#events.tell('error', {
        pair: this.#pair,
        error: fromDuckDb(error, this.#pair, 'QUERY_FAILED'),
      })
      await this.#recover(error)
    } finally {
      this.#freeRoom(commit)
      if (!this.#scheduled) this.#flush()
    }
  }

  #freeRoom(commit: PendingCommit): void {
    this.#pendingTicks -= commit.counted
    this.#budget.pendingTicks -= commit.counted
    commit.counted = 0
  }

  /** A pair whose file cannot even be read any more is given up, to be opened again. */
  async #recover(error: unknown): Promise<void> {
    try {
      if (isInvalidated(error)) throw error
      await this.ticks.reload()
    } catch (fatal) {
      await this.#onInvalidated(isInvalidated(fatal) ? fatal : error)
    }
  }
}
