import { setTimeout } from 'node:timers/promises'
import { createCluster, createSentinel, RedisClient } from '@redis/client'
import type { RedisArgument, RedisClientOptions, RedisSentinelOptions } from '@redis/client'
import type { ValkeyConnection } from './connection-options.ts'
import { PairduckError } from '../errors.ts'
import { clientFailure, closedFailure } from './failure.ts'
import { untilAborted } from '../until-aborted.ts'
import type { ServerScript, Unsubscribe, ValkeyClient, ValkeyReply } from './valkey-client.ts'

type SocketOptions = NonNullable<NonNullable<RedisSentinelOptions['nodeClientOptions']>['socket']>
type Listener = (message: string | Buffer) => void

/** The part of @redis/client's three kinds of clients that the mirror uses. */
interface Wire {
  send(key: string | undefined, readOnly: boolean, args: RedisArgument[]): Promise<unknown>
  subscribe(channel: string, listener: Listener): Promise<unknown>
  unsubscribe(channel: string, listener: Listener): Promise<unknown>
  on(event: string, listener: (...details: unknown[]) => void): unknown
  off(event: string, listener: (...details: unknown[]) => void): unknown
  connect(): Promise<unknown>
  close(): unknown
  destroy(): unknown
}

const maxBackoffMs = 1_000
/**
 * The client's own bound for a command ends only one that was not written yet, which the socket's
 * timeout ends too; and it costs a timer of five seconds for each.
 */
const commandOptions = { timeout: 0 }
/** How long close() waits for replies that are still under way before it cuts the connection. */
const closeGraceMs = 1_000

/** Connects with @redis/client: standalone, Unix socket, Sentinel or cluster. */
export async function connectRedis(connection: ValkeyConnection): Promise<ValkeyClient> {
  const wire = connection.sentinel
    ? sentinelWire(connection)
    : connection.cluster
      ? clusterWire(connection)
      : standaloneWire(connection)
  const client = new RedisAdapter(wire, connection)
  await client.connect()
  return client
}

class RedisAdapter implements ValkeyClient {
  readonly database: number
  readonly #wire: Wire
  readonly #connection: ValkeyConnection
  readonly #ending = new AbortController()
  #lastError: unknown
  #closed = false

  constructor(wire: Wire, connection: ValkeyConnection) {
    this.#wire = wire
    this.#connection = connection
    this.database = connection.database
    // Without a listener an error of the socket would end the process; each command reports it.
    wire.on('error', (error) => {
      this.#lastError = error
    })
  }

