import { setMaxListeners } from 'node:events'
import { PairduckError } from '../../errors.ts'
import type { MirrorClock } from '../model/clock.ts'
import { untilAborted } from '../../valkey/until-aborted.ts'

/**
 * How long a source is waited for: until it answers, the time is over (`EXCHANGE_FAILED`) or the
 * mirror ends. A source that hangs must hold up neither the changes that wait nor the end.
 */
export class SourceLimit {
  readonly #timeoutMs: number
  readonly #clock: MirrorClock
  readonly #ending = new AbortController()

  constructor(timeoutMs: number, clock: MirrorClock) {
    this.#timeoutMs = timeoutMs
    this.#clock = clock
    setMaxListeners(0, this.#ending.signal)
  }

  /** Ends all waiting, now and later, with this error. */
  end(error: PairduckError): void {
    this.#ending.abort(error)
  }

  async wait<T>(ask: () => Promise<T>): Promise<T> {
    const late = new AbortController()
    const cancel = this.#clock.schedule(this.#timeoutMs, () => late.abort(this.#tooLate()))
    try {
      return await untilAborted(untilAborted(ask(), late.signal), this.#ending.signal)
    } finally {
      cancel()
    }
  }

  #tooLate(): PairduckError {
    return new PairduckError(
      'EXCHANGE_FAILED',
      `the source has not answered for ${this.#timeoutMs} ms (sourceTimeoutMs)`,
    )
  }
}
