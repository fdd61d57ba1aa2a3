import type { Gap } from '../../schema/gaps.ts'
import type { Tick } from '../../schema/rows.ts'
import type { Clock } from '../../time.ts'
import { PairduckError } from '../../errors.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { rowGroupRows } from '../duckdb/engine.ts'
import type { ThreadBudget } from '../duckdb/thread-budget.ts'
import type { Events } from '../events/events.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import type { CommitLog } from '../log/commit-log.ts'
import type { LogRecord } from '../log/log-entry.ts'
import type { LogClient, LogGroup } from '../log/log-group.ts'
import type { CheckedTicks } from './checked-ticks.ts'
import { PendingCommit } from './pending-commit.ts'
import { tellStored } from './tell-stored.ts'
import { countOfTicks, type TickColumns } from './tick.ts'
import type { Outcomes, TickMemory } from './tick-memory.ts'
import { WaitingRoom } from './waiting-room.ts'

export interface WriterOptions {
  readonly maxPendingTicks: number
  readonly maxTicksPerCommit: number
  readonly maxFutureMs: number
  readonly clock: Clock
}

/** What every line of calls has. */
export interface LineParts {
  readonly pair: string
  readonly log: CommitLog
  readonly memory: TickMemory
  readonly budget: ThreadBudget
  readonly events: Events
  readonly options: WriterOptions
}

/** Work that has the pair for itself; what it appends to the group at once is written with it. */
type Job = (group: LogGroup) => Promise<void>

/**
 * The calls of one pair, in order. Each is deduplicated by what is in memory, appended to the log that
 * all pairs share, and answered when that is on the disk. What only the file can tell or take is left
 * to whoever knows about the file.
 */
export abstract class TickLine implements LogClient {
  protected readonly pair: string
  protected readonly log: CommitLog
  protected readonly memory: TickMemory
  protected readonly events: Events
  protected readonly room: WaitingRoom
  protected readonly line: (PendingCommit | Job)[] = []
  readonly #options: WriterOptions
  /** How many have stood in line; the last of them is this number. */
  stood = 0
  /** The first in line has the pair for itself, or is on its way to the disk. */
  #busy = false
  #closed = false
  #onIdle: (() => void)[] = []

  constructor({ pair, log, memory, budget, events, options }: LineParts) {
    this.pair = pair
    this.log = log
    this.memory = memory
    this.events = events
    this.#options = options
    this.room = new WaitingRoom(pair, options.maxPendingTicks, budget)
  }

  /** Whether a commit cannot go by the log now. */
  protected abstract goesToFile(commit: PendingCommit, group: LogGroup): boolean

  /** Takes the first of the line, of which memory does not tell what is new or which the log does not take. */
  protected abstract needFile(commit: PendingCommit, group: LogGroup): void

  /** Takes over a record that is durable in the log. */
  protected abstract keep(record: LogRecord): void

  /** Ticks, and rows of other tables, that are not durable yet. */
  get pendingTicks(): number {
    return this.room.rows
  }

  /**
   * Resolves when the ticks are durable; see {@link InsertCounts}. Holes are noted with them, or
   * not at all, whatever crashes.
   */
  insert(ticks: readonly Tick[] | TickColumns, gaps: readonly Gap[] = []): Promise<InsertCounts> {
    const given = countOfTicks(ticks)
    this.room.check(given)
    return this.join(ticks, gaps, { counted: given, isDirect: given >= rowGroupRows })
  }

  /** The log begins a group: the first in line joins it, or has the pair for itself. */
  commit(group: LogGroup): void {
    if (this.#busy) return
    const next = this.line.shift()
    if (next === undefined) return
    this.#busy = true
    if (typeof next === 'function') void next(group).finally(() => this.next())
    else this.begin(next, group)
  }

  protected join(
    ticks: readonly Tick[] | TickColumns | CheckedTicks,
    gaps: readonly Gap[],
    { counted, isDirect }: { counted: number; isDirect: boolean },
  ): Promise<InsertCounts> {
    this.refuseClosed()
    const rows = gaps.length === 0 ? '' : JSON.stringify(gaps)
    const last = this.line.at(-1)
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
    this.room.enter(commit, counted)
    if (!fits) this.stand(commit)
    return done
  }

  protected stand(entry: PendingCommit | Job): void {
    this.stood++
    this.line.push(entry)
    if (!this.#busy) this.log.ready(this)
  }

  /** The first of the line is done with. */
  protected next(): void {
    this.#busy = false
    if (this.line.length > 0) this.log.ready(this)
    else for (const idle of this.#onIdle.splice(0)) idle()
  }

  /** From now on it takes nothing. */
  protected shut(): void {
    this.#closed = true
  }

  /** Resolves when nothing stands in line and nothing is on its way. */
  async idle(): Promise<void> {
    if (this.#busy || this.line.length > 0)
      await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  /** Ends a commit, whatever happens: with the group, in this call, where memory tells what is new. */
  protected begin(commit: PendingCommit, group: LogGroup, known?: Outcomes): void {
    try {
      const outcomes = known ?? this.#outcomesByMemory(commit, group)
      if (outcomes === undefined) this.needFile(commit, group)
      else this.#append(group, commit, outcomes)
    } catch (error) {
      this.fail(commit, error)
    }
  }

  #outcomesByMemory(commit: PendingCommit, group: LogGroup): Outcomes | undefined {
    const isReady = this.log.isClaimed(this.pair) && !this.goesToFile(commit, group)
    return isReady ? this.memory.deduplicate(commit) : undefined
  }

  /** Brings a deduplicated commit to the disk with the others of the group, and ends it. */
  #append(group: LogGroup, commit: PendingCommit, outcomes: Outcomes): void {
    const { batch, rows } = commit
    if (batch.length === 0 && rows === '') {
      this.memory.accept(commit, outcomes)
      this.settle(commit, outcomes)
      return
    }
    const record = group.append(this.pair, batch, rows)
    const before = this.memory.accept(commit, outcomes)
    group.onEnd((error) => {
      if (error === undefined) {
        this.memory.recent.settle()
        this.keep(record)
        this.settle(commit, outcomes)
      } else {
        this.memory.withdraw(before)
        this.events.tell('error', { pair: this.pair, error })
        this.fail(commit, error)
      }
    })
  }

  protected settle(commit: PendingCommit, outcomes: Outcomes): void {
    // Before the calls are answered: who awaited them finds their room free.
    this.room.leave(commit)
    commit.settle(outcomes.counts)
    tellStored(this.events, this.pair, commit, outcomes)
    commit.dispose()
    this.next()
  }

  protected fail(commit: PendingCommit, error: unknown): void {
    this.room.leave(commit)
    commit.fail(fromDuckDb(error, this.pair, 'QUERY_FAILED'))
    this.next()
  }

  protected refuseClosed(): void {
    if (this.#closed) throw new PairduckError('CLOSED', `${this.pair} is being closed`)
  }
}
