import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import PQueue from 'p-queue'
import { PairduckError } from '../errors.ts'
import type { Tick } from '../schema/rows.ts'
import { latePartsSql, rollUpSql } from '../schema/candles.ts'
import { msFromMicros, type Clock, type Timeframe } from '../time.ts'
import type { BatchFunction } from './batch-function.ts'
import { fromDuckDb, isInvalidated } from './duckdb-errors.ts'
import type { Events, InsertCounts } from './events.ts'
import { readRows } from './read-rows.ts'
import { countCalls, PendingCommit, total } from './pending-commit.ts'
import { countOfTicks, type TickColumns } from './tick.ts'
import { TickJudge, type Judgement, type StoredTick } from './tick-judge.ts'
import { inTransaction } from './transaction.ts'
import type { WalWatch } from './wal-watch.ts'
import type { WriteBudget } from './write-budget.ts'

export interface WriterOptions {
  readonly lingerMs: number
  readonly maxPendingTicks: number
  readonly maxTicksPerCommit: number
  readonly maxFutureMs: number
  readonly clock: Clock
}

/** Where a pair's file stands; read on open, moved by commits and by retention. All times in µs. */
export interface WriterState extends Judgement {
  /** Ticks before this are in the candle parts, the views read the later ones. */
  readonly rolledUntil: number
  /** Retention's mark of the ticks. */
  readonly deletedBefore: number
  /** Up to where some analytic is stored: a tick before it makes that analytic look again. */
  readonly analyzedUntil: number
  /** Ticks that are not rolled up yet. */
  readonly unrolled: number
}

/** Ticks that the candle views may have to read before the writer rolls them up. */
const maxUnrolled = 50_000
/** Ticks this far behind the newest are rolled up; slightly late ones then cost nothing. */
const rollBehindMicros = 10_000_000

/**
 * The one writer of a pair. Calls that arrive while a commit is in flight become the next one; a
 * promise resolves when its ticks are in the WAL and the WAL is on the disk. Everything else that
 * writes to the pair runs as a job in the same queue, between commits.
 */
export class TickWriter {
  readonly #pair: string
  readonly #connection: DuckDBConnection
  readonly #batches: BatchFunction
  readonly #slot: number
  readonly #budget: WriteBudget
  readonly #events: Events
  readonly #options: WriterOptions
  readonly #candles: readonly Timeframe[]
  readonly #wal: WalWatch
  readonly #queue = new PQueue({ concurrency: 1 })
  /** The engine gave the file up (a full disk in a checkpoint): it has to be opened again. */
  readonly #onInvalidated: () => void
  #insertion: Promise<DuckDBPreparedStatement> | undefined
  #waiting: PendingCommit[] = []
  #pendingTicks = 0
  #scheduled = false
  #commitQueued = false
  #closed = false
  #timer: NodeJS.Timeout | undefined
  state: WriterState

  constructor(of: {
    pair: string
    connection: DuckDBConnection
    batches: BatchFunction
    budget: WriteBudget
    events: Events
    options: WriterOptions
    candles: readonly Timeframe[]
    state: WriterState
    wal: WalWatch
    onInvalidated: () => void
  }) {
    this.#pair = of.pair
    this.#connection = of.connection
    this.#batches = of.batches
    this.#slot = of.batches.openSlot()
    this.#budget = of.budget
    this.#events = of.events
    this.#options = of.options
    this.#candles = of.candles
    this.state = of.state
    this.#wal = of.wal
    this.#onInvalidated = of.onInvalidated
  }

  /** Ticks that are not durable yet. */
  get pendingTicks(): number {
    return this.#pendingTicks
  }

  /** Resolves when the ticks are durable; see {@link InsertCounts}. */
  insert(ticks: readonly Tick[] | TickColumns): Promise<InsertCounts> {
    const given = countOfTicks(ticks)
    this.#checkRoom(given)
    return this.#join(ticks, given)
  }

  /**
   * For an import, which bounds itself by how many batches it has in flight: its large batches do
   * not use up the room of live calls.
   */
  insertBatch(ticks: TickColumns): Promise<InsertCounts> {
    return this.#join(ticks, 0)
  }

