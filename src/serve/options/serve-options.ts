import { totalmem } from 'node:os'
import { flag, integer, optional, resolveOptions, rule, type OptionRule } from '../../options.ts'
import type { MirrorReads } from '../../mirror/read/mirror-reads.ts'

/** Options of `serve`. */
export interface ServeOptions {
  /** The port to listen on. Default 0: any free one. */
  readonly port?: number
  /** The address to listen on. Default 127.0.0.1; one that other machines reach needs a token, and `tls` or `behindProxy`. */
  readonly host?: string
  /** A client that sends it may read. Without tokens everybody on this machine may. */
  readonly token?: string
  /** A client that sends it may also write. Without it nobody writes over HTTP. */
  readonly writerToken?: string
  /** The server's key and certificate, in PEM. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer }
  /** True when a proxy in front of it does TLS. */
  readonly behindProxy?: boolean
  /** Pages of these origins (`https://charts.example.org`) may ask. Default: none but its own. */
  readonly corsOrigins?: readonly string[]
  /** Host names under which it may be called, beside its `host` and localhost, such as a proxy's. */
  readonly allowedHosts?: readonly string[]
  /** Rows of one answer. Default 5,000,000. */
  readonly maxRows?: number
  /** Bytes of one request's body. Default 32 MB. */
  readonly maxBodyBytes?: number
  /**
   * By how much the process may grow while the engine makes one answer, in bytes. Default: a quarter
   * of the machine's memory, or of the container's.
   */
  readonly maxMemoryBytes?: number
  /** How long an answer may take in ms, also when its reader is slow. Default 60,000. */
  readonly answerTimeoutMs?: number
  /** Answers that one client may be given at once. Default 8. */
  readonly maxParallelPerClient?: number
  /** Answers that all clients together may be given at once. Default 32. */
  readonly maxParallel?: number
  /** Requests of one client address in a second; further ones are refused with 429. Default 1,000. */
  readonly maxRequestsPerSecond?: number
  /** Event streams open at once. Default 200. */
  readonly maxEventStreams?: number
  /** Connections open at once. Default 2,000. */
  readonly maxConnections?: number
  /** True: serve the page, too, at `/`. Default false. */
  readonly ui?: boolean
  /** The mirror that `/api/v1/mirror/…` and `/api/orderbook` read. */
  readonly mirror?: MirrorReads
  /** Called with every request when it is answered; never with tokens or query values. */
  readonly onRequest?: (entry: RequestLogEntry) => void
}

/** A request as the log may know it. */
export interface RequestLogEntry {
  /** The HTTP method. */
  readonly method: string
  /** The route's pattern, not the address that was asked for. */
  readonly route: string
  /** The HTTP status. */
  readonly status: number
  /** Duration in milliseconds. */
  readonly tookMs: number
  /** Address of the caller. */
  readonly client: string
}

const text = optional(
  rule<string | undefined>(
    'text of 16 characters or more',
    (value) => typeof value === 'string' && value.length >= 16,
    undefined,
  ),
)
const texts = (expected: string): OptionRule<readonly string[]> =>
  rule<readonly string[]>(
    expected,
    (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
    [],
  )
const object = <T>(expected: string): OptionRule<T | undefined> =>
  optional(
    rule<T | undefined>(
      expected,
      (value) => typeof value === 'object' && value !== null,
      undefined,
    ),
  )

/** What the process may have: without a container the second is beyond all that there is. */
function memoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity)
}

const rules = {
  port: integer(0, 65_535, 0),
  host: rule<string>('a host', (value) => typeof value === 'string' && value !== '', '127.0.0.1'),
  token: text,
  writerToken: text,
  tls: object<{ key: string | Buffer; cert: string | Buffer }>('{ key, cert } in PEM'),
  behindProxy: flag(false),
  corsOrigins: texts('a list of origins'),
  allowedHosts: texts('a list of host names'),
  maxRows: integer(1, 1e9, 5_000_000),
  maxBodyBytes: integer(1024, 2 ** 30, 2 ** 25),
  maxMemoryBytes: integer(2 ** 20, 2 ** 50, Math.floor(memoryBytes() / 4)),
  answerTimeoutMs: integer(1, 86_400_000, 60_000),
  maxParallelPerClient: integer(1, 10_000, 8),
  maxParallel: integer(1, 10_000, 32),
  maxRequestsPerSecond: integer(1, 1_000_000, 1_000),
  maxEventStreams: integer(1, 100_000, 200),
  maxConnections: integer(1, 100_000, 2_000),
  ui: flag(false),
  mirror: object<MirrorReads>('a MirrorReader or ValkeyMirror'),
  onRequest: optional(
    rule<((entry: RequestLogEntry) => void) | undefined>(
      'a function',
      (value) => typeof value === 'function',
      undefined,
    ),
  ),
}

/** The same with every default filled in. */
export interface ResolvedServeOptions {
  readonly port: number
  readonly host: string
  readonly token: string | undefined
  readonly writerToken: string | undefined
  readonly tls: { readonly key: string | Buffer; readonly cert: string | Buffer } | undefined
  readonly behindProxy: boolean
  readonly corsOrigins: readonly string[]
  readonly allowedHosts: readonly string[]
  readonly maxRows: number
  readonly maxBodyBytes: number
  readonly maxMemoryBytes: number
  readonly answerTimeoutMs: number
  readonly maxParallelPerClient: number
  readonly maxParallel: number
  readonly maxRequestsPerSecond: number
  readonly maxEventStreams: number
  readonly maxConnections: number
  readonly ui: boolean
  readonly mirror: MirrorReads | undefined
  readonly onRequest: ((entry: RequestLogEntry) => void) | undefined
}

const loopback = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return loopback.test(host)
}

/** Fills defaults; TypeError and RangeError, also for an address that would stand open. */
export function resolveServeOptions(options: ServeOptions | undefined): ResolvedServeOptions {
  const resolved = resolveOptions('serve', options, rules)
  const { host, token, writerToken, tls, behindProxy } = resolved
  if (!isLoopback(host)) {
    if (token === undefined && writerToken === undefined)
      throw new TypeError(
        `serve: \`host\` ${host} is reached from other machines: give a \`token\``,
      )
    if (tls === undefined && !behindProxy)
      throw new TypeError(
        `serve: \`host\` ${host} is reached from other machines, which would send the token in the clear: give \`tls\`, or \`behindProxy: true\` when a proxy in front does it`,
      )
  }
  return resolved
}
