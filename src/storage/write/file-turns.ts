import type { DuckDBConnection } from '@duckdb/node-api'
import PQueue from 'p-queue'
import type { ThreadBudget } from '../duckdb/thread-budget.ts'
import type { Content } from './known-content.ts'

/** Work on a file that nobody else writes to meanwhile, and what it is known to hold when that begins. */
export type FileJob<T> = (connection: DuckDBConnection, known: Content | undefined) => Promise<T>

/** The turns at one pair's file: one piece of work at a time, on the threads that all pairs share. */
export class FileTurns {
  readonly #budget: ThreadBudget
  readonly #queue = new PQueue({ concurrency: 1 })
  /** What waits for a thread that nobody else wants. */
  #spare: AbortController | undefined

  constructor(budget: ThreadBudget) {
    this.#budget = budget
  }

  /**
   * Runs work that somebody waits for. What only waits for a spare thread gives up its place:
   * behind it this would wait for the work of all other pairs that nobody waits for.
   */
  take<T>(work: () => Promise<T>): Promise<T> {
    this.#spare?.abort()
    this.#spare = undefined
    return this.#queue.add(() => this.#budget.write(work))
  }

  /** Runs work that nobody waits for once a thread is spare; not at all if `take` comes before. */
  async takeSpare(work: () => Promise<void>): Promise<void> {
    // The one that waits will do it.
    if (this.#spare !== undefined) return
    const spare = new AbortController()
    this.#spare = spare
    let began = false
    const begin = (): Promise<void> => {
      began = true
      if (this.#spare === spare) this.#spare = undefined
      return work()
    }
    try {
      await this.#queue.add(() => this.#budget.write(begin, { spare: spare.signal }))
    } catch (error) {
      if (began) throw error
    }
  }

  /** Resolves when nothing is done or waits. */
  ended(): Promise<void> {
    return this.#queue.onIdle()
  }
}
