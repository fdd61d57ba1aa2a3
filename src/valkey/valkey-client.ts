/** A server's reply as the mirror asks for it: text, integers, lists; never floats. */
export type ValkeyReply = string | number | null | ValkeyReply[]

/** A Lua script with its SHA-1; `readOnly` ones run through EVALSHA_RO. */
export interface ServerScript {
  /** The script, in Lua. */
  readonly source: string
  /** SHA-1 of the source. */
  readonly sha: string
  /** True for a script that only reads. */
  readonly readOnly: boolean
}

/** Ends a subscription. */
export type Unsubscribe = () => Promise<void>

/**
 * The connection that the mirror needs: bring your own by implementing it.
 *
 * What every implementation promises: a command whose reply was lost is rejected, never sent
 * again; while there is no connection, commands are rejected at once instead of being queued;
 * the number of commands in flight is bounded; a silent server is given up after a timeout.
 * Rejections are `PairduckError`s with the codes `VALKEY_UNREACHABLE` (try again later),
 * `VALKEY_AUTH`, `VALKEY_WRONG_TYPE` or `VALKEY_REFUSED`.
 */
export interface ValkeyClient {
  /** Number of the database; channels know none, so their names say it. Default 0. */
  readonly database?: number
  /** Runs one command. Its first key, if it has one, is the second element. */
  command(args: readonly string[]): Promise<ValkeyReply>
  /** Runs a script; the keys come first, and all live in one slot. */
  script(
    script: ServerScript,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<ValkeyReply>
  /** Listens to a channel, across reconnects, until the returned function is called. */
  subscribe(channel: string, listener: (message: string) => void): Promise<Unsubscribe>
  /** Calls back after each reconnect, where the client can tell; returns how to stop. */
  onReconnect(listener: () => void): () => void
  /** Ends the connection and all subscriptions. */
  close(): Promise<void>
}
