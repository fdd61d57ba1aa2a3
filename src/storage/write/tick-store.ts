import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import { markDirtySql } from '../../schema/analytics-state.ts'
import { latePartsSql } from '../../schema/roll-up.ts'
import type { Timeframe } from '../../time.ts'
import type { BatchColumns, BatchFunction } from '../duckdb/batch-function.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { inTransaction } from '../duckdb/transaction.ts'
import type { KnownTick, RecentTicks } from '../front/recent-ticks.ts'
import type { Due } from '../log/backlog.ts'
import { Deduplicator } from './deduplicator.ts'
import type { PendingCommit } from './pending-commit.ts'
import { applyLoggedRows } from './logged-rows.ts'
import type { KnownContent } from './known-content.ts'
import { FileMarks, type LogMark } from './log-marks.ts'
import { rollUpTicks } from './roll-up-ticks.ts'
import { columnsOf, unstoredTicks, withoutId } from './unstored-ticks.ts'
import type { Outcomes, TickMemory } from './tick-memory.ts'
import { readWriterState, stateAfter, type WriterState } from './writer-state.ts'

/** Ticks that the candle views may have to read before they are rolled up; more where many files come: each time costs as much as 30,000. */
const maxUnrolled = { usual: 50_000, inBulk: 150_000 }
/** Ticks this far behind the newest are rolled up; slightly late ones then cost nothing. */
const rollBehindMicros = 10_000_000

/**
 * The ticks of one open file: deduplicates a batch by what is in memory, and by the file where that
 * does not reach, writes what is new, and moves what is old into the candle parts. Only its pair's writer
 * calls it, one call at a time.
 */
export class TickStore {
  readonly #connection: DuckDBConnection
  readonly #batches: BatchFunction
  readonly #slot: number
  readonly #candles: readonly Timeframe[]
  /** What is known of them without the file. */
  readonly memory: TickMemory
  isInBulk = false
  #insertion: DuckDBPreparedStatement | undefined
  /** Whether a batch was written: many files get one and are closed, and for that nothing is prepared. */
  #isUsed = false
  /** The newest tick (µs) in the file. */
  #newestApplied: number
  /** What the file holds. */
  readonly known: KnownContent
  /** How far the file has the logs. */
  readonly marks: FileMarks

  constructor(of: {
    connection: DuckDBConnection
    batches: BatchFunction
    candles: readonly Timeframe[]
    memory: TickMemory
    known: KnownContent
    marks: FileMarks
  }) {
    this.known = of.known
    this.marks = of.marks
    this.#connection = of.connection
    this.#batches = of.batches
    this.#slot = of.batches.openSlot()
    this.#candles = of.candles
    this.memory = of.memory
    this.#newestApplied = of.memory.state.newest
  }

  get state(): WriterState {
    return this.memory.state
  }

  /** The newest ticks, those that are not in the file yet included. */
  get recent(): RecentTicks {
    return this.memory.recent
  }

  /** Whether the candle views read so many ticks that they should be rolled up. */
  get needsRollUp(): boolean {
    return this.memory.state.unrolled > maxUnrolled[this.isInBulk ? 'inBulk' : 'usual']
  }

  /** What is to become of a commit's ticks, by the file where memory does not tell: everything that was accepted before has to be in it. */
  async deduplicateByFile(commit: PendingCommit): Promise<Outcomes> {
    const known = this.memory.deduplicate(commit)
    if (known !== undefined) return known
    if (!this.memory.isFilled) {
      await this.#fill()
      return this.deduplicateByFile(commit)
    }
    const deduplicator = new Deduplicator(commit.batch, this.memory.state)
    this.#batches.put(this.#slot, commit.batch)
    const stored = await this.#lookUp(deduplicator.suspectRange())
    const conflicts = deduplicator.resolve((id) => stored.get(id) ?? [])
    return this.memory.decide(commit, deduplicator, conflicts)
  }

