import type { DuckDBConnection } from '@duckdb/node-api'
import type { PairduckError } from '../../errors.ts'
import { fromDuckDb, isInvalidated } from '../duckdb/duckdb-errors.ts'
import type { Timeframe } from '../../time.ts'
import type { ThreadBudget } from '../duckdb/thread-budget.ts'
import type { Events } from '../events/events.ts'
import { readBars } from '../front/read-bars.ts'
import type { WarmBars } from '../front/warm-bars.ts'
import type { Backlog, Due } from '../log/backlog.ts'
import type { CommitLog } from '../log/commit-log.ts'
import type { LogRecord } from '../log/log-entry.ts'
import { FileTurns, type FileJob } from './file-turns.ts'
import type { PendingCommit } from './pending-commit.ts'
import type { Outcomes } from './tick-memory.ts'
import type { TickStore } from './tick-store.ts'
import { readLogMarks, type LogMarks } from './log-marks.ts'
import type { WalWatch } from './wal-watch.ts'

/** The file trails the log by this at most. */
const applyAfterMs = 500
/** From this many ticks on they are applied at once. */
const applyTicks = 10_000
const longestPauseMs = 30_000

/** Brings what is in the log into one pair's file, and does there what has to be done between. */
export class FileApplier {
  readonly #pair: string
  readonly #connection: DuckDBConnection
  readonly #ticks: TickStore
  readonly #log: CommitLog
  readonly #events: Events
  readonly #wal: WalWatch
  readonly #candles: readonly Timeframe[]
  /** The newest bars, those of records that are not in the file yet included. */
  readonly bars: WarmBars
  /** Acknowledged records that the file does not have, in order. */
  readonly #backlog: Backlog
  readonly #turns: FileTurns
  /** The engine gave the file up (a full disk in a checkpoint): it has to be opened again. */
  readonly #onInvalidated: (error: unknown) => Promise<void>
  #timer: NodeJS.Timeout | undefined
  /** When it fires, by `performance.now()`. */
  #dueAt = Infinity
  #pauseMs = applyAfterMs
  #closed = false
  #isUncertain = false
  /** The file may hold more of the log than its mark says. */
  #isDoubted = false
  #alike = 0

  /** Whether anything was written since the file was opened. */
  wrote = false

  constructor(of: {
    pair: string
    connection: DuckDBConnection
    ticks: TickStore
    log: CommitLog
    backlog: Backlog
    budget: ThreadBudget
    events: Events
    wal: WalWatch
    candles: readonly Timeframe[]
    bars: WarmBars
    onInvalidated: (error: unknown) => Promise<void>
  }) {
    this.#pair = of.pair
    this.#connection = of.connection
    this.#ticks = of.ticks
    this.#log = of.log
    this.#backlog = of.backlog
    this.#turns = new FileTurns(of.budget)
    this.#events = of.events
    this.#wal = of.wal
    this.#candles = of.candles
    this.bars = of.bars
    this.#onInvalidated = of.onInvalidated
  }

  /** Whether so much waits for the file that calls have to wait for it, too. */
  get isCrowded(): boolean {
    return this.#backlog.isCrowded
  }

