const mostKeys = 1_000

/**
 * Which rows of a relation are stored, as far as memory tells: those with the keys that were used
 * last are, and what is newer than every stored one is not. Times in µs.
 */
export class KnownKeys {
  /** Nothing older is stored or will be. */
  readonly mark: number
  #newest: number
  /** Those that were used last stand last. */
  readonly #keys = new Set<string | number>()

  constructor({ mark, newest }: { mark: number; newest: number }) {
    this.mark = mark
    this.#newest = newest
  }

  /** Whether there is a row of a key; undefined where memory does not tell. */
  has(key: string | number, micros: number): boolean | undefined {
    if (this.#keys.has(key)) return true
    return micros > this.#newest ? false : undefined
  }

  /** A row that is stored now. */
  add(key: string | number, micros: number): void {
    this.#newest = Math.max(this.#newest, micros)
    this.#keys.delete(key)
    this.#keys.add(key)
    if (this.#keys.size <= mostKeys) return
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest)
      return
    }
  }
}
