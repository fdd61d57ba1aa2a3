/**
 * A clock around a cleanup pass: never two at once, errors to a listener, and it does not keep the
 * process alive.
 */
export class RepeatingTask {
  readonly #pass: (signal: AbortSignal) => Promise<unknown>
  readonly #onError: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #abort: AbortController | undefined
  #running: Promise<void> | undefined

  constructor(pass: (signal: AbortSignal) => Promise<unknown>, onError: (error: unknown) => void) {
    this.#pass = pass
    this.#onError = onError
  }

  /** Starts it, or gives a running one its new pace. The first pass comes after `everyMs`. */
  start(everyMs: number): void {
    this.#end()
    this.#abort = new AbortController()
    this.#wind(everyMs, this.#abort.signal)
  }

  /** Ends it; resolves when the pass in flight has ended (it stops after the pair it is at). */
  async stop(): Promise<void> {
    this.#end()
    await this.#running
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#abort?.abort()
    this.#abort = undefined
  }

  #wind(everyMs: number, signal: AbortSignal): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#passAfter(this.#running, everyMs, signal)
    }, everyMs)
    this.#timer.unref()
  }

  /** A pass of before, of a pace that was given up, may still be at its last pair. */
  async #passAfter(
    earlier: Promise<void> | undefined,
    everyMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    await earlier
    if (signal.aborted) return
    try {
      await this.#pass(signal)
    } catch (error) {
      this.#onError(error)
    }
    if (!signal.aborted) this.#wind(everyMs, signal)
  }
}
