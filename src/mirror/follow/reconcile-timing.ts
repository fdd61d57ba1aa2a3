import { pause } from '../model/clock.ts'
import type { MirrorClock } from '../model/clock.ts'

/** The least time between reconciles that refused events ask for; it doubles while they go on. */
const firstSpacingMs = 5_000
const lastSpacingMs = 60_000

/**
 * When the next reconcile is due: periodically; at once when something may have been missed; and
 * soon, many wishes together, when an event asks for one, for such events can come by the hundreds.
 */
export class ReconcileTiming {
  readonly #clock: MirrorClock
  readonly #everyMs: number
  #isDue = true
  #isAsked = false
  #spacingMs = firstSpacingMs
  #wake: () => void = () => undefined

  constructor(clock: MirrorClock, everyMs: number) {
    this.#clock = clock
    this.#everyMs = everyMs
  }

  askNow(): void {
    this.#isDue = true
    this.#wake()
  }

  askSoon(): void {
    this.#isAsked = true
    this.#wake()
  }

  /** To be called when a reconcile begins: what is asked for from now on needs another one. */
  begin(): void {
    this.#isDue = false
    this.#spacingMs = this.#isAsked ? Math.min(this.#spacingMs * 2, lastSpacingMs) : firstSpacingMs
    this.#isAsked = false
  }

  /** Waits until the next one is due, or until the end. */
  async wait(signal: AbortSignal): Promise<void> {
    const from = this.#clock.monotonicMs()
    const spacingMs = this.#spacingMs
    while (!this.#isDue && !signal.aborted) {
      const untilMs = this.#isAsked ? Math.min(spacingMs, this.#everyMs) : this.#everyMs
      const left = from + untilMs - this.#clock.monotonicMs()
      if (left <= 0) return
      await this.#sleep(left, signal)
    }
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const sooner = new AbortController()
    this.#wake = () => sooner.abort()
    await pause(this.#clock, ms, AbortSignal.any([signal, sooner.signal]))
  }
}
