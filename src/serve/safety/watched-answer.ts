import { PairduckError } from '../../errors.ts'
import { tellTurns, type Turns } from '../../storage/duckdb/turns.ts'

/** By how much the process may grow between two looks at it on a busy machine. */
const unseenBytes = 2 ** 28

/** An answer that is being made, with what the process grew by while the engine was at its statements. */
export class WatchedAnswer implements Turns {
  /** No longer watches it. */
  readonly end: () => void
  readonly #name: string
  readonly #maxBytes: number
  readonly #over = new AbortController()
  /** How many statements the engine is at for it, and since when, by `performance.now()`. */
  #running = 0
  #began = 0
  /** For how many ms the engine was at it since the last look, before that. */
  #ranMs = 0
  #lookedAt = performance.now()
  /** By how many bytes the process grew since then, and how many of them another one had taken. */
  #grown = 0
  #forgiven = 0
  /** The same with what was forgiven, and with what grew while another one was being ended. */
  #inAll = 0
  /** What its statements before took, and what they began may still hold. */
  #kept = 0
  #most = 0

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
    if (this.#running++ > 0) return
    this.#began = performance.now()
    this.#grown = this.#forgiven = this.#inAll = 0
  }

  ended(): void {
    if (--this.#running > 0) return
    this.#ranMs += this.#msSinceLook()
    this.#kept = this.held
    this.#grown = this.#forgiven = this.#inAll = 0
  }

  /**
   * The process grew by so many bytes in so many ms: they are its own as far as the engine was at it by then,
   * and as far as they are not `anothers`, which is being ended.
   */
  grewBy(bytes: number, ms: number, { anothers }: { readonly anothers: boolean }): void {
    const ranMs = this.#ranMs + (this.isRunning ? this.#msSinceLook() : 0)
    this.#ranMs = 0
    this.#lookedAt = performance.now()
    const own = bytes * Math.min(1, ranMs / ms)
    const charged = this.#grown + (anothers ? Math.min(0, own) : own)
    this.#grown = Math.max(0, charged)
    // What it was charged with in turns before, though another one took it, falls with the process.
    this.#kept = Math.max(0, this.#kept + Math.min(0, charged))
    this.#inAll = Math.max(0, this.#inAll + own)
    this.#most = Math.max(this.#most, this.#grown)
    if (this.isRunning) return
    this.#kept = this.held
    this.#grown = this.#forgiven = this.#inAll = 0
  }

  #msSinceLook(): number {
    return performance.now() - Math.max(this.#began, this.#lookedAt)
  }

  /** Another one was ended for what the process grew by meanwhile; of what this may, a quarter is left to it then. */
  forgive(): void {
    this.#forgiven = this.#grown = Math.min(this.#grown, (this.#maxBytes * 3) / 4)
  }

  /** What it may hold of what the process grew by. */
  get held(): number {
    return this.#kept + Math.max(0, this.#grown - this.#forgiven)
  }

  /** The most that the process grew by while the engine was at one of its statements: some of it may be left. */
  get most(): number {
    return this.#most
  }

  /** Since when the engine is at its statement. */
  get runsSince(): number {
    return this.#began
  }

  /** By how many bytes the process grew in each ms since then. */
  get grownPerMs(): number {
    return this.#grown / Math.max(1, performance.now() - this.#began)
  }

  /**
   * Whether that is more than it may. What is forgiven is not without end: one that grows slowly beside a row of
   * others that are ended would be forgiven all that it takes.
   */
  get isOver(): boolean {
    if (!this.isRunning || this.isRefused) return false
    return this.#grown > this.#maxBytes || this.#inAll > 2 * this.#maxBytes + unseenBytes
  }

  /** Whether the engine is at a statement of it. */
  get isRunning(): boolean {
    return this.#running > 0
  }

  /** Calls that when it is told that it takes too much. */
  whenRefused(listener: () => void): void {
    this.#over.signal.addEventListener('abort', listener, { once: true })
  }

  /** Whether it was told that it takes too much. */
  get isRefused(): boolean {
    return this.#over.signal.aborted
  }

  /** Ends it for what it takes itself, or for what it and others hold together. */
  refuse(heldByAll?: number): void {
    const why =
      heldByAll === undefined
        ? `while it was answered the process grew by ${megabytes(Math.max(this.#grown, this.#inAll))} MB, and may by ${megabytes(this.#maxBytes)} (\`maxMemoryBytes\`); ask for less at once`
        : `answers that are not read to their end hold ${megabytes(heldByAll)} MB, and may hold ${megabytes(2 * this.#maxBytes)} (twice \`maxMemoryBytes\`); read on, or ask for less`
    this.#over.abort(
      new PairduckError('REQUEST_REFUSED', `${this.#name} was ended: ${why}`, {
        maxMemoryBytes: this.#maxBytes,
      }),
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
