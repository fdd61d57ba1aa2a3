import { PairduckError } from '../errors.ts'
import type { PairLike } from '../pair.ts'
import type { MarketStore } from '../storage/market-store.ts'
import { connect } from './connect.ts'
import type { RemoteStore } from './remote-store.ts'

/** Calls that the process which holds a pair answers as well as we would. */
const shared = [
  'query',
  'queryColumns',
  'streamColumns',
  'queryPairs',
  'recentTicks',
  'lastCandles',
  'gaps',
  'verify',
  'snapshot',
  'export',
  'cleanupPair',
  'refreshAnalytics',
] as const satisfies readonly (keyof MarketStore)[]

/** The processes that own pairs of a data directory beside us, each called once it is needed. */
export class Owners {
  readonly #dataDir: string
  readonly #stores = new Map<number, Promise<RemoteStore>>()

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  /** The store of the process that an error names as the holder; else throws the error. */
  async holding(error: unknown): Promise<RemoteStore> {
    const pid = PairduckError.is(error, 'PAIR_LOCKED') ? error.details['pid'] : undefined
    if (typeof pid !== 'number') throw error
    let store = this.#stores.get(pid)
    if (store === undefined)
      this.#stores.set(
        pid,
        (store = connect({ dataDir: this.#dataDir, pid }, { reconnectMs: 1000 })),
      )
    return store.catch(() => {
      // It keeps no socket: what it holds is locked, and that is all there is to say.
      this.#stores.delete(pid)
      throw error
    })
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#stores.values()].map(async (store) => (await store).close()))
  }
}

/**
 * The store as it is, but pairs that another process holds are asked of that process: its answer
 * instead of `PAIR_LOCKED`.
 */
export function besideOwner<Store extends MarketStore>(store: Store, owners: Owners): Store {
  const asking = new Map<PropertyKey, unknown>(
    shared.map((name) => [
      name,
      async (pair: PairLike, ...rest: never[]): Promise<unknown> => {
        const call = (of: MarketStore): unknown =>
          Reflect.apply(of[name] as (...args: unknown[]) => unknown, of, [pair, ...rest])
        try {
          return await call(store)
        } catch (error) {
          return call(await owners.holding(error))
        }
      },
    ]),
  )
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = asking.get(name) ?? Reflect.get(target, name, target)
      return typeof member === 'function' && !asking.has(name)
        ? (...args: unknown[]): unknown => Reflect.apply(member, target, args)
        : member
    },
  })
}
