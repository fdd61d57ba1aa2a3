import { setTimeout as sleep } from 'node:timers/promises'

const firstMs = 250
const longestMs = 30_000

/** Waits between tries: twice as long each time, with jitter, until something went well. */
export class BackOff {
  #failures = 0

  reset(): void {
    this.#failures = 0
  }

  /** Resolves when it is time to try again, at once when the signal fires. */
  async wait(signal: AbortSignal): Promise<void> {
    const ms = Math.min(longestMs, firstMs * 2 ** this.#failures++)
    // Without jitter everybody who was cut off together comes back together.
    await sleep(ms / 2 + Math.random() * (ms / 2), undefined, { signal }).catch(() => undefined)
  }
}
