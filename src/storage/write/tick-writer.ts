import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import type { Gap } from '../../schema/gaps.ts'
import type { StoredCandle, Tick } from '../../schema/rows.ts'
import type { Clock, Timeframe } from '../../time.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { rowGroupRows } from '../duckdb/engine.ts'
import type { ThreadBudget } from '../duckdb/thread-budget.ts'
import type { Events } from '../events/events.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import { mostWarmBars } from '../front/warm-bars.ts'
import type { CommitLog } from '../log/commit-log.ts'
import type { LogClient, LogGroup } from '../log/log-group.ts'
import type { FileApplier } from './file-applier.ts'
import type { CheckedTicks } from './checked-ticks.ts'
import { PendingCommit } from './pending-commit.ts'
import { countOfTicks, type TickColumns } from './tick.ts'
import { tellStored } from './tell-stored.ts'
import type { Outcomes, TickStore } from './tick-store.ts'
import { WaitingRoom, type Waiting } from './waiting-room.ts'

export interface WriterOptions {
  readonly maxPendingTicks: number
  readonly maxTicksPerCommit: number
  readonly maxFutureMs: number
  readonly clock: Clock
}

/** So many bars are read at once, whoever asks for fewer. */
const fewestBars = 500

/** Work that has the pair for itself. */
type Job = () => Promise<void>

/**
 * The one writer of a pair. A call is deduplicated by what is in memory, appended to the log that all
 * pairs share, and answered when that is on the disk; the file follows in batches. Whatever needs
 * the file, and what is too large for the log, stands in the same line and has the pair for itself.
 */
export class TickWriter implements LogClient {
  readonly #pair: string
  readonly #log: CommitLog
  /** What it writes to. */
  readonly ticks: TickStore
  readonly #file: FileApplier
  readonly #events: Events
  readonly #options: WriterOptions
  readonly #line: (PendingCommit | Job)[] = []
  readonly #room: WaitingRoom
  /** How many have stood in line; the last of them is this number. */
  stood = 0
  /** The first in line has the pair for itself, or is on its way to the disk. */
  #busy = false
  #closed = false
  #onIdle: (() => void) | undefined
  /** Connections that may read the file behind our back. */
  #watchers = 0

  constructor(of: {
    pair: string
    log: CommitLog
    ticks: TickStore
    file: FileApplier
    budget: ThreadBudget
    events: Events
    options: WriterOptions
  }) {
    this.#pair = of.pair
    this.#log = of.log
    this.ticks = of.ticks
    this.#file = of.file
    this.#events = of.events
    this.#options = of.options
    this.#room = new WaitingRoom(of.pair, of.options.maxPendingTicks, of.budget)
  }

  /** Whether anything was written since the file was opened. */
  get wrote(): boolean {
    return this.#file.wrote
  }

  set wrote(wrote: boolean) {
    this.#file.wrote = wrote
  }

  /** Ticks, and rows of other tables, that are not durable yet. */
  get pendingTicks(): number {
    return this.#room.rows
  }

  /**
   * Resolves when the ticks are durable; see {@link InsertCounts}. Holes are noted with them, or
   * not at all, whatever crashes.
   */
  insert(ticks: readonly Tick[] | TickColumns, gaps: readonly Gap[] = []): Promise<InsertCounts> {
    const given = countOfTicks(ticks)
    this.#room.check(given)
    return this.#join(ticks, gaps, { counted: given, isDirect: given >= rowGroupRows })
  }

  /** For an import, which bounds itself: its batches take no room of live calls and go to the file. */
  insertBatch(ticks: CheckedTicks, gaps: readonly Gap[] = []): Promise<InsertCounts> {
    return this.#join(ticks, gaps, { counted: 0, isDirect: true })
  }

  /**
   * Runs `job` on the writer's connection, alone, after all calls before it, which are in the file
   * then. `rows` that it brings wait as ticks do, with the same bounds.
   */
  run<T>(
    job: (connection: DuckDBConnection) => Promise<T>,
    rows = 0,
    waiting: Waiting = { counted: 0 },
  ): Promise<T> {
    this.wait(waiting, rows)
    return new Promise((resolve, reject) => {
      this.#stand(async () => {
        const done = await Promise.allSettled([this.#file.run(job)])
        this.#room.leave(waiting)
        const [end] = done
        if (end.status === 'fulfilled') resolve(end.value)
        else reject(end.reason as Error)
      })
    })
  }

  /** Lets rows wait with a job, also with one that stands in line already. */
  wait(waiting: Waiting, rows: number): void {
    this.#refuseClosed()
    if (rows > 0) this.#room.check(rows)
    this.#room.enter(waiting, rows)
  }

  /** Resolves when all that is acknowledged by now is in the file; rejects when it cannot be brought there. */
  applied(): Promise<void> {
    return this.#file.applied()
  }

