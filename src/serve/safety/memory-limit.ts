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
  #growth: ProcessGrowth | undefined
  /** By how much the process has grown in all since something is watched. */
  #inAll = 0
  /** The one that was ended last, until it is gone or has had its time. */
  #ending: { readonly answer: WatchedAnswer; readonly until: number; grown: number } | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Watches what is made from now on, until its `end()`. */
  watch(name: string): WatchedAnswer {
    const answer = new WatchedAnswer(name, this.#maxBytes, () => this.#end(answer))
    this.#watched.add(answer)
    if (this.#timer === undefined) {
      this.#growth = new ProcessGrowth()
      this.#inAll = 0
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
    try {
      const growth = await this.#growth?.since()
      if (growth !== undefined) this.#heed(growth)
    } catch {
      // It is looked again soon, and who asks is told what is wrong with the engine.
    } finally {
      this.#isLooking = false
    }
  }

  #heed({ bytes, ms }: { readonly bytes: number; readonly ms: number }): void {
    this.#inAll = Math.max(0, this.#inAll + bytes)
    const isLetGo = this.#isLetGo(bytes)
    for (const answer of this.#watched) answer.grewBy(bytes, ms, { anothers: !isLetGo })
    if (!isLetGo) return
    const answer = this.#refused()
    if (answer !== undefined)
      this.#ending = { answer, until: performance.now() + letGoMs, grown: 0 }
  }

  /** The one that has to go now, which is told. */
  #refused(): WatchedAnswer | undefined {
    const fastest = this.#fastest()
    if (fastest !== undefined) {
      fastest.refuse()
      return fastest
    }
    const others = [...this.#watched].filter(({ isRefused, isRunning }) => !isRefused && !isRunning)
    const sum = others.reduce((bytes, each) => bytes + each.held, 0)
    // What the process grew by while the engine was at several is each one's, and counts once.
    const held = Math.min(sum, this.#inAll)
    // Many that wait for their readers could hold as much as they may each.
    if (held <= 2 * this.#maxBytes) return undefined
    const largest = others.toSorted((a, b) => b.held - a.held)[0]
    largest?.refuse(held)
    return largest
  }

  /**
   * Of those that take too much the one that grew fastest: the others were there before it, and may only have been
   * there. Of several that did so alike it is the first: those that came after it grew by what it took.
   */
  #fastest(): WatchedAnswer | undefined {
    const over = [...this.#watched].filter(({ isOver }) => isOver)
    const most = Math.max(...over.map(({ grownPerMs }) => grownPerMs))
    const alike = over.filter(({ grownPerMs }) => grownPerMs >= most / 2)
    return alike.toSorted((a, b) => a.runsSince - b.runsSince)[0]
  }

  /** Whether what grows is no longer that of one that was ended: it is gone, has had its time, or grew on. */
  #isLetGo(bytes: number): boolean {
    const ending = this.#ending
    if (ending === undefined) return true
    ending.grown += bytes
    const isLate = performance.now() >= ending.until || ending.grown > this.#maxBytes / 4
    if (this.#watched.has(ending.answer) && !isLate) return false
    this.#ending = undefined
    for (const each of this.#watched) each.forgive()
    return true
  }

  #end(answer: WatchedAnswer): void {
    this.#watched.delete(answer)
    // That it cannot be is no concern of who was answered.
    if (answer.most > largeBytes) giveBackMemory().catch(() => undefined)
    if (this.#watched.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
