import type { AddressInfo } from 'node:net'
import { shown } from '../errors.ts'
import type { MarketStore } from '../storage/market-store.ts'
import { makeApp } from './app.ts'
import { httpAccess } from './safety/access.ts'
import { resolveServeOptions, type ServeOptions } from './options/serve-options.ts'

/** A server that answers; `close()` ends its connections and leaves the store open. */
export interface Server {
  /** Where it is, without a slash at the end. */
  readonly url: string
  /** Ends it; further calls are refused. */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

function refuseNoStore(store: unknown): void {
  const { listPairs, on } = (store ?? {}) as Partial<MarketStore>
  if (typeof listPairs === 'function' && typeof on === 'function') return
  throw new TypeError(
    `serve: expected a DatabaseManager, or a store that \`connect\` gave, got ${shown(store)}`,
  )
}

/**
 * Answers over HTTP from a store: what docs/serve.md lists. On loopback it is plain HTTP; any
 * other address needs a token and TLS. TypeError and RangeError for options that do not fit.
 */
export async function serve(store: MarketStore, options?: ServeOptions): Promise<Server> {
  const resolved = resolveServeOptions(options)
  refuseNoStore(store)
  const app = await makeApp(store, resolved, httpAccess(resolved))
  await app.listen({ host: resolved.host, port: resolved.port })
  const { port } = app.server.address() as AddressInfo
  const host = resolved.host.includes(':') ? `[${resolved.host}]` : resolved.host
  const close = (): Promise<void> => app.close()
  return {
    url: `${resolved.tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    close,
    [Symbol.asyncDispose]: close,
  }
}
