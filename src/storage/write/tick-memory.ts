import type { MemoryBudget } from '../front/memory-budget.ts'
import { RecentTicks, type RecentEnd } from '../front/recent-ticks.ts'
import type { Conflict, InsertCounts } from '../events/outcomes.ts'
import { dedupeWindowMicros, Deduplicator, isLaterId } from './deduplicator.ts'
import { countCalls, type PendingCommit } from './pending-commit.ts'
import type { WriterState } from './writer-state.ts'

/** What became of a commit's calls, before anything of it is stored. */
export interface Outcomes {
  readonly counts: InsertCounts[]
  readonly conflicts: readonly Conflict[]
  readonly newest: number
  /** Before the commit; of an empty pair before all time. */
  readonly newestBefore: number
  readonly oldest: number
  readonly maxId: string
}

/** Where the ticks stood before some were accepted. */
export interface Accepted {
  readonly state: WriterState
  readonly recent: RecentTicks
  readonly end: RecentEnd
}

/**
 * What is known of a pair's ticks without its file: where they stand, and the newest of them. It
 * deduplicates a batch as far as that reaches.
 */
export class TickMemory {
  readonly #budget: MemoryBudget
  state: WriterState
  /** The newest ticks, those that are not in the file yet included. */
  recent: RecentTicks
  /** Whether the newest stored ticks were brought into memory: then only older ones have to be asked for. */
  isFilled = false

  constructor(budget: MemoryBudget, state: WriterState) {
    this.#budget = budget
    this.state = state
    this.recent = new RecentTicks(budget, state.newest + 1)
  }

  /** How many ticks it may keep. */
  get share(): number {
    return this.#budget.share
  }

  /** Where the ticks stand, for whoever opens the file next: an odd id is not remembered for ever. */
  get lastState(): WriterState {
    const { recent, state } = this
    const from = state.newest - dedupeWindowMicros
    if (recent.coveredFrom > from) return state
    let maxId = ''
    for (let row = 0; row < recent.length; row++) {
      const id = recent.ids[row]!
      if (recent.micros[row]! >= from && id !== null && isLaterId(id, maxId)) maxId = id
    }
    return { ...state, maxId }
  }

  /** What is to become of a commit's ticks; undefined when only the file can tell. */
  deduplicate(commit: PendingCommit): Outcomes | undefined {
    const deduplicator = new Deduplicator(commit.batch, this.state)
    if (deduplicator.suspects === 0) return this.decide(commit, deduplicator, [])
    if (deduplicator.suspectRange().from < this.recent.coveredFrom) return undefined
    const conflicts = deduplicator.resolve((id, since) => this.recent.find(id, since))
    return this.decide(commit, deduplicator, conflicts)
  }

  /** What is to become of a commit, of which every tick was judged; it keeps what is new. */
  decide(
    commit: PendingCommit,
    { outcomes, maxId }: Deduplicator,
    conflicts: readonly Conflict[],
  ): Outcomes {
    const newestBefore = this.state.newest
    const { counts, newest, oldest } = countCalls(commit, outcomes, newestBefore)
    commit.dropRejected(outcomes)
    return { counts, conflicts, newest, newestBefore, oldest, maxId }
  }

  /** From now on the commit's ticks count as stored; returns what {@link withdraw} needs. */
  accept({ batch }: PendingCommit, { newest, maxId }: Outcomes): Accepted {
    const before = { state: this.state, recent: this.recent, end: this.recent.end }
    this.state = { ...this.state, newest, maxId }
    // Of more than memory keeps nothing is: the file tells of it when somebody asks.
    if (batch.length > this.share) this.forgetRecent()
    else if (batch.length > 0) this.recent.append(batch)
    return before
  }

  /** What was accepted since is not stored. */
  withdraw({ state: { newest, maxId }, recent, end }: Accepted): void {
    this.state = { ...this.state, newest, maxId }
    // Else nothing of it is in memory until the file is asked again.
    if (recent !== this.recent || !recent.cutTo(end)) this.forgetRecent()
  }

  /** Every stored tick from a time (µs) on is among these from now on. */
  fill(stored: Parameters<RecentTicks['append']>[0], from: number): void {
    this.recent.dispose()
    this.recent = new RecentTicks(this.#budget, from)
    this.recent.append(stored)
    this.recent.settle()
    this.isFilled = true
  }

  /** Takes over the recent ticks of what was known of the same pair before its file was closed. */
  adopt(known: TickMemory): void {
    const { state } = this
    const marks = ['newest', 'deletedBefore', 'decidableFrom'] as const
    // What was changed by others is read anew.
    if (!marks.every((mark) => state[mark] === known.state[mark])) return known.dispose()
    this.recent.dispose()
    this.recent = known.recent
    this.isFilled = known.isFilled
    this.state = { ...state, maxId: known.state.maxId }
  }

  forgetRecent(): void {
    this.recent.dispose()
    this.recent = new RecentTicks(this.#budget, this.state.newest + 1)
    this.isFilled = false
  }

  dispose(): void {
    this.recent.dispose()
  }
}
