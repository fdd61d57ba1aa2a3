import { setMaxListeners } from 'node:events'
import { PairduckError } from '../../errors.ts'
import { untilAborted } from '../../until-aborted.ts'
import type {
  ServerScript,
  Unsubscribe,
  ValkeyClient,
  ValkeyReply,
} from '../../valkey/valkey-client.ts'

/**
 * A client as those see it who read: once it is ended, everything is `CLOSED`, whatever becomes of
 * the connection. What is under way ends then too.
 */
export class GuardedClient implements ValkeyClient {
  readonly #client: ValkeyClient
  readonly #ending = new AbortController()

  constructor(client: ValkeyClient) {
    this.#client = client
    // Each read that is under way listens.
    setMaxListeners(0, this.#ending.signal)
  }

  /** Aborts when reading ends. */
  get ended(): AbortSignal {
    return this.#ending.signal
  }

  end(): void {
    this.#ending.abort(
      new PairduckError('CLOSED', 'this connection to the mirror is closed: open another'),
    )
  }

  async command(args: readonly string[]): Promise<ValkeyReply> {
    return await this.#unlessEnded(() => this.#client.command(args))
  }

  async script(
    script: ServerScript,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<ValkeyReply> {
    return await this.#unlessEnded(() => this.#client.script(script, keys, args))
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<Unsubscribe> {
    return await this.#unlessEnded(() => this.#client.subscribe(channel, listener))
  }

  onReconnect(listener: () => void): () => void {
    return this.#client.onReconnect(listener)
  }

  async close(): Promise<void> {
    this.end()
    await this.#client.close()
  }

  async #unlessEnded<T>(ask: () => Promise<T>): Promise<T> {
    this.ended.throwIfAborted()
    return await untilAborted(ask(), this.ended)
  }
}
