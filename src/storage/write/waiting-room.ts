import { PairduckError } from '../../errors.ts'
import type { ThreadBudget } from '../duckdb/thread-budget.ts'

/** Something that waits, and how many rows of it count. */
export interface Waiting {
  counted: number
}

/** Bounds what of one pair waits to be stored, and adds it to what waits of all. */
export class WaitingRoom {
  readonly #pair: string
  readonly #most: number
  readonly #budget: ThreadBudget
  /** Ticks, and rows of other tables, that are not durable yet. */
  rows = 0

  constructor(pair: string, most: number, budget: ThreadBudget) {
    this.#pair = pair
    this.#most = most
    this.#budget = budget
  }

  /** BACKPRESSURE where so many rows more are too many. */
  check(given: number): void {
    // A call that is larger than the bound is taken when nothing else waits.
    if (this.rows > 0 && this.rows + given > this.#most)
      throw new PairduckError(
        'BACKPRESSURE',
        `${this.#pair}: ${this.rows} rows wait to be stored; \`maxPendingTicks\` is ${this.#most}: await earlier calls`,
        { pair: this.#pair, pendingTicks: this.rows, maxPendingTicks: this.#most },
      )
    this.#budget.checkRoom(given)
  }

  enter(waiting: Waiting, rows: number): void {
    waiting.counted += rows
    this.rows += rows
    this.#budget.pendingTicks += rows
  }

  leave(waiting: Waiting): void {
    this.rows -= waiting.counted
    this.#budget.pendingTicks -= waiting.counted
    waiting.counted = 0
  }
}