  /** The newest bars, the oldest of them first, where memory tells; with `read` they come into it first. */
  async lastBars(
    timeframe: Timeframe,
    count: number,
    { read = false }: { read?: boolean } = {},
  ): Promise<StoredCandle[] | undefined> {
    // Who may write behind our back changes bars that we do not know of.
    if (this.#watchers > 0 || count > mostWarmBars) return undefined
    if (read) await this.#file.warmBars(timeframe, Math.max(count, fewestBars))
    return this.#watchers > 0 ? undefined : this.#file.bars.last(timeframe, count)
  }

  /** From when it resolves until {@link unwatch} the file holds all that is acknowledged. */
  async watch(): Promise<void> {
    this.#watchers++
    this.#refuseClosed()
    // What is on its way to the log now is in the file when it has its turn.
    await new Promise<void>((resolve, reject) => {
      this.#stand(() => this.#file.applied().then(resolve, reject))
    })
  }

  unwatch(): void {
    this.#watchers--
    this.#file.bars.drop()
  }

  /** Takes nothing more; resolves when all that was taken is in the file, or cannot be. */
  async drain(): Promise<void> {
    this.#closed = true
    if (this.#busy || this.#line.length > 0)
      await new Promise<void>((resolve) => (this.#onIdle = resolve))
    await this.#file.close()
  }

  /** The log begins a group: the first in line joins it, or has the pair for itself. */
  commit(group: LogGroup): void {
    if (this.#busy) return
    const next = this.#line.shift()
    if (next === undefined) return
    this.#busy = true
    if (typeof next === 'function') void next().finally(() => this.#next())
    else this.#commit(next, group)
  }

  #join(
    ticks: readonly Tick[] | TickColumns | CheckedTicks,
    gaps: readonly Gap[],
    { counted, isDirect }: { counted: number; isDirect: boolean },
  ): Promise<InsertCounts> {
    this.#refuseClosed()
    const rows = gaps.length === 0 ? '' : JSON.stringify(gaps)
    const last = this.#line.at(-1)
    const fits =
      last instanceof PendingCommit &&
      last.batch.length < this.#options.maxTicksPerCommit &&
      last.isDirect === isDirect &&
      last.rows === '' &&
      rows === ''
    const commit = fits ? last : new PendingCommit()
    const done = commit.add(ticks, this.#options.clock() + this.#options.maxFutureMs)
    commit.rows = rows
    commit.isDirect = isDirect
    this.#room.enter(commit, counted)
    if (!fits) this.#stand(commit)
    return done
  }

  #stand(entry: PendingCommit | Job): void {
    this.stood++
    this.#line.push(entry)
    if (!this.#busy) this.#log.ready(this)
  }

  #next(): void {
    this.#busy = false
    if (this.#line.length > 0) this.#log.ready(this)
    else this.#onIdle?.()
  }

  /** Ends a commit, whatever happens: with the group, in this call, where memory tells what is new. */
  #commit(commit: PendingCommit, group: LogGroup, known?: Outcomes): void {
    try {
      const outcomes = known ?? this.#outcomesByMemory(commit, group)
      if (outcomes === undefined) void this.#commitByFile(commit, group)
      else this.#append(group, commit, outcomes)
    } catch (error) {
      this.#fail(commit, error)
    }
  }

  #outcomesByMemory(commit: PendingCommit, group: LogGroup): Outcomes | undefined {
    const isReady = this.#log.isClaimed(this.#pair) && !this.#goesToFile(commit, group)
    return isReady ? this.ticks.deduplicate(commit) : undefined
  }

  /** Whether the log is no place for a commit: it is too large, or the file has to catch up. */
  #goesToFile({ isDirect }: PendingCommit, group: LogGroup): boolean {
    // Behind the back of who may look at the file nothing is acknowledged that is not in it.
    return isDirect || this.#watchers > 0 || this.#file.isCrowded || group.isFull
  }

  /** Brings a deduplicated commit to the disk with the others of the group, and ends it. */
  #append(group: LogGroup, commit: PendingCommit, outcomes: Outcomes): void {
    const { batch, rows } = commit
    if (batch.length === 0 && rows === '') {
      this.ticks.accept(commit, outcomes)
      this.#settle(commit, outcomes)
      return
    }
    const record = group.append(this.#pair, batch, rows)
    const before = this.ticks.accept(commit, outcomes)
    group.onEnd((error) => {
      if (error === undefined) {
        this.ticks.recent.settle()
        this.#file.add(record)
        this.#settle(commit, outcomes)
      } else {
        this.ticks.withdraw(before)
        this.#events.tell('error', { pair: this.#pair, error })
        this.#fail(commit, error)
      }
    })
  }

  /** Stores a commit past the log, or with the next group, after what needs the file. */
  async #commitByFile(commit: PendingCommit, group: LogGroup): Promise<void> {
    try {
      if (this.#goesToFile(commit, group)) {
        // Past the log: for what is as cheap for the file, or must be in it at once.
        this.#settle(commit, await this.#file.store(commit))
        return
      }
      if (!this.#log.isClaimed(this.#pair)) await this.#log.claim(this.#pair)
      const outcomes = this.ticks.deduplicate(commit) ?? (await this.#file.deduplicate(commit))
      this.#log.ready({ commit: (next) => this.#commit(commit, next, outcomes) })
    } catch (error) {
      this.#fail(commit, error)
    }
  }

  #settle(commit: PendingCommit, outcomes: Outcomes): void {
    // Before the calls are answered: who awaited them finds their room free.
    this.#room.leave(commit)
    commit.settle(outcomes.counts)
    tellStored(this.#events, this.#pair, commit, outcomes)
    commit.dispose()
    this.#next()
  }

  #fail(commit: PendingCommit, error: unknown): void {
    this.#room.leave(commit)
    commit.fail(fromDuckDb(error, this.#pair, 'QUERY_FAILED'))
    this.#next()
  }

  #refuseClosed(): void {
    if (this.#closed) throw new PairduckError('CLOSED', `${this.#pair} is being closed`)
  }
}
