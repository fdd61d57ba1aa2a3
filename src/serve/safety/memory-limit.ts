import { giveBackMemory } from '../../storage/duckdb/give-back-memory.ts'
import { ProcessGrowth } from './process-growth.ts'
import { WatchedAnswer } from './watched-answer.ts'

/** How often the process is looked at: it grows by some tens of megabytes meanwhile. */
const lookMs = 50

/** How long one that was ended has to let go, before the next one is. */
const letGoMs = 250

/** What an answer that leaves so much behind took is given back to the system. */
const largeBytes = 2 ** 26

/**
 * Ends answers that make the process grow by more than one may. The engine bounds the memory of all
 * statements together, counts only a part of it, and bounds no single one; so what counts here is by how much
 * the process grows while the engine works for an answer, without what it keeps of the files that it read.
 * What grows while it works for several is each one's, until that one is ended which grew fastest.
 */
export class MemoryLimit {
  readonly #maxBytes: number
  readonly #watched = new Set<WatchedAnswer>()
  #timer: NodeJS.Timeout | undefined
  #isLooking = false
  #growth = new ProcessGrowth()
  /** The one that was ended last, until it is gone or has had its time. */
  #ending: { readonly answer: WatchedAnswer; readonly until: number } | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Watches what is made from now on, until its `end()`. */
  watch(name: string): WatchedAnswer {
    const answer = new WatchedAnswer(name, this.#maxBytes, () => this.#end(answer))
    this.#watched.add(answer)
    if (this.#timer === undefined) {
      this.#growth = new ProcessGrowth()
      this.#timer = setInterval(() => void this.#look(), lookMs).unref()
    }
    return answer
  }

  /** What `work` gives, which passes the answer's signal on; it fails with that where it takes too much. */
  async within<T>(name: string, work: (answer: WatchedAnswer) => Promise<T>): Promise<T> {
    const answer = this.watch(name)
    try {
      return await work(answer)
    } catch (error) {
      throw answer.whyEnded(error)
    } finally {
      answer.end()
    }
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const { bytes, ms } = await this.#growth.since()
    this.#isLooking = false
    const isLetGo = this.#isLetGo()
    for (const answer of this.#watched) answer.grewBy(isLetGo ? bytes : 0, ms)
    if (!isLetGo) return
    const answer = this.#fastest() ?? this.#largest()
    if (answer === undefined) return
    answer.refuse()
    this.#ending = { answer, until: performance.now() + letGoMs }
  }

  /** Of those that take too much the one that grew fastest: the others may only have been there. */
  #fastest(): WatchedAnswer | undefined {
    const over = [...this.#watched].filter(({ isOver }) => isOver)
    return over.toSorted((a, b) => b.grownPerMs - a.grownPerMs)[0]
  }

  /**
   * Where all together hold more than twice what one may, the one that holds most: many that wait for their
   * readers could hold as much as they may each.
   */
  #largest(): WatchedAnswer | undefined {
    const answers = [...this.#watched].filter(({ isRefused }) => !isRefused)
    if (answers.reduce((sum, { held }) => sum + held, 0) <= 2 * this.#maxBytes) return undefined
    return answers.toSorted((a, b) => b.held - a.held)[0]
  }

  /** Whether nothing grows any more on account of one that was ended. */
  #isLetGo(): boolean {
    if (this.#ending === undefined) return true
    const { answer, until } = this.#ending
    if (this.#watched.has(answer) && performance.now() < until) return false
    this.#ending = undefined
    for (const each of this.#watched) each.forgive()
    return true
  }

  #end(answer: WatchedAnswer): void {
    this.#watched.delete(answer)
    // That it cannot be is no concern of who was answered.
    if (answer.grown > largeBytes) giveBackMemory().catch(() => undefined)
    if (this.#watched.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