  /**
   * Writes what was accepted, with rows of other tables and how far the log is now in the file, in one
   * transaction. Where its marks are doubted what it holds already is left out; returns how many ticks
   * without an id that were.
   */
  async apply(
    { ticks: given, rows }: Pick<Due, 'ticks' | 'rows'>,
    mark?: LogMark,
    { isDoubted = false }: { readonly isDoubted?: boolean } = {},
  ): Promise<number> {
    const batch = isDoubted && given.length > 0 ? await this.#unstored(given) : given
    if (rows.length > 0) this.known.forget()
    const first = mark === undefined ? '' : this.marks.moveSql(mark)
    const isPrepared = this.#isUsed
    const store = async (): Promise<void> => {
      if (batch.length > 0) await this.#write(batch, isPrepared)
      if (rows.length > 0) await applyLoggedRows(this.#connection, rows)
    }
    try {
      if (batch.length > 0) this.#batches.put(this.#slot, batch)
      const isInFirst = batch.length > 0 && !isPrepared
      await inTransaction(
        this.#connection,
        store,
        isInFirst ? `${first};\n${this.#insertSql}` : first,
      )
      this.#isUsed ||= isInFirst
    } catch (error) {
      // Nobody knows whether it is in the file.
      this.forgetFile()
      throw error
    }
    if (mark !== undefined) this.marks.moved(mark)
    this.known.add(batch)
    for (let row = 0; row < batch.length; row++)
      if (batch.micros[row]! > this.#newestApplied) this.#newestApplied = batch.micros[row]!
    this.memory.state = {
      ...this.memory.state,
      unrolled: this.memory.state.unrolled + batch.length,
    }
    return batch === given ? 0 : withoutId(given) - withoutId(batch)
  }

  /** Up to where a roll-up now would go: not quite the newest, and at least `atLeast` (µs), as far as there are ticks. */
  rollTarget(atLeast: number = -Infinity): number {
    const newest = this.#newestApplied
    return Math.max(newest - rollBehindMicros, Math.min(atLeast, newest + 1))
  }

  /** Takes note of where retention has moved the marks of the ticks (µs). */
  moveMarks(marks: Pick<WriterState, 'deletedBefore' | 'decidableFrom'>): void {
    this.memory.state = { ...this.memory.state, ...marks }
    this.recent.keepFrom(marks.deletedBefore)
  }

  /** Takes note up to where analytics are stored. */
  raiseAnalyzedUntil(micros: number): void {
    this.memory.state = {
      ...this.memory.state,
      analyzedUntil: Math.max(this.memory.state.analyzedUntil, micros),
    }
  }

  /** Moves the ticks before `until` (µs) into the candle parts. */
  async rollUp(until: number = this.rollTarget()): Promise<void> {
    if (until <= this.memory.state.rolledUntil) return
    await rollUpTicks(this.#connection, this.#candles, {
      from: this.memory.state.rolledUntil,
      until,
    })
    this.memory.state = { ...this.memory.state, rolledUntil: until, unrolled: 0 }
  }

  /** What the file says, not what we believe; all that counts as stored has to be in it. */
  async reload(): Promise<void> {
    this.forgetFile()
    this.memory.state = (await readWriterState(this.#connection)).state
    this.#newestApplied = this.memory.state.newest
    this.memory.forgetRecent()
  }

  /** Something may have been written that is not known. */
  forgetFile(): void {
    this.known.forget()
    this.marks.forget()
  }

  /** Acknowledged ticks that came into the file just now count as stored from now on. */
  recount(ticks: BatchColumns): void {
    this.memory.state = stateAfter(this.memory.state, ticks)
    this.memory.forgetRecent()
  }

  /** The same for how far the file's ticks are folded and analysed, whatever is not in it yet. */
  async reloadFolded(): Promise<void> {
    const { rolledUntil, analyzedUntil, unrolled } = (await readWriterState(this.#connection)).state
    this.memory.state = { ...this.memory.state, rolledUntil, analyzedUntil, unrolled }
  }

  /** What memory knows may be needed although the file is closed. */
  async dispose({ keepsMemory = false }: { keepsMemory?: boolean } = {}): Promise<void> {
    this.#insertion?.destroySync()
    this.#batches.clear(this.#slot)
    if (!keepsMemory) this.memory.dispose()
  }

  /** Brings the newest stored ticks into memory, once: then only older ones have to be asked for. */
  async #fill(): Promise<void> {
    const { share } = this.memory
    const rows = await readRows<KnownTick & { id: string | null }>(
      this.#connection,
      `SELECT * FROM (
         SELECT epoch_us(timestamp) AS micros, price, volume, if(side = 'BUY', 0, 1) AS side, trade_id AS id
         FROM ticks ORDER BY timestamp DESC LIMIT ${share})
       ORDER BY micros`,
    )
    // Of the oldest time some may be missing.
    const from = rows.length < share ? -Infinity : rows[0]!.micros + 1
    const kept = rows.filter(({ micros }) => micros >= from)
    this.memory.fill(columnsOf(kept), from)
  }

  #unstored(batch: BatchColumns): Promise<BatchColumns> {
    this.#batches.put(this.#slot, batch)
    return unstoredTicks(this.#connection, this.#slot, this.memory.state.deletedBefore)
  }

  async #lookUp({ from, to }: { from: number; to: number }): Promise<Map<string, KnownTick[]>> {
    const rows = await readRows<KnownTick & { tradeId: string }>(
      this.#connection,
      `SELECT trade_id AS "tradeId", epoch_us(timestamp) AS micros, price, volume,
              if(side = 'BUY', 0, 1) AS side
       FROM ticks
       WHERE timestamp BETWEEN make_timestamp(${from}) AND make_timestamp(${to})
         AND trade_id IN (SELECT trade_id FROM pairduck_batch(${this.#slot}))`,
    )
    const stored = new Map<string, KnownTick[]>()
    for (const row of rows) {
      const sameId = stored.get(row.tradeId)
      if (sameId === undefined) stored.set(row.tradeId, [row])
      else sameId.push(row)
    }
    return stored
  }

  get #insertSql(): string {
    return `INSERT INTO ticks SELECT * FROM pairduck_batch(${this.#slot})`
  }

  /** The common batch is one prepared statement; a late one also mends what is built on ticks. */
  async #write(batch: BatchColumns, isPrepared: boolean): Promise<void> {
    const { rolledUntil, analyzedUntil } = this.memory.state
    let oldest = Infinity
    for (let row = 0; row < batch.length; row++)
      if (batch.micros[row]! < oldest) oldest = batch.micros[row]!
    if (isPrepared) {
      // Kept only when it was made: one that failed would fail for ever.
      this.#insertion ??= await this.#connection.prepare(this.#insertSql)
      await this.#insertion.run()
    }
    if (oldest < rolledUntil)
      await this.#connection.run(
        latePartsSql(this.#candles, `pairduck_batch(${this.#slot})`, { from: oldest, rolledUntil }),
      )
    if (oldest < analyzedUntil)
      await this.#connection.run(markDirtySql(`make_timestamp(${oldest})`))
  }
}