  /**
   * For a file that was opened again: brings in what it did not get before it was closed. Returns how
   * many ticks without an id count as stored because the same ones are.
   */
  async recover({ applied, isDoubted }: LogMarks): Promise<number> {
    this.#drop(applied.get(this.#log.name ?? '') ?? 0)
    if (this.#backlog.length === 0) return 0
    this.#isDoubted = isDoubted
    const { rows, ticks } = this.#backlog.due()!
    const isPlain = rows.length === 0 && !isDoubted
    await this.#do(() => this.#apply())
    if (isPlain) this.#ticks.recount(ticks)
    else await this.reload()
    return this.#alike
  }

  /** Takes over a record that is durable in the log. */
  add(record: LogRecord): void {
    this.bars.fold(record.ticks)
    this.#backlog.add(record)
    this.wrote = true
    const isMuch = this.#backlog.ticks >= applyTicks && this.#pauseMs === applyAfterMs
    this.#applySoon(isMuch ? 0 : this.#pauseMs)
  }

  /** Resolves when all that was added by now is in the file. */
  async applied(): Promise<void> {
    if (this.#backlog.length > 0) await this.#do(() => this.#apply())
  }

  /** Runs a job on the connection, with all in the file that was added before, which may be known. */
  run<T>(job: FileJob<T>): Promise<T> {
    this.wrote = true
    return this.#do(async () => {
      await this.#apply()
      const { content } = this.#ticks.known
      this.#ticks.known.forget()
      this.bars.drop()
      const result = await job(this.#connection, content)
      await this.#wal.measure()
      await this.#tidy()
      return result
    })
  }

  /** Deduplicates a commit by what is in the file. */
  deduplicate(commit: PendingCommit): Promise<Outcomes> {
    return this.#do(async () => {
      await this.#apply()
      return this.#ticks.deduplicateByFile(commit)
    })
  }

  /** Deduplicates a commit and stores it, past the log. */
  store(commit: PendingCommit): Promise<Outcomes> {
    return this.#do(async () => {
      await this.#apply()
      try {
        const outcomes = await this.#ticks.deduplicateByFile(commit)
        const { batch, rows } = commit
        if (batch.length > 0 || rows !== '') {
          await this.#ticks.apply({ ticks: batch, rows: rows === '' ? [] : [rows] })
          await this.#wal.note(batch.length)
        }
        this.#ticks.memory.accept(commit, outcomes)
        this.#ticks.recent.settle()
        this.bars.fold(batch)
        if (batch.length > 0) await this.#tidy()
        return outcomes
      } catch (error) {
        this.#tell(error)
        this.bars.drop()
        await this.#ticks.reload().catch((fatal: unknown) => this.#giveUp(fatal, error))
        throw error
      }
    })
  }

  /** What counts as stored is what the log and the file hold. */
  async reload(): Promise<void> {
    await this.#do(async () => {
      await this.#apply()
      this.bars.drop()
      await this.#ticks.reload()
    })
  }

  /** Reads the newest bars of a timeframe into memory, where ticks alone keep them right. */
  warmBars(timeframe: Timeframe, count: number): Promise<void> {
    return this.#do(async () => {
      await this.#apply()
      const { generation } = this.bars
      const stored = await readBars(this.#connection, { timeframe, kept: this.#candles, count })
      if (stored === undefined) return
      // In one step with the look at what the file did not have while it was read.
      const ticks = this.#backlog.batches()
      this.bars.keep(timeframe, stored, { generation, ticks })
    })
  }

  /** Applies what is there, for the last time. */
  async close(): Promise<void> {
    this.#closed = true
    this.bars.drop()
    clearTimeout(this.#timer)
    try {
      await this.applied()
    } finally {
      await this.stop()
    }
  }

  /** Begins nothing any more, and waits for what has begun: the connection may be closed then. */
  async stop(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#turns.ended()
  }

  #applySoon(afterMs: number): void {
    if (this.#closed || performance.now() + afterMs >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = performance.now() + afterMs
    this.#timer = setTimeout(() => {
      this.#dueAt = Infinity
      // What fails is told by #apply, and by whoever needs the file.
      void this.#turns
        .takeSpare(() => this.#apply())
        .catch((error: unknown) => this.#onInvalidated(error))
        .catch(() => undefined)
    }, afterMs)
    this.#timer.unref()
  }

  /** One thing at a time; what goes wrong is told and leaves nothing half done. */
  async #do<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#turns.take(work)
    } catch (error) {
      await this.#onInvalidated(error)
      throw error
    }
  }

  async #apply(): Promise<void> {
    if (this.#backlog.length === 0) return
    const log = this.#log.name!
    let due: Due | undefined
    try {
      // Of a commit that failed nobody knows whether it is in the file.
      if (this.#isUncertain)
        this.#drop((await readLogMarks(this.#connection)).applied.get(log) ?? 0)
      this.#isUncertain = false
      due = this.#backlog.due()
      if (due !== undefined) {
        const { sequence } = due
        const ticks = due.ticks.length
        // A large batch would bring it far past its bound.
        if (this.#wal.isFullWith(ticks)) await this.#tidy({ emptiesWal: true })
        this.#alike += await this.#ticks.apply(
          due,
          { log, sequence },
          { isDoubted: this.#isDoubted },
        )
        await (due.rows.length === 0 ? this.#wal.note(ticks) : this.#wal.measure())
      }
    } catch (error) {
      this.#isUncertain = true
      // They stay in the log and are tried again, ever more rarely.
      this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2)
      this.#applySoon(this.#pauseMs)
      throw this.#tell(error, `${this.#pair}: cannot be brought into its file`)
    }
    this.#isDoubted = false
    this.#pauseMs = applyAfterMs
    this.#drop(due?.sequence ?? 0)
    await this.#tidy()
  }

  /** Lets go of the records up to a sequence, which are in the file. */
  #drop(sequence: number): void {
    this.#log.release(this.#backlog.drop(sequence))
  }

  /** What has to be done now and then after something was written. */
  async #tidy({ emptiesWal = false } = {}): Promise<void> {
    this.wrote = true
    try {
      if (this.#ticks.needsRollUp) await this.#ticks.rollUp()
      if (emptiesWal || this.#wal.full) await this.#wal.empty(this.#connection)
    } catch (error) {
      // What was written is written.
      this.#tell(error)
      if (isInvalidated(error)) await this.#onInvalidated(error)
      else await this.#ticks.reloadFolded().catch((fatal: unknown) => this.#giveUp(fatal, error))
    }
  }

  /** Tells what failed as an event, and gives it. */
  #tell(cause: unknown, subject = this.#pair): PairduckError {
    const error = fromDuckDb(cause, subject, 'QUERY_FAILED')
    this.#events.tell('error', { pair: this.#pair, error })
    return error
  }

  /** A pair whose file cannot even be read any more is given up, to be opened again. */
  #giveUp(fatal: unknown, error: unknown): Promise<void> {
    return this.#onInvalidated(isInvalidated(fatal) ? fatal : error)
  }
}
