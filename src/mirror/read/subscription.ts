import { untilAborted } from '../../until-aborted.ts'
import type { Unsubscribe, ValkeyClient } from '../../valkey/valkey-client.ts'

/** One listener on one channel, begun when the server can be reached and ended once. */
export class Subscription {
  readonly #client: ValkeyClient
  readonly #channel: string
  readonly #listener: (message: string) => void
  #beginning: Promise<Unsubscribe> | undefined
  #end: Unsubscribe | undefined

  constructor(client: ValkeyClient, channel: string, listener: (message: string) => void) {
    this.#client = client
    this.#channel = channel
    this.#listener = listener
  }

  /** Begins it, unless that is done; waits no longer than until the signal. */
  async begin(signal: AbortSignal): Promise<void> {
    if (this.#end !== undefined) return
    this.#beginning ??= this.#client.subscribe(this.#channel, this.#listener)
    try {
      this.#end = await untilAborted(this.#beginning, signal)
    } catch (error) {
      if (!signal.aborted) this.#beginning = undefined
      throw error
    }
  }

  /** Ends it; one that is still being begun is ended when it has begun. */
  async end(): Promise<void> {
    if (this.#end !== undefined) return await this.#end()
    this.#beginning?.then(
      (end) => end(),
      () => undefined,
    )
  }
}
