import { integer, oneOf, optional, resolveOptions, rule } from '../options.ts'
import type { OptionRule, Resolved } from '../options.ts'
import { shown } from '../errors.ts'

/** A server of a Sentinel set-up or a cluster. */
export interface ServerAddress {
  /** Host name or address. */
  readonly host: string
  /** TCP port. */
  readonly port: number
}

/** TLS beyond what a `rediss:` or `valkeys:` URL says. Certificates are PEM texts. */
export interface TlsOptions {
  /** Certificate authorities to trust, PEM. */
  readonly ca?: string
  /** The client's certificate, PEM. */
  readonly cert?: string
  /** The key of the client's certificate, PEM. */
  readonly key?: string
  /** The name to expect in the server's certificate, where it isn't the host. */
  readonly servername?: string
}

/** How the primary is found through Sentinel. */
export interface SentinelOptions {
  /** The name under which the sentinels watch the server. */
  readonly name: string
  /** The first addresses to try; the others are learned from them. */
  readonly nodes: readonly ServerAddress[]
  /** User name, where the server asks for one. */
  readonly username?: string
  /** Password, where the server asks for one. */
  readonly password?: string
}

/** How the servers of a cluster are reached. */
export interface ClusterOptions {
  /** The first addresses to try; the others are learned from them. */
  readonly nodes: readonly ServerAddress[]
}

/** How to reach a Valkey server; everything but the URL has a default. */
export interface ValkeyConnectionOptions {
  /**
   * `redis:`, `rediss:`, `valkey:` or `valkeys:` URL with user, password, host, port, database.
   * Default `valkey://127.0.0.1:6379`.
   */
  readonly url?: string
  /** The client library. Default `redis`; `glide` needs the package `@valkey/valkey-glide`. */
  readonly adapter?: 'redis' | 'glide'
  /** User name, where the server asks for one. */
  readonly username?: string
  /** Password, where the server asks for one. */
  readonly password?: string
  /** Number of the database, 0 to 15. Default: that of the URL, else 0. */
  readonly database?: number
  /** TLS settings; `true` for the defaults. */
  readonly tls?: boolean | TlsOptions
  /** A Unix socket instead of host and port. */
  readonly socketPath?: string
  /** Sentinel servers that name the primary, instead of an address. */
  readonly sentinel?: SentinelOptions
  /** Nodes of a cluster, instead of an address. */
  readonly cluster?: ClusterOptions
  /** How long the first connection may take, in ms. Default 5,000. */
  readonly connectTimeoutMs?: number
  /** After so many ms without an answer of the server the connection is given up. Default 5,000. */
  readonly socketTimeoutMs?: number
  /** Commands waiting or in flight before further ones are refused. Default 10,000. */
  readonly maxQueuedCommands?: number
}

/** A connection's options with nothing left open. */
export interface ValkeyConnection {
  readonly adapter: 'redis' | 'glide'
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  readonly tls: TlsOptions | undefined
  readonly socketPath: string | undefined
  readonly sentinel: SentinelOptions | undefined
  readonly cluster: ClusterOptions | undefined
  readonly connectTimeoutMs: number
  readonly socketTimeoutMs: number
  readonly maxQueuedCommands: number
  /** The server as messages name it, without the password. */
  readonly label: string
}

const text = rule<string | undefined>('a text', (value) => typeof value === 'string', undefined)
const object = <T>(expected: string): ReturnType<typeof rule<T | undefined>> =>
  rule<T | undefined>(expected, (value) => typeof value === 'object' && value !== null, undefined)