  async connect(): Promise<void> {
    try {
      await this.#wire.connect()
    } catch (error) {
      await settled(() => this.#wire.destroy())
      throw clientFailure(worthier(error, this.#lastError), this.#connection.label)
    }
  }

  async command(args: readonly string[]): Promise<ValkeyReply> {
    return await this.#send(args[1], false, [...args])
  }

  async script(
    { source, sha, readOnly }: ServerScript,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<ValkeyReply> {
    const [bySha, bySource] = readOnly ? ['EVALSHA_RO', 'EVAL_RO'] : ['EVALSHA', 'EVAL']
    const words = [bySha, sha, String(keys.length), ...keys, ...args]
    try {
      return await this.#send(keys[0], readOnly, words)
    } catch (error) {
      // The server forgets scripts when it restarts; it did not run this one.
      if (!/\bNOSCRIPT\b/.test((error as Error).message)) throw error
      return await this.#send(keys[0], readOnly, [bySource, source, ...words.slice(2)])
    }
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<Unsubscribe> {
    if (this.#closed) throw closedFailure(this.#connection.label)
    const onMessage: Listener = (message) => listener(String(message))
    const subscribed = this.#wire.subscribe(channel, onMessage)
    try {
      // On a connection that is lost the client never answers.
      await untilAborted(subscribed, AbortSignal.any([this.#ending.signal, this.#deadline()]))
    } catch (error) {
      // One that comes about after all is nobody's any more.
      void subscribed.then(() => this.#wire.unsubscribe(channel, onMessage)).catch(() => undefined)
      throw clientFailure(error, this.#connection.label)
    }
    return async () => {
      // A connection that is gone has no subscription left to end, and may never answer.
      if (this.#closed) return
      await Promise.race([
        settled(() => this.#wire.unsubscribe(channel, onMessage)),
        setTimeout(closeGraceMs, undefined, { ref: false }),
      ])
    }
  }

  onReconnect(listener: () => void): () => void {
    const onReady = (): void => listener()
    this.#wire.on('ready', onReady)
    return () => {
      this.#wire.off('ready', onReady)
    }
  }

  #deadline(): AbortSignal {
    const { connectTimeoutMs, socketTimeoutMs, label } = this.#connection
    const late = new AbortController()
    const error = new PairduckError('VALKEY_UNREACHABLE', `${label}: no answer to a subscription`)
    globalThis.setTimeout(() => late.abort(error), connectTimeoutMs + socketTimeoutMs).unref()
    return late.signal
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#ending.abort(closedFailure(this.#connection.label))
    const closing = settled(() => this.#wire.close())
    const late = Symbol('late')
    if ((await Promise.race([closing, setTimeout(closeGraceMs, late, { ref: false })])) === late)
      await settled(() => this.#wire.destroy())
  }

  async #send(key: string | undefined, readOnly: boolean, args: string[]): Promise<ValkeyReply> {
    if (this.#closed) throw closedFailure(this.#connection.label)
    try {
      return (await this.#wire.send(key, readOnly, args)) as ValkeyReply
    } catch (error) {
      throw clientFailure(error, this.#connection.label)
    }
  }
}

function standaloneWire(connection: ValkeyConnection): Wire {
  const place =
    connection.socketPath === undefined
      ? { host: connection.host, port: connection.port }
      : { path: connection.socketPath }
  const create = () => {
    let everReady = false
    // The first connection fails at once: waiting for a server is the caller's decision.
    const reconnectStrategy = (retries: number, cause: Error): number | Error =>
      everReady ? backoff(retries) : cause
    const socket = { ...socketOptions(connection), ...place, reconnectStrategy } as SocketOptions
    // `createClient` makes a class with a method for each of 500 commands, anew for each connection:
    // 24 MB of a small process. The class that it extends sends any command.
    const made = new RedisClient({
      ...nodeOptions(connection),
      commandOptions,
      database: connection.database,
      socket,
    })
    made.on('ready', () => {
      everReady = true
    })
    return made
  }
  const client = create()
  // A connection that listens counts as a listener in all it gets: the server would cut it when a
  // reply passes the small bound for listeners (32 MB), so listening has one of its own.
  let listening: { readonly client: ReturnType<typeof create>; ready: Promise<unknown> } | undefined
  const listener = async (): Promise<ReturnType<typeof create>> => {
    if (listening === undefined) {
      const made = create().on('error', () => undefined)
      listening = { client: made, ready: made.connect() }
    }
    const begun = listening
    try {
      await begun.ready
    } catch (error) {
      // The next one who listens tries anew.
      if (listening === begun) listening = undefined
      await settled(() => begun.client.destroy())
      throw error
    }
    return begun.client
  }
  return {
    ...wired(client, (_key, _readOnly, args) => client.sendCommand(args)),
    subscribe: async (channel, hear) => (await listener()).subscribe(channel, hear),
    unsubscribe: async (channel, hear) => listening?.client.unsubscribe(channel, hear),
    close: async () => {
      await Promise.all([settled(() => client.close()), settled(() => listening?.client.close())])
    },
    destroy: async () => {
      await settled(() => client.destroy())
      await settled(() => listening?.client.destroy())
    },
  }
}

function sentinelWire(connection: ValkeyConnection): Wire {
  const { name, nodes, username, password } = connection.sentinel!
  const { commandOptions: _, ...node } = nodeOptions(connection)
  const socket = { ...socketOptions(connection), reconnectStrategy: backoff }
  const sentinel = createSentinel({
    name,
    sentinelRootNodes: nodes.map(({ host, port }) => ({ host, port })),
    nodeClientOptions: { ...node, database: connection.database, socket },
    commandOptions,
    sentinelClientOptions: {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      disableClientInfo: true,
      socket,
    },
    scanInterval: 1_000,
    passthroughClientErrorEvents: true,
  })
  return wired(sentinel, (_key, _readOnly, args) => sentinel.sendCommand(false, args))
}

function clusterWire(connection: ValkeyConnection): Wire {
  const socket = { ...socketOptions(connection), reconnectStrategy: backoff }
  const node = { ...nodeOptions(connection), socket }
  const cluster = createCluster({
    rootNodes: connection.cluster!.nodes.map(({ host, port }) => ({
      ...node,
      socket: { ...socket, host, port } as SocketOptions,
    })),
    defaults: node,
    commandOptions,
  })
  return wired(cluster, (key, readOnly, args) => cluster.sendCommand(key, readOnly, args))
}

/** What every connection gets, so that none queues without bound or waits for ever. */
function nodeOptions(
  connection: ValkeyConnection,
): Omit<RedisClientOptions, 'socket'> & { commandOptions?: never } {
  const { username, password, maxQueuedCommands, socketTimeoutMs } = connection
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxQueuedCommands,
    // The timeout also counts quiet time, so a quiet connection has to make some noise.
    pingInterval: Math.ceil(socketTimeoutMs / 3),
    disableClientInfo: true,
    maintNotifications: 'disabled',
  }
}

function socketOptions({
  connectTimeoutMs,
  socketTimeoutMs,
  tls,
}: ValkeyConnection): SocketOptions {
  const timeouts = { connectTimeout: connectTimeoutMs, socketTimeout: socketTimeoutMs }
  return tls === undefined ? timeouts : { ...timeouts, ...tls, tls: true }
}

function backoff(retries: number): number {
  return Math.min(maxBackoffMs, 25 * 2 ** Math.min(retries, 10)) * (0.75 + Math.random() / 2)
}

function wired(client: Omit<Wire, 'send'>, send: Wire['send']): Wire {
  return {
    send,
    subscribe: (channel, listener) => client.subscribe(channel, listener),
    unsubscribe: (channel, listener) => client.unsubscribe(channel, listener),
    on: (event, listener) => client.on(event, listener),
    off: (event, listener) => client.off(event, listener),
    connect: () => client.connect(),
    close: () => client.close(),
    destroy: () => client.destroy(),
  }
}

/** A refusal of the password says more than the closed socket that follows it. */
function worthier(error: unknown, earlier: unknown): unknown {
  return earlier instanceof Error && /^(?:WRONGPASS|NOAUTH|NOPERM)/.test(earlier.message)
    ? earlier
    : error
}

async function settled(action: () => unknown): Promise<void> {
  try {
    await action()
  } catch {
    // Closing what is closed already, or was never open, is what the caller wanted.
  }
}
