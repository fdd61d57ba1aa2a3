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
  #looks = 0
  /** Statements that the engine is at for it. */
  #running = 0
  /** Whether it was at one since the last look. */
  #hadTurn = false

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
    this.#running++
    this.#hadTurn = true
  }

  ended(): void {
    this.#running--
  }

  /** The process grew by so many bytes since the last look. */
  grewBy(bytes: number): void {
    if (!this.#hadTurn) return
    this.#hadTurn = this.#running > 0
    this.#looks++
    this.#grown = Math.max(0, this.#grown + bytes)
  }

  /** Another one was ended for what the process grew by; a quarter of what it may is still its own then. */
  forgive(): void {
    this.#grown = Math.min(this.#grown, (this.#maxBytes * 3) / 4)
  }

  /** By how many bytes the process grew while the engine worked for it. */
  get grown(): number {
    return this.#grown
  }

  /** The same for each time that it was looked at. */
  get grownPerLook(): number {
    return this.#grown / Math.max(1, this.#looks)
  }

  /** Whether that is more than it may. */
  get isOver(): boolean {
    return this.#grown > this.#maxBytes && this.#hadTurn && !this.#over.signal.aborted
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
    return this.#over.signal.aborted ? this.#over.signal.reason : error
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20)
}
