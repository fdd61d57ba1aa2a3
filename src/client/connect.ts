import { PairduckError } from '../errors.ts'
import { optional, integer, resolveOptions, rule } from '../options.ts'
import { ownerSocketOf, ownerSockets } from '../storage/file/owner-socket-path.ts'
import { RemoteStore } from './remote-store.ts'

/** Where the store is: the address of `pairduck serve`, or the data directory that a process owns. */
export type ConnectTarget = string | URL | { readonly dataDir: string; readonly pid?: number }

/** Options of `connect`. */
export interface ConnectOptions {
  /** For a server that asks for one. */
  readonly token?: string
  /** The certificate that signed the server's, in PEM, when it is one of your own. */
  readonly ca?: string | Buffer
  /** How long a call tries again while nobody answers, then `CONNECTION_LOST`. Default 10,000. */
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
 * The store of another process as `MarketStore`: `await connect('http://127.0.0.1:8080')`, or
 * `await connect({ dataDir: 'data' })` beside a `DatabaseManager` on that directory. Rejects with
 * `CONNECTION_LOST` when nobody is there, `UNAUTHORIZED` when the token does not fit.
 */
export async function connect(
  target: ConnectTarget,
  options?: ConnectOptions,
): Promise<RemoteStore> {
  const { token, ca, reconnectMs } = resolveOptions('connect', options, rules)
  if (typeof target === 'string' || target instanceof URL) {
    const store = new RemoteStore({ url: new URL(target), token, ca }, { reconnectMs })
    return checked(store)
  }
  const { dataDir, pid } = target
  const sockets =
    pid === undefined ? await ownerSockets(dataDir) : [await ownerSocketOf(dataDir, pid)]
  for (const socketPath of sockets) {
    const store = new RemoteStore({ socketPath }, { reconnectMs })
    const found = await checked(store).catch(() => undefined)
    if (found !== undefined) return found
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
