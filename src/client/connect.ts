import { PairduckError } from '../errors.ts'
import { optional, integer, resolveOptions, rule } from '../options.ts'
import { ownerPids, ownerSocketOf } from '../storage/file/owner-socket-path.ts'
import type { ClusterReader } from './cluster-reader.ts'
import { resolveTarget, type ClusterTarget, type ConnectTarget } from './connect-target.ts'
import { RemoteStore } from './remote/remote-store.ts'
import { hello } from './wire/hello.ts'
import { HttpCaller } from './wire/http-caller.ts'

/** Options of `connect`. */
export interface ConnectOptions {
  /** The token of a server that asks for one; the writer token for inserts. */
  readonly token?: string
  /** The certificate of the authority that signed the server's, in PEM, if it is your own. */
  readonly ca?: string | Buffer
  /** How long a call tries again while nobody answers, in ms, then `CONNECTION_LOST`. Default 10,000. */
  readonly reconnectMs?: number
}

const text = rule<string | undefined>('text', (value) => typeof value === 'string', undefined)
const rules = {
  token: optional(text),
  ca: optional(
    rule<string | Buffer | undefined>(
      'a certificate in PEM',
      (value) => typeof value === 'string' || Buffer.isBuffer(value),
      undefined,
    ),
  ),
  reconnectMs: integer(0, 3_600_000, 10_000),
}

/**
 * The pairs of a cluster, each read from the worker that holds it: `await connect({ cluster: { client } })`
 * with a client of `connectValkey`. `token` and `ca` are for the workers' servers.
 */
export function connect(target: ClusterTarget, options?: ConnectOptions): Promise<ClusterReader>
/**
 * The store of another process as `MarketStore`: `await connect('http://127.0.0.1:8080')`, or
 * `await connect({ dataDir: 'data' })` beside a `DatabaseManager` on that directory. Rejects with
 * `CONNECTION_LOST` when nobody is there, `UNAUTHORIZED` when the token does not fit, TypeError for
 * what is no such place.
 */
export function connect(target: ConnectTarget, options?: ConnectOptions): Promise<RemoteStore>
export async function connect(
  target: ConnectTarget | ClusterTarget,
  options?: ConnectOptions,
): Promise<RemoteStore | ClusterReader> {
  const { token, ca, reconnectMs } = resolveOptions('connect', options, rules)
  const place = resolveTarget(target)
  if ('cluster' in place) {
    const { ClusterReader } = await import('./cluster-reader.ts')
    const { resolveClusterOptions } = await import('../cluster/cluster-options.ts')
    resolveClusterOptions('connect', place.cluster)
    return new ClusterReader({
      cluster: place.cluster,
      // Who holds a pair is asked again instead.
      connect: (address) => connect(address, { ...options, reconnectMs: 0 }),
      reconnectMs,
    })
  }
  if ('url' in place)
    return checked(new RemoteStore({ url: place.url, token, ca }, { reconnectMs }))
  const { dataDir, pid } = place
  const findSocket = () =>
    pid === undefined ? socketOfOwner(dataDir) : ownerSocketOf(dataDir, pid)
  return checked(new RemoteStore({ findSocket }, { reconnectMs }))
}

/** The socket of a process that works on a data directory, and not only passes by. */
async function socketOfOwner(dataDir: string): Promise<string> {
  for (const pid of await ownerPids(dataDir)) {
    const socketPath = await ownerSocketOf(dataDir, pid)
    const asked = new HttpCaller({ findSocket: async () => socketPath })
    try {
      if (!(await hello(asked)).passing) return socketPath
    } catch {
      // Gone meanwhile, or killed and its lock left behind.
    } finally {
      asked.close()
    }
  }
  throw new PairduckError(
    'CONNECTION_LOST',
    `no process answers for ${dataDir}: open a DatabaseManager on it there (\`localSocket\` is on by default)`,
    { dataDir },
  )
}

/** A store that answered once. */
async function checked(store: RemoteStore): Promise<RemoteStore> {
  try {
    await store.hello()
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}
