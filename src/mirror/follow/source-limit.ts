import { PairduckError } from '../../errors.ts'
import { untilAborted } from './until-aborted.ts'

/**
 * How long a source is waited for: until it answers, the time is over (`EXCHANGE_FAILED`) or the
 * mirror ends. A source that hangs must hold up neither the changes that wait nor the end.
 */
export class SourceLimit {
  readonly #timeoutMs: number
  readonly #ending = new AbortController()

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** Ends all waiting, now and later, with this error. */
  end(error: PairduckError): void {
    this.#ending.abort(error)
  }

  async wait<T>(ask: () => Promise<T>): Promise<T> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(this.#tooLate()), this.#timeoutMs)
    try {
      return await untilAborted(untilAborted(ask(), late.signal), this.#ending.signal)
    } finally {
      clearTimeout(timer)
    }
  }

  #tooLate(): PairduckError {
    return new PairduckError(
      'EXCHANGE_FAILED',
      `the source has not answered for ${this.#timeoutMs} ms (sourceTimeoutMs)`,
    )
  }
}
