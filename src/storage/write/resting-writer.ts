import type { Gap } from '../../schema/gaps.ts'
import type { Tick } from '../../schema/rows.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import type { Backlog } from '../log/backlog.ts'
import type { LogRecord } from '../log/log-entry.ts'
import type { LogGroup } from '../log/log-group.ts'
import type { PendingCommit } from './pending-commit.ts'
import { TickLine, type LineParts } from './tick-line.ts'
import type { TickColumns } from './tick.ts'
import type { TickMemory } from './tick-memory.ts'

/** A commit that goes on with the pair's file. */
export interface HandedOver {
  readonly commit: PendingCommit
  /** It does not wait where it stood any more; returns how many rows of it count, once. */
  readonly take: () => number
}

/**
 * The writer of a pair that is this process's while its file is closed: what memory tells to be new goes
 * to the log and waits for the file there. It knows nothing of the file; the first call that needs it
 * ends the rest, with all that stand behind.
 */
export class RestingWriter extends TickLine {
  readonly #backlog: Backlog
  readonly #onNeed: () => void
  readonly #onKept: () => void
  /** When the oldest record came that the file does not have, by `performance.now()`. */
  #waitingSince = Infinity
  /** When it was last called. */
  #usedAt = performance.now()

  constructor(
    of: LineParts & {
      readonly backlog: Backlog
      /** The file is needed: the rest has to be ended. */
      readonly onNeed: () => void
      /** Something more waits for the file. */
      readonly onKept: () => void
    },
  ) {
    super(of)
    this.#backlog = of.backlog
    this.#onNeed = of.onNeed
    this.#onKept = of.onKept
  }

  /** How much waits for the file; see {@link Backlog.weight}. */
  get weight(): number {
    return this.#backlog.weight
  }

  /** Whether the file lacks something. */
  get isBehind(): boolean {
    return this.#backlog.length > 0
  }

  get waitingSince(): number {
    return this.#waitingSince
  }

  get usedAt(): number {
    return this.#usedAt
  }

  get known(): TickMemory {
    return this.memory
  }

  override insert(
    ticks: readonly Tick[] | TickColumns,
    gaps?: readonly Gap[],
  ): Promise<InsertCounts> {
    this.#usedAt = performance.now()
    return super.insert(ticks, gaps)
  }

  protected goesToFile({ isDirect }: PendingCommit, group: LogGroup): boolean {
    return isDirect || this.#backlog.isCrowded || group.isFull
  }

  protected needFile(commit: PendingCommit): void {
    this.line.unshift(commit)
    this.#onNeed()
    this.next()
  }

  protected keep(record: LogRecord): void {
    if (!this.isBehind) this.#waitingSince = performance.now()
    this.#backlog.add(record)
    this.#onKept()
  }

  /** Takes nothing more, and gives what stands in line; what is on its way to the log ends by itself. */
  handOver(): HandedOver[] {
    this.shut()
    return this.line.splice(0).map((entry) => {
      const commit = entry as PendingCommit
      let isTaken = false
      const take = (): number => {
        const { counted } = commit
        if (isTaken) return 0
        isTaken = true
        this.room.leave(commit)
        return counted
      }
      return { commit, take }
    })
  }
}
