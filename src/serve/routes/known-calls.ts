import { LRUCache } from 'lru-cache'

/** Answers that are remembered for a caller whose connection broke before it heard. */
const maxKnown = 10_000

/** Runs a call once for its key: the second asking gets the answer of the first. */
export class KnownCalls {
  readonly #calls = new LRUCache<string, Promise<unknown>>({ max: maxKnown })

  knows(key: string): boolean {
    return this.#calls.has(key)
  }

  once(key: string, call: () => Promise<unknown>): Promise<unknown> {
    const known = this.#calls.get(key)
    if (known !== undefined) return known
    const running = call()
    this.#calls.set(key, running)
    // What failed stored nothing: it may be tried again.
    running.catch(() => this.#calls.delete(key))
    return running
  }
}
