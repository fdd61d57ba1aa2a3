import { setMaxListeners } from 'node:events'
import { PairduckError } from '../../errors.ts'
import type { MirrorClock } from '../model/clock.ts'
import { untilAborted } from '../../until-aborted.ts'

/** A snapshot makes calls up to three times one after another: each in a quarter of its time. */
const callShare = 4

/** Which call of which source is waited for. */
export interface SourceCall {
  readonly source: string
  readonly member: string
}

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

  /** A whole snapshot. */
  async wait<T>(ask: () => Promise<T>): Promise<T> {
    return await this.#within(this.#timeoutMs, ask, () => {
      const message = `the source has not answered for ${this.#timeoutMs} ms (sourceTimeoutMs)`
      return new PairduckError('EXCHANGE_FAILED', message, { waitedMs: this.#timeoutMs })
    })
  }

  /** One call of a source. */
  async call<T>({ source, member }: SourceCall, ask: () => Promise<T>): Promise<T> {
    const waitedMs = Math.ceil(this.#timeoutMs / callShare)
    return await this.#within(waitedMs, ask, () => {
      const message = `${source}: ${member} has not answered for ${waitedMs} ms (a quarter of sourceTimeoutMs)`
      return new PairduckError('EXCHANGE_FAILED', message, { source, member, waitedMs })
    })
  }

  async #within<T>(ms: number, ask: () => Promise<T>, tooLate: () => PairduckError): Promise<T> {
    const late = new AbortController()
    const cancel = this.#clock.schedule(ms, () => late.abort(tooLate()))
    // A source may throw, or give what is no promise.
    const asking = (async () => ask())()
    try {
      return await untilAborted(untilAborted(asking, late.signal), this.#ending.signal)
    } finally {
      cancel()
    }
  }
}

/** Whether a source did not fail, but was not waited for any longer. */
export function isLate(error: unknown): error is PairduckError {
  return PairduckError.is(error, 'EXCHANGE_FAILED') && 'waitedMs' in error.details
}