  #join(ticks: readonly Tick[] | TickColumns, counted: number): Promise<InsertCounts> {
    if (this.#closed) throw new PairduckError('CLOSED', `${this.#pair} is being closed`)
    const last = this.#waiting.at(-1)
    const commit =
      last !== undefined && last.batch.length < this.#options.maxTicksPerCommit
        ? last
        : new PendingCommit()
    const done = commit.add(ticks, this.#options.clock() + this.#options.maxFutureMs)
    if (commit !== last) this.#waiting.push(commit)
    commit.counted += counted
    this.#pendingTicks += counted
    this.#budget.pendingTicks += counted
    this.#schedule(commit)
    return done
  }

  /** Runs `job` on the writer's connection, alone, between two commits. */
  run<T>(job: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#queue.add(() => this.#budget.write(() => job(this.#connection)))
  }

  /** Takes nothing more, commits what waits; resolves when nothing is in flight any more. */
  async drain(): Promise<void> {
    this.#closed = true
    this.#flush()
    await this.#queue.onIdle()
  }

  /** After {@link drain}; the connection is the caller's to close. */
  async dispose(): Promise<void> {
    const insertion = await this.#insertion?.catch(() => undefined)
    insertion?.destroySync()
    this.#batches.clear(this.#slot)
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
      const counts = await this.#budget.write(() => this.#commit(commit))
      commit.settle(counts)
      if (this.state.unrolled > maxUnrolled) await this.#budget.write(() => this.#rollBehind())
      if (this.#wal.full) await this.#budget.write(() => this.#wal.empty(this.#connection))
    } catch (error) {
      if (isInvalidated(error)) this.#onInvalidated()
      commit.fail(fromDuckDb(error, this.#pair, 'QUERY_FAILED'))
      this.#events.tell('error', { pair: this.#pair, error })
    } finally {
      this.#pendingTicks -= commit.counted
      this.#budget.pendingTicks -= commit.counted
      if (!this.#scheduled) this.#flush()
    }
  }

  async #commit(commit: PendingCommit): Promise<InsertCounts[]> {
    const { batch } = commit
    const judge = new TickJudge(batch, this.state, this.state.deletedBefore)
    this.#batches.put(this.#slot, batch)
    const stored = judge.suspects > 0 ? await this.#lookUp(judge) : undefined
    const conflicts = stored === undefined ? [] : judge.resolve(stored)
    const { counts, newest, oldest } = countCalls(commit, judge.verdicts, this.state.newest)
    commit.dropRejected(judge.verdicts)
    if (batch.length > 0) await this.#write(oldest)
    this.#wal.note(batch.length)
    this.state = {
      ...this.state,
      newest,
      maxId: judge.maxId,
      unrolled: this.state.unrolled + batch.length,
    }
    if (conflicts.length > 0) this.#events.tell('conflict', { pair: this.#pair, conflicts })
    if (batch.length > 0)
      this.#events.tell('ticksStored', {
        pair: this.#pair,
        counts: total(counts),
        newest: msFromMicros(newest),
      })
    return counts
  }

  async #lookUp(judge: TickJudge): Promise<Map<string, StoredTick[]>> {
    const { from, to } = judge.suspectRange()
    const rows = await readRows<{
      tradeId: string
      micros: number
      price: number
      volume: number
      side: number
    }>(
      this.#connection,
      `SELECT trade_id AS "tradeId", epoch_us(timestamp) AS micros, price, volume,
              if(side = 'BUY', 0, 1) AS side
       FROM ticks
       WHERE timestamp BETWEEN make_timestamp(${from}) AND make_timestamp(${to})
         AND trade_id IN (SELECT trade_id FROM pairduck_batch(${this.#slot}))`,
    )
    const stored = new Map<string, StoredTick[]>()
    for (const row of rows) {
      const namesakes = stored.get(row.tradeId)
      if (namesakes === undefined) stored.set(row.tradeId, [row])
      else namesakes.push(row)
    }
    return stored
  }

  /** The common commit is one prepared statement; a late one also mends what is built on ticks. */
  async #write(oldest: number): Promise<void> {
    const { rolledUntil, analyzedUntil } = this.state
    this.#insertion ??= this.#connection.prepare(
      `INSERT INTO ticks SELECT * FROM pairduck_batch(${this.#slot})`,
    )
    const insertion = await this.#insertion
    if (oldest >= rolledUntil && oldest >= analyzedUntil) {
      await insertion.run()
      return
    }
    await inTransaction(this.#connection, async () => {
      await insertion.run()
      if (oldest < rolledUntil)
        for (const sql of latePartsSql(this.#candles, `pairduck_batch(${this.#slot})`, rolledUntil))
          await this.#connection.run(sql)
      if (oldest < analyzedUntil)
        await this.#connection.run(
          `UPDATE pairduck_analytics
           SET dirty_from = least(coalesce(dirty_from, make_timestamp(${oldest})), make_timestamp(${oldest}))
           WHERE processed_until > make_timestamp(${oldest})`,
        )
    })
  }

  async #rollBehind(): Promise<void> {
    await this.rollUp(this.#connection, this.rollTarget())
  }

  /** Up to where a roll-up now would go: not quite the newest, and at least `atLeast` (µs). */
  rollTarget(atLeast: number = -Infinity): number {
    return Math.max(this.state.newest - rollBehindMicros, atLeast)
  }

  /** Tells the writer that retention has moved the mark of the ticks. */
  raiseDeletedBefore(micros: number): void {
    this.state = { ...this.state, deletedBefore: Math.max(this.state.deletedBefore, micros) }
  }

  /** Tells the writer up to where analytics are stored. */
  raiseAnalyzedUntil(micros: number): void {
    this.state = { ...this.state, analyzedUntil: Math.max(this.state.analyzedUntil, micros) }
  }

  /** Moves the ticks before `until` into the candle parts; only from within a job of {@link run}. */
  async rollUp(connection: DuckDBConnection, until: number): Promise<void> {
    if (until <= this.state.rolledUntil) return
    await inTransaction(connection, async () => {
      for (const sql of rollUpSql(this.#candles, this.state.rolledUntil, until))
        await connection.run(sql)
    })
    this.state = { ...this.state, rolledUntil: until, unrolled: 0 }
  }
}
