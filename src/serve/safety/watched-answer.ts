import { PairduckError } from '../../errors.ts'
import { tellTurns, type Turns } from '../../storage/duckdb/turns.ts'

/** An answer that is being made, with what the process grew by while the engine worked for it. */
export class WatchedAnswer implements Turns {
  /** No longer watches it. */
  readonly end: () => void
  readonly #name: string
  readonly #maxBytes: number
  readonly #over = new AbortController()
  #grown = 0
  /** How much of that was another one's. */
  #forgiven = 0
  /** Statements that the engine is at for it, and since when, by `performance.now()`. */
  #running = 0
  #since = 0
  /** For how long the engine has worked for it, in ms: in all, and up to the last look. */
  #workedMs = 0
  #countedMs = 0

  constructor(name: string, maxBytes: number, end: () => void) {
    this.#name = name
    this.#maxBytes = maxBytes
    this.end = end
  }

  /** For the calls of it: fires with the first of the others, or with `REQUEST_REFUSED` when it takes too much. */
  signalWith(...others: readonly AbortSignal[]): AbortSignal {
    const signal = AbortSignal.any([...others, this.#over.signal])
    tellTurns(signal, this)
    return signal
  }

  began(): void {
    if (this.#running++ === 0) this.#since = performance.now()
  }

  ended(): void {
    if (--this.#running === 0) this.#workedMs += performance.now() - this.#since
  }

  /** The process grew by so many bytes in so many ms: they are its own as far as the engine worked for it. */
  grewBy(bytes: number, ms: number): void {
    const workedMs = this.#workedMs + (this.#running > 0 ? performance.now() - this.#since : 0)
    const share = Math.min(1, (workedMs - this.#countedMs) / ms)
    this.#countedMs = workedMs
    this.#grown = Math.max(0, this.#grown + bytes * share)
  }

  /** Another one was ended for what the process grew by meanwhile; of what this may, a quarter is left to it then. */
  forgive(): void {
    if (this.#running > 0)
      this.#forgiven = this.#grown = Math.min(this.#grown, (this.#maxBytes * 3) / 4)
  }

  /** What it may still hold of that. */
  get held(): number {
    return Math.max(0, this.#grown - this.#forgiven)
  }

  /** By how many bytes the process grew while the engine worked for it. */
  get grown(): number {
    return this.#grown
  }

  /** The same for each ms of that. */
  get grownPerMs(): number {
    return this.#grown / Math.max(1, this.#countedMs)
  }

  /** Whether that is more than it may, while it still grows. */
  get isOver(): boolean {
    return this.#grown > this.#maxBytes && this.#running > 0 && !this.isRefused
  }

  /** Whether it was told that it takes too much. */
  get isRefused(): boolean {
    return this.#over.signal.aborted
  }

  refuse(): void {
    this.#over.abort(
      new PairduckError(
        'REQUEST_REFUSED',
        `${this.#name} was ended: while it was answered the process grew by ${megabytes(this.#grown)} MB, and may by ${megabytes(this.#maxBytes)} (\`maxMemoryBytes\`); ask for less at once`,
        { maxMemoryBytes: this.#maxBytes },
      ),
    )
  }

  /** What it failed with: that it took too much where that is why, else the error itself. */
  whyEnded(error: unknown): unknown {
    return this.isRefused ? this.#over.signal.reason : error
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20)
}
