import { PairduckError } from '../../errors.ts'
import { cachedBytes } from '../../storage/duckdb/block-cache.ts'
import { giveBackMemory } from '../../storage/duckdb/give-back-memory.ts'

/** How often the process is looked at: it grows by some tens of megabytes meanwhile. */
const lookMs = 50

/** What an answer that leaves so much behind took is given back to the system. */
const largeBytes = 2 ** 26

/**
 * Ends answers that make the process grow by more than one may. The engine bounds the memory of all
 * statements together, counts only a part of it, and bounds no single one; so what counts here is
 * what the process really has while an answer is made, without what the engine keeps of the files that
 * it read. What others take meanwhile counts as well: then there is no room for either.
 */
export class MemoryLimit {
  readonly #maxBytes: number
  readonly #watched = new Set<WatchedAnswer>()
  #timer: NodeJS.Timeout | undefined
  #isLooking = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Watches what is made from now on, until its `end()`. */
  watch(name: string): WatchedAnswer {
    const answer = new WatchedAnswer(name, this.#maxBytes, () => this.#end(answer))
    this.#watched.add(answer)
    this.#timer ??= setInterval(() => void this.#look(), lookMs).unref()
    return answer
  }

  /** What `work` gives; its signal tells it that it takes too much, and it fails with that then. */
  async within<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const answer = this.watch(name)
    try {
      return await work(answer.signal)
    } catch (error) {
      throw answer.whyEnded(error)
    } finally {
      answer.end()
    }
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const bytes = process.memoryUsage.rss() - (await cachedBytes())
    this.#isLooking = false
    for (const answer of this.#watched) answer.look(bytes)
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

/** An answer that is being made. */
export class WatchedAnswer {
  /** No longer watches it. */
  readonly end: () => void
  readonly #name: string
  readonly #maxBytes: number
  readonly #over = new AbortController()
  /** The least that the process had: what an answer before left behind may be given back meanwhile. */
  #least = Infinity
  #grown = 0

  constructor(name: string, maxBytes: number, end: () => void) {
    this.#name = name
    this.#maxBytes = maxBytes
    this.end = end
  }

  /** Fires with `REQUEST_REFUSED` when it takes too much. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** By how many bytes the process had grown when it was looked at last. */
  get grown(): number {
    return this.#grown
  }

  /** What it failed with: that it took too much where that is why, else the error itself. */
  whyEnded(error: unknown): unknown {
    return this.signal.aborted ? this.signal.reason : error
  }

  /** Ends it if the process has grown too far, to so many bytes. */
  look(bytes: number): void {
    this.#least = Math.min(this.#least, bytes)
    this.#grown = bytes - this.#least
    if (this.#grown <= this.#maxBytes || this.signal.aborted) return
    this.#over.abort(
      new PairduckError(
        'REQUEST_REFUSED',
        `${this.#name} was ended: while it was answered the process grew by ${megabytes(this.#grown)} MB, and may by ${megabytes(this.#maxBytes)} (\`maxMemoryBytes\`); ask for less at once`,
        { maxMemoryBytes: this.#maxBytes },
      ),
    )
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20)
}
