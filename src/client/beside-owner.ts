import { PairduckError } from '../errors.ts'
import type { PairLike } from '../pair.ts'
import { query } from '../queries/query.ts'
import type { MarketStore } from '../storage/market-store.ts'
import { connect } from './connect.ts'
import type { RemoteStore } from './remote/remote-store.ts'

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
  'repack',
  'refreshAnalytics',
] as const satisfies readonly (keyof MarketStore)[]

/** Iterations over a pair, which whoever holds it when they begin gives. */
const iterated = ['follow', 'replay'] as const satisfies readonly (keyof MarketStore)[]

const nothing = query('nothing', 'SELECT 1 AS "one"')

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

type AnyCall = (...args: unknown[]) => unknown

/**
 * The store as it is, but pairs that another process holds are asked of that process: its answer
 * instead of `PAIR_LOCKED`.
 */
export function besideOwner<Store extends MarketStore>(store: Store, owners: Owners): Store {
  const asked = async <T>(call: (of: MarketStore) => T): Promise<Awaited<T>> => {
    try {
      return await call(store)
    } catch (error) {
      return await call(await owners.holding(error))
    }
  }
  const asking = new Map<PropertyKey, unknown>()
  for (const name of shared)
    asking.set(name, (pair: PairLike, ...rest: never[]) =>
      asked((of) => Reflect.apply(of[name] as AnyCall, of, [pair, ...rest])),
    )
  for (const name of iterated)
    asking.set(name, async function* (pair: PairLike, ...rest: never[]) {
      const holder = await asked((of) => of.query(pair, nothing).then(() => of))
      yield* Reflect.apply(holder[name] as AnyCall, holder, [pair, ...rest]) as AsyncGenerator
    })
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = asking.get(name) ?? Reflect.get(target, name, target)
      return typeof member === 'function' && !asking.has(name)
        ? (...args: unknown[]): unknown => Reflect.apply(member, target, args)
        : member
    },
  })
}
