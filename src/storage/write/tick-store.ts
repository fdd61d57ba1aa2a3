import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import { markDirtySql } from '../../schema/analytics-state.ts'
import { latePartsSql, rollUpSql } from '../../schema/candles.ts'
import { msFromMicros, type Timeframe } from '../../time.ts'
import type { BatchFunction } from '../duckdb/batch-function.ts'
import type { Events } from '../events/events.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import { countCalls, total, type PendingCommit } from './pending-commit.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { Deduplicator, type StoredTick } from './deduplicator.ts'
import { storeGaps } from './gap-ledger.ts'
import { inTransaction } from '../duckdb/transaction.ts'
import { readWriterState, type WriterState } from './writer-state.ts'

/** Ticks that the candle views may have to read before they are rolled up. */
const maxUnrolled = 50_000
/** Ticks this far behind the newest are rolled up; slightly late ones then cost nothing. */
const rollBehindMicros = 10_000_000

/**
 * The ticks of one open file: judges a batch, writes what is new, and moves what is old into the
 * candle parts. Only its pair's writer calls it, one call at a time.
 */
export class TickStore {
  readonly #pair: string
  readonly #connection: DuckDBConnection
  readonly #batches: BatchFunction
  readonly #slot: number
  readonly #events: Events
  readonly #candles: readonly Timeframe[]
  #insertion: Promise<DuckDBPreparedStatement> | undefined
  #state: WriterState

  constructor(of: {
    pair: string
    connection: DuckDBConnection
    batches: BatchFunction
    events: Events
    candles: readonly Timeframe[]
    state: WriterState
  }) {
    this.#pair = of.pair
    this.#connection = of.connection
    this.#batches = of.batches
    this.#slot = of.batches.openSlot()
    this.#events = of.events
    this.#candles = of.candles
    this.#state = of.state
  }

  get state(): WriterState {
    return this.#state
  }

  /** Whether the candle views read so many ticks that they should be rolled up. */
  get needsRollUp(): boolean {
    return this.#state.unrolled > maxUnrolled
  }

  /** Makes a commit's new ticks durable and says what became of each call's. */
  async commit(commit: PendingCommit): Promise<InsertCounts[]> {
    const { batch } = commit
    const judge = new Deduplicator(batch, this.#state)
    this.#batches.put(this.#slot, batch)
    const stored = judge.suspects > 0 ? await this.#lookUp(judge) : undefined
    const conflicts = stored === undefined ? [] : judge.resolve(stored)
    const { counts, newest, oldest } = countCalls(commit, judge.outcomes, this.#state.newest)
    commit.dropRejected(judge.outcomes)
    if (batch.length > 0 || commit.gaps.length > 0) await this.#write(commit, oldest)
    this.#state = {
      ...this.#state,
      newest,
      maxId: judge.maxId,
      unrolled: this.#state.unrolled + batch.length,
    }
    if (commit.gaps.length > 0)
      this.#events.tell('gapsStored', { pair: this.#pair, gaps: commit.gaps })
    if (conflicts.length > 0) this.#events.tell('conflict', { pair: this.#pair, conflicts })
    if (batch.length > 0)
      this.#events.tell('ticksStored', {
        pair: this.#pair,
        counts: total(counts),
        newest: msFromMicros(newest),
      })
    return counts
  }

  /** Up to where a roll-up now would go: not quite the newest, and at least `atLeast` (µs), as far as there are ticks. */
  rollTarget(atLeast: number = -Infinity): number {
    const { newest } = this.#state
    return Math.max(newest - rollBehindMicros, Math.min(atLeast, newest + 1))
  }

  /** Takes note of where retention has moved the marks of the ticks (µs). */
  moveMarks(marks: Pick<WriterState, 'deletedBefore' | 'decidableFrom'>): void {
    this.#state = { ...this.#state, ...marks }
  }

  /** Takes note up to where analytics are stored. */
  raiseAnalyzedUntil(micros: number): void {
    this.#state = { ...this.#state, analyzedUntil: Math.max(this.#state.analyzedUntil, micros) }
  }

  /** Moves the ticks before `until` (µs) into the candle parts. */
  async rollUp(until: number = this.rollTarget()): Promise<void> {
    if (until <= this.#state.rolledUntil) return
    await inTransaction(this.#connection, async () => {
      for (const sql of rollUpSql(this.#candles, this.#state.rolledUntil, until))
        await this.#connection.run(sql)
    })
    this.#state = { ...this.#state, rolledUntil: until, unrolled: 0 }
  }

  /** After a failed commit: what the file says, not what we believe. */
  async reload(): Promise<void> {
    this.#state = (await readWriterState(this.#connection)).state
  }

  async dispose(): Promise<void> {
    const insertion = await this.#insertion?.catch(() => undefined)
    insertion?.destroySync()
    this.#batches.clear(this.#slot)
  }

  async #lookUp(judge: Deduplicator): Promise<Map<string, StoredTick[]>> {
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
      const sameId = stored.get(row.tradeId)
      if (sameId === undefined) stored.set(row.tradeId, [row])
      else sameId.push(row)
    }
    return stored
  }

  /** The common commit is one prepared statement; a late one also mends what is built on ticks. */
  async #write({ batch, gaps }: PendingCommit, oldest: number): Promise<void> {
    const { rolledUntil, analyzedUntil } = this.#state
    this.#insertion ??= this.#connection.prepare(
      `INSERT INTO ticks SELECT * FROM pairduck_batch(${this.#slot})`,
    )
    const insertion = await this.#insertion
    if (oldest >= rolledUntil && oldest >= analyzedUntil && gaps.length === 0) {
      await insertion.run()
      return
    }
    await inTransaction(this.#connection, async () => {
      if (gaps.length > 0) await storeGaps(this.#connection, gaps)
      if (batch.length > 0) await insertion.run()
      if (oldest < rolledUntil)
        for (const sql of latePartsSql(this.#candles, `pairduck_batch(${this.#slot})`, rolledUntil))
          await this.#connection.run(sql)
      if (oldest < analyzedUntil)
        await this.#connection.run(markDirtySql(`make_timestamp(${oldest})`))
    })
  }
}
