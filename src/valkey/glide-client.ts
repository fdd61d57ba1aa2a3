import type {
  AdvancedBaseClientConfiguration,
  BaseClientConfiguration,
  GlideClient,
  GlideClusterClient,
} from '@valkey/valkey-glide'
import { optionalPackage } from '../optional-package.ts'
import type { ValkeyConnection } from './connection-options.ts'
import { clientFailure, closedFailure } from './failure.ts'
import type { ServerScript, Unsubscribe, ValkeyClient, ValkeyReply } from './valkey-client.ts'

type Glide = typeof import('@valkey/valkey-glide')
type AnyGlideClient = GlideClient | GlideClusterClient

/** Connects with @valkey/valkey-glide: standalone or cluster. */
export async function connectGlide(connection: ValkeyConnection): Promise<ValkeyClient> {
  if (connection.sentinel !== undefined || connection.socketPath !== undefined)
    throw new TypeError('adapter `glide` reaches neither Sentinel nor a Unix socket: use `redis`')
  for (const name of ['cert', 'key', 'servername'] as const)
    if (connection.tls?.[name] !== undefined)
      throw new TypeError(`adapter \`glide\` takes no \`tls.${name}\`: use \`redis\``)
  const glide: Glide = await optionalPackage(
    'adapter `glide`',
    ['@valkey/valkey-glide'],
    () => import('@valkey/valkey-glide'),
  )
  const client = await createGlide(glide, connection)
  return new GlideAdapter(glide, client, connection)
}

class GlideAdapter implements ValkeyClient {
  readonly database: number
  readonly #glide: Glide
  readonly #client: AnyGlideClient
  readonly #connection: ValkeyConnection
  readonly #subscribers = new Set<AnyGlideClient>()
  #closed = false

  constructor(glide: Glide, client: AnyGlideClient, connection: ValkeyConnection) {
    this.#glide = glide
    this.#client = client
    this.#connection = connection
    this.database = connection.database
  }

  async command(args: readonly string[]): Promise<ValkeyReply> {
    if (this.#closed) throw closedFailure(this.#connection.label)
    try {
      return (await this.#client.customCommand([...args])) as ValkeyReply
    } catch (error) {
      throw clientFailure(error, this.#connection.label)
    }
  }

  async script(
    { source, sha, readOnly }: ServerScript,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<ValkeyReply> {
    const [bySha, bySource] = readOnly ? ['EVALSHA_RO', 'EVAL_RO'] : ['EVALSHA', 'EVAL']
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await this.command([bySha, sha, ...rest])
    } catch (error) {
      // GLIDE says `NoScriptError` where the server said NOSCRIPT; the script has not run.
      if (!/NOSCRIPT|NoScriptError/.test((error as Error).message)) throw error
      return await this.command([bySource, source, ...rest])
    }
  }

  /** GLIDE takes subscriptions only when a client is made: each one gets a client of its own. */
  async subscribe(channel: string, listener: (message: string) => void): Promise<Unsubscribe> {
    if (this.#closed) throw closedFailure(this.#connection.label)
    let wanted = true
    const subscriber = await createGlide(this.#glide, this.#connection, {
      channel,
      // Closing takes a while; what comes meanwhile is not wanted any more.
      listener: (message) => wanted && listener(message),
    })
    // It may have been closed meanwhile, and would keep the process.
    if (this.#closed) {
      subscriber.close()
      throw closedFailure(this.#connection.label)
    }
    this.#subscribers.add(subscriber)
    return async () => {
      wanted = false
      if (this.#subscribers.delete(subscriber)) subscriber.close()
    }
  }

  /** GLIDE reconnects without telling; the mirror's sequence numbers notice what was missed. */
  onReconnect(): () => void {
    return () => undefined
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const subscriber of this.#subscribers) subscriber.close()
    this.#subscribers.clear()
    this.#client.close()
  }
}

interface Subscription {
  readonly channel: string
  readonly listener: (message: string) => unknown
}

async function createGlide(
  glide: Glide,
  connection: ValkeyConnection,
  subscription?: Subscription,
): Promise<AnyGlideClient> {
  const { cluster, label } = connection
  const options = {
    ...glideOptions(connection),
    ...(subscription === undefined ? {} : { pubsubSubscriptions: subscriptions(subscription) }),
  }
  try {
    return cluster === undefined
      ? await glide.GlideClient.createClient({ ...options, databaseId: connection.database })
      : await glide.GlideClusterClient.createClient(options)
  } catch (error) {
    throw clientFailure(error, label)
  }
}

function glideOptions(
  connection: ValkeyConnection,
): BaseClientConfiguration & { advancedConfiguration: AdvancedBaseClientConfiguration } {
  const { host, port, cluster, username, password, tls } = connection
  return {
    addresses:
      cluster === undefined ? [{ host, port }] : cluster.nodes.map((node) => ({ ...node })),
    ...(password === undefined
      ? {}
      : { credentials: { password, ...(username === undefined ? {} : { username }) } }),
    useTLS: tls !== undefined,
    requestTimeout: connection.socketTimeoutMs,
    inflightRequestsLimit: Math.min(connection.maxQueuedCommands, 1_000),
    advancedConfiguration: {
      connectionTimeout: connection.connectTimeoutMs,
      ...(tls?.ca === undefined ? {} : { tlsAdvancedConfiguration: { rootCertificates: tls.ca } }),
    },
  }
}

/** Channel mode 0 is an exact channel, standalone and in a cluster. */
function subscriptions({ channel, listener }: Subscription): {
  channelsAndPatterns: { 0: Set<string> }
  callback: (message: { message: unknown }) => void
} {
  return {
    channelsAndPatterns: { 0: new Set([channel]) },
    callback: ({ message }) => listener(String(message)),
  }
}
