import { connectValkey } from '../valkey/connect.ts'
import type { ValkeyClient } from '../valkey/valkey-client.ts'
import { MirrorKeys } from './stored/keys.ts'
import { resolveReaderOptions } from './mirror-options.ts'
import type { MirrorReaderOptions, ResolvedReaderOptions } from './mirror-options.ts'
import type { MirrorClock } from './model/clock.ts'
import { GuardedClient } from './stored/guarded-client.ts'
import { MirrorReads } from './read/mirror-reads.ts'
import { watchMirror } from './read/watch.ts'
import type { MirrorEvent, WatchOptions } from './read/watch.ts'

/**
 * Reads a mirror without being able to write it: for dashboards, risk checks and the command
 * line. It takes nothing over and needs only the right to read.
 */
export class MirrorReader extends MirrorReads implements AsyncDisposable {
  readonly #owned: boolean
  readonly #clock: MirrorClock
  #closing: Promise<void> | undefined

  private constructor(
    client: ValkeyClient,
    { keyPrefix, clock, client: brought }: ResolvedReaderOptions,
  ) {
    super(new GuardedClient(client), new MirrorKeys(keyPrefix, client.database))
    this.#clock = clock
    this.#owned = brought === undefined
  }

  /** Connects. Rejects with `VALKEY_UNREACHABLE` or `VALKEY_AUTH`. */
  static async open(options: MirrorReaderOptions = {}): Promise<MirrorReader> {
    const resolved = resolveReaderOptions('MirrorReader.open', options)
    const client = resolved.client ?? (await connectValkey(resolved.connection))
    return new MirrorReader(client, resolved)
  }

  /** Follows the mirror: a snapshot, then every change; resyncs by itself. */
  watch(options?: WatchOptions): AsyncGenerator<MirrorEvent, void, void> {
    return watchMirror(this.client, this.keys, this.#clock, options)
  }

  /** Closes the connection, unless it was brought along. */
  async close(): Promise<void> {
    await (this.#closing ??= this.#end())
  }

  async #end(): Promise<void> {
    if (this.#owned) await this.client.close()
    else this.client.end()
  }

  /** The same as `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
