import type { OwnerDesk } from '../storage/owner-socket.ts'
import type { MarketStore } from '../storage/market-store.ts'
import { makeApp } from './app.ts'
import { localAccess } from './safety/access.ts'
import { resolveServeOptions } from './options/serve-options.ts'

/** Answers on an owner's local socket: who may open it is the owner's user, and may do all. */
export async function openOwnerDesk(
  store: MarketStore,
  { passing }: { readonly passing: boolean },
): Promise<OwnerDesk> {
  const app = await makeApp(store, resolveServeOptions(undefined), localAccess, { passing })
  await app.ready()
  return {
    take: (socket) => void app.server.emit('connection', socket),
    close: () => app.close(),
  }
}
