import { connectValkey } from '../valkey/connect.ts'
import type { ValkeyClient } from '../valkey/valkey-client.ts'
import { MirrorKeys } from './stored/keys.ts'
import { resolveReaderOptions } from './mirror-options.ts'
import type { MirrorReaderOptions } from './mirror-options.ts'
import { MirrorReads } from './read/mirror-reads.ts'
import { watchMirror } from './read/watch.ts'
import type { MirrorEvent, WatchOptions } from './read/watch.ts'

/**
 * Reads a mirror without being able to write it: for dashboards, risk checks and the command
 * line. It takes nothing over and needs only the right to read.
 */
export class MirrorReader extends MirrorReads implements AsyncDisposable {
  readonly #owned: boolean
  #closing: Promise<void> | undefined

  private constructor(client: ValkeyClient, keys: MirrorKeys, owned: boolean) {
    super(client, keys)
    this.#owned = owned
  }

  /** Connects. Rejects with `VALKEY_UNREACHABLE` or `VALKEY_AUTH`. */
  static async open(options: MirrorReaderOptions = {}): Promise<MirrorReader> {
    const { client, keyPrefix, connection } = resolveReaderOptions('MirrorReader.open', options)
    return new MirrorReader(
      client ?? (await connectValkey(connection)),
      new MirrorKeys(keyPrefix),
      client === undefined,
    )
  }

  /** Follows the mirror: a snapshot, then every change; resyncs by itself. */
  watch(options?: WatchOptions): AsyncGenerator<MirrorEvent, void, void> {
    return watchMirror(this.client, this.keys, options)
  }

  /** Closes the connection, unless it was brought along. */
  async close(): Promise<void> {
    await (this.#closing ??= this.#owned ? this.client.close() : Promise.resolve())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
