import type { StoredCandle } from '../../schema/rows.ts'
import type { Timeframe } from '../../time.ts'
import type { BatchColumns } from '../duckdb/batch-function.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { RecentBars, type StoredBars } from './recent-bars.ts'

/** More than this of a timeframe at once are read from the file. */
export const mostWarmBars = 5_000

/** The newest bars of one pair, of every timeframe that was asked for. */
export class WarmBars {
  readonly #budget: MemoryBudget
  readonly #kept = new Map<Timeframe, RecentBars>()
  /** Grows whenever what was read before may be wrong. */
  #generation = 0

  constructor(budget: MemoryBudget) {
    this.#budget = budget
  }

  get generation(): number {
    return this.#generation
  }

  /** The newest bars, the oldest of them first; undefined where memory does not tell. */
  last(timeframe: Timeframe, count: number): StoredCandle[] | undefined {
    return this.#kept.get(timeframe)?.last(count)
  }

  /** Keeps bars from now on that the file held in a generation, with ticks that it did not hold yet. */
  keep(
    timeframe: Timeframe,
    stored: StoredBars,
    { generation, ticks }: { generation: number; ticks: readonly BatchColumns[] },
  ): void {
    if (generation !== this.#generation) return
    this.#kept.get(timeframe)?.dispose()
    const bars = new RecentBars(timeframe, stored, this.#budget)
    for (const batch of ticks) bars.fold(batch)
    this.#kept.set(timeframe, bars)
  }

  /** Ticks that count as stored from now on. */
  fold(batch: BatchColumns): void {
    for (const bars of this.#kept.values()) bars.fold(batch)
  }

  /** Something else than ticks may change what is stored. */
  drop(): void {
    this.#generation++
    for (const bars of this.#kept.values()) bars.dispose()
    this.#kept.clear()
  }
}