/** The rules of the connection options, for {@link resolveConnection} and whoever adds more. */
export const connectionRules: {
  readonly url: OptionRule<string | undefined>
  readonly adapter: OptionRule<'redis' | 'glide'>
  readonly username: OptionRule<string | undefined>
  readonly password: OptionRule<string | undefined>
  readonly database: OptionRule<number | undefined>
  readonly tls: OptionRule<boolean | TlsOptions>
  readonly socketPath: OptionRule<string | undefined>
  readonly sentinel: OptionRule<SentinelOptions | undefined>
  readonly cluster: OptionRule<ClusterOptions | undefined>
  readonly connectTimeoutMs: OptionRule<number>
  readonly socketTimeoutMs: OptionRule<number>
  readonly maxQueuedCommands: OptionRule<number>
} = {
  url: text,
  adapter: oneOf(['redis', 'glide'], 'redis'),
  username: text,
  password: text,
  database: optional(integer(0, 15, 0)),
  tls: rule<boolean | TlsOptions>(
    'a boolean or { ca, cert, key, servername }',
    (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
    false,
  ),
  socketPath: text,
  sentinel: object<SentinelOptions>('{ name, nodes, username, password }'),
  cluster: object<ClusterOptions>('{ nodes }'),
  connectTimeoutMs: integer(1, 600_000, 5_000),
  socketTimeoutMs: integer(100, 600_000, 5_000),
  maxQueuedCommands: integer(1, 1_000_000, 10_000),
}

const schemes: Readonly<Record<string, boolean>> = {
  'redis:': false,
  'valkey:': false,
  'rediss:': true,
  'valkeys:': true,
}

/** Fills in what a URL and the defaults say. Throws TypeError naming the option that is wrong. */
export function resolveConnection(
  caller: string,
  given: ValkeyConnectionOptions,
): ValkeyConnection {
  const options: Resolved<typeof connectionRules> = resolveOptions(caller, given, connectionRules)
  const url = parseUrl(caller, options.url ?? 'valkey://127.0.0.1:6379')
  const secure = schemes[url.protocol]! || options.tls !== false
  const { sentinel, cluster, socketPath } = options
  if ([sentinel, cluster, socketPath].filter((way) => way !== undefined).length > 1)
    throw new TypeError(
      `${caller}: only one of \`sentinel\`, \`cluster\`, \`socketPath\` can be given`,
    )
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1'
  const port = Number(url.port || 6379)
  return {
    adapter: options.adapter,
    host,
    port,
    username: options.username ?? nonEmpty(url.username),
    password: options.password ?? nonEmpty(url.password),
    database: options.database ?? databaseOf(caller, url),
    tls: secure ? (typeof options.tls === 'object' ? options.tls : {}) : undefined,
    socketPath,
    sentinel,
    cluster,
    connectTimeoutMs: options.connectTimeoutMs,
    socketTimeoutMs: options.socketTimeoutMs,
    maxQueuedCommands: options.maxQueuedCommands,
    label:
      socketPath ??
      (sentinel ? `sentinel ${sentinel.name}` : cluster ? 'cluster' : `${host}:${port}`),
  }
}

/**
 * The server's URL from the environment: `VALKEY_URL`, or `VALKEY_HOST`, `VALKEY_PORT`,
 * `VALKEY_USERNAME` and `VALKEY_PASSWORD`; the local default when none is set.
 */
export function valkeyUrlFromEnvironment(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const given = environment['VALKEY_URL']
  if (given !== undefined && given !== '') return given
  const url = new URL('valkey://127.0.0.1:6379')
  url.host = `${environment['VALKEY_HOST'] || '127.0.0.1'}:${environment['VALKEY_PORT'] || '6379'}`
  url.username = encodeURIComponent(environment['VALKEY_USERNAME'] ?? '')
  url.password = encodeURIComponent(environment['VALKEY_PASSWORD'] ?? '')
  return url.href
}

function parseUrl(caller: string, given: string): URL {
  let url: URL
  try {
    url = new URL(given)
  } catch (cause) {
    throw new TypeError(`${caller}: expected \`url\` to be a URL, got ${shown(given)}`, { cause })
  }
  if (!Object.hasOwn(schemes, url.protocol))
    throw new TypeError(
      `${caller}: expected \`url\` to begin with redis:, rediss:, valkey: or valkeys:, got ${shown(url.protocol)}`,
    )
  return url
}

function databaseOf(caller: string, url: URL): number {
  const path = url.pathname.replaceAll('/', '')
  if (path === '') return 0
  if (!/^(?:\d|1[0-5])$/.test(path))
    throw new TypeError(
      `${caller}: expected the database in \`url\` to be 0 to 15, got ${shown(path)}`,
    )
  return Number(path)
}

function nonEmpty(part: string): string | undefined {
  return part === '' ? undefined : decodeURIComponent(part)
}
