import type { Gap } from '../../schema/gaps.ts'
import type { StoredCandle } from '../../schema/rows.ts'
import type { Timeframe } from '../../time.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import { mostWarmBars } from '../front/warm-bars.ts'
import type { LogRecord } from '../log/log-entry.ts'
import type { LogGroup } from '../log/log-group.ts'
import type { FileApplier } from './file-applier.ts'
import type { FileJob } from './file-turns.ts'
import type { CheckedTicks } from './checked-ticks.ts'
import type { PendingCommit } from './pending-commit.ts'
import type { HandedOver } from './resting-writer.ts'
import { RowLog, type EndsOfCalls } from './row-log.ts'
import type { RowRelation } from './row-relation.ts'
import { TickLine, type LineParts } from './tick-line.ts'
import type { TickStore } from './tick-store.ts'
import type { RowsOfCalls } from './upsert-rows.ts'
import type { Waiting } from './waiting-room.ts'

/** So many bars are read at once, whoever asks for fewer. */
const fewestBars = 500

/**
 * The one writer of a pair whose file is open: the file follows the log in batches. Whatever needs
 * the file, and what is too large for the log, stands in the same line and has the pair for itself.
 */
export class TickWriter extends TickLine {
  /** What it writes to. */
  readonly ticks: TickStore
  readonly #file: FileApplier
  readonly #rows: RowLog
  /** Connections that may read the file behind our back. */
  #watchers = 0

  constructor(of: Omit<LineParts, 'memory'> & { ticks: TickStore; file: FileApplier }) {
    super({ ...of, memory: of.ticks.memory })
    this.ticks = of.ticks
    this.#file = of.file
    this.#rows = new RowLog(of)
  }

  /** Whether anything was written since the file was opened. */
  get wrote(): boolean {
    return this.#file.wrote
  }

  set wrote(wrote: boolean) {
    this.#file.wrote = wrote
  }

  /** For an import, which bounds itself: its batches take no room of live calls and go to the file. */
  insertBatch(ticks: CheckedTicks, gaps: readonly Gap[] = []): Promise<InsertCounts> {
    return this.join(ticks, gaps, { counted: 0, isDirect: true })
  }

  /**
   * Runs `job` on the writer's connection, alone, after all calls before it, which are in the file
   * then. `rows` that it brings wait as ticks do, with the same bounds.
   */
  run<T>(job: FileJob<T>, rows = 0, waiting: Waiting = { counted: 0 }): Promise<T> {
    return this.#take(() => this.#file.run(job), rows, waiting)
  }

  /** Stores rows of another table; calls may join until it is their turn. */
  storeRows(
    relation: RowRelation,
    calls: () => RowsOfCalls,
    { counted, waiting, isDirect }: { counted: number; waiting: Waiting; isDirect: boolean },
  ): Promise<EndsOfCalls> {
    const isForFile = (group: LogGroup): boolean => isDirect || this.#isForFile(group)
    const store = (group: LogGroup): Promise<EndsOfCalls> =>
      this.#rows.store(relation, calls(), { group, isForFile })
    return this.#take(store, counted, waiting)
  }

  #take<T>(work: (group: LogGroup) => Promise<T>, rows: number, waiting: Waiting): Promise<T> {
    this.wait(waiting, rows)
    return new Promise((resolve, reject) => {
      this.stand(async (group) => {
        const done = await Promise.allSettled([work(group)])
        this.room.leave(waiting)
        const [end] = done
        if (end.status === 'fulfilled') resolve(end.value)
        else reject(end.reason as Error)
      })
    })
  }

  /** Lets rows wait with a job, also with one that stands in line already. */
  wait(waiting: Waiting, rows: number): void {
    this.refuseClosed()
    if (rows > 0) this.room.check(rows)
    this.room.enter(waiting, rows)
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
    if (this.isWatched || count > mostWarmBars) return undefined
    if (read) await this.#file.warmBars(timeframe, Math.max(count, fewestBars))
    return this.isWatched ? undefined : this.#file.bars.last(timeframe, count)
  }

  /** Whether somebody may write behind our back just now. */
  get isWatched(): boolean {
    return this.#watchers > 0
  }

  /** From when it resolves until {@link unwatch} the file holds all that is acknowledged. */
  async watch(): Promise<void> {
    this.#watchers++
    this.refuseClosed()
    // What is on its way to the log now is in the file when it has its turn.
    await new Promise<void>((resolve, reject) => {
      this.stand(() => this.#file.applied().then(resolve, reject))
    })
  }

  unwatch(): void {
    this.#watchers--
    this.#file.bars.drop()
  }

  /** Takes over a commit that waited while the file was closed; resolves when its calls are answered. */
  adopt({ commit, take }: HandedOver): Promise<void> {
    this.refuseClosed()
    this.room.enter(commit, take())
    const ended = commit.ended()
    this.stand(commit)
    return ended
  }

  /** Takes nothing more; resolves when all that was taken is in the file, and rejects when it cannot be. */
  async drain(): Promise<void> {
    this.shut()
    await this.idle()
    await this.#file.close()
  }

  /** Whether the pair stays this process's when its file is closed. */
  get isClaimed(): boolean {
    return this.log.isClaimed(this.pair)
  }

  /** The pair is anybody's from now on: all that the log holds of it is in the file. */
  disclaim(): Promise<void> {
    return this.log.disclaim(this.pair)
  }

  /** Whether the log is no place for a commit: it is too large, or the file has to catch up. */
  protected goesToFile({ isDirect }: PendingCommit, group: LogGroup): boolean {
    return isDirect || this.#isForFile(group)
  }

  #isForFile(group: LogGroup): boolean {
    // Behind the back of who may look at the file nothing is acknowledged that is not in it.
    return this.#watchers > 0 || this.#file.isCrowded || group.isFull
  }

  protected needFile(commit: PendingCommit, group: LogGroup): void {
    void this.#commitByFile(commit, group)
  }

  protected keep(record: LogRecord): void {
    this.#file.add(record)
  }

  /** Stores a commit past the log, or with the next group, after what needs the file. */
  async #commitByFile(commit: PendingCommit, group: LogGroup): Promise<void> {
    try {
      if (this.goesToFile(commit, group)) {
        // Past the log: for what is as cheap for the file, or must be in it at once.
        this.settle(commit, await this.#file.store(commit))
        return
      }
      if (!this.log.isClaimed(this.pair)) await this.log.claim(this.pair)
      const outcomes = this.memory.deduplicate(commit) ?? (await this.#file.deduplicate(commit))
      this.log.ready({ commit: (next) => this.begin(commit, next, outcomes) })
    } catch (error) {
      this.fail(commit, error)
    }
  }
}
