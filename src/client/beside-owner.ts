import { lstat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { PairduckError } from '../errors.ts'
import type { PairLike } from '../pair.ts'
import { query } from '../queries/query.ts'
import type { DatabaseManager } from '../storage/database-manager.ts'
import { ownerSocketOf } from '../storage/file/owner-socket-path.ts'
import type { MarketStore } from '../storage/market-store.ts'
import { connect } from './connect.ts'
import type { RemoteStore } from './remote/remote-store.ts'
import { hello } from './wire/hello.ts'
import { HttpCaller } from './wire/http-caller.ts'

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

/** Calls that need the pair itself: they wait for who is only passing. */
const own = ['importTicks', 'importCandles'] as const satisfies readonly (keyof DatabaseManager)[]

/** Iterations over a pair, which whoever holds it when they begin gives. */
const iterated = ['follow', 'replay'] as const satisfies readonly (keyof MarketStore)[]

const nothing = query('nothing', 'SELECT 1 AS "one"')

/**
 * For how long a process that keeps a socket may stand in the way: a command that begins, is at work or
 * ends answers by then, or has let go of the pair.
 */
const longPatienceMs = 15_000
/** For how long another may, or one that stays and cannot do for us what we want: it has the pair for good. */
const shortPatienceMs = 2_000
const pauseMs = 25
/** What is heard of a process that lets go of its pairs. */
const leaving = ['CONNECTION_LOST', 'CLOSED'] as const

/** The processes that own pairs of a data directory beside us, each called once it is needed. */
export class Owners {
  readonly #dataDir: string
  readonly #stores = new Map<number, Promise<RemoteStore>>()

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  /** The store of a process that holds a pair; throws `error` where it keeps no socket. */
  async holding(pid: number, error: unknown): Promise<RemoteStore> {
    let store = this.#stores.get(pid)
    if (store === undefined)
      this.#stores.set(
        pid,
        (store = connect({ dataDir: this.#dataDir, pid }, { reconnectMs: 1000 })),
      )
    return store.catch(() => {
      this.#stores.delete(pid)
      throw error
    })
  }

  /**
   * Whether a process that has not answered may still let go of the pair, or answer the next time.
   * `asks`: it can answer for the pair; else only one that is passing is waited for longer.
   */
  async mayYield(
    pid: number,
    failure: unknown,
    { standing, asks }: { standing: Standing; asks: boolean },
  ): Promise<boolean> {
    const now = performance.now()
    const isLeaving = leaving.some((code) => PairduckError.is(failure, code))
    if (!isLeaving && !PairduckError.is(failure, 'PAIR_LOCKED')) return false
    if (!isLeaving && !(await this.#keepsSocket(pid))) {
      // That it has the pair was heard before: it may have let go of it and of its socket since.
      standing.withoutSocketAt ??= now
      return now - standing.withoutSocketAt < shortPatienceMs
    }
    standing.withoutSocketAt = undefined
    const isBrief = isLeaving || asks || (await this.#isPassing(pid))
    return now - standing.metAt < (isBrief ? longPatienceMs : shortPatienceMs)
  }

  /** It does not answer any more. */
  async forget(pid: number): Promise<void> {
    const store = this.#stores.get(pid)
    this.#stores.delete(pid)
    await store?.then((each) => each.close()).catch(() => undefined)
  }

  /** A process that ends keeps it until it has let go of its pairs. */
  async #keepsSocket(pid: number): Promise<boolean> {
    const path = await ownerSocketOf(this.#dataDir, pid)
    return lstat(path).then(
      () => true,
      () => false,
    )
  }

  /** Another command, or a process that ends: it does not answer then. */
  async #isPassing(pid: number): Promise<boolean> {
    const caller = new HttpCaller({ findSocket: () => ownerSocketOf(this.#dataDir, pid) })
    return hello(caller)
      .then(
        ({ passing }) => passing,
        () => true,
      )
      .finally(() => caller.close())
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#stores.values()].map(async (store) => (await store).close()))
  }
}

/** Since when a process stands in the way of a call, and since when without a socket. */
interface Standing {
  readonly metAt: number
  withoutSocketAt?: number | undefined
}

type AnyCall = (...args: unknown[]) => unknown

/**
 * The store as it is, but pairs that another process holds are asked of that process: its answer
 * instead of `PAIR_LOCKED`. Where that process is only passing, another command for example, the pair
 * is tried again until it has it or another answers for it.
 */
export function besideOwner<Store extends MarketStore>(store: Store, owners: Owners): Store {
  const tried = async <T>(
    call: () => T | Promise<T>,
    /** What the process gives that an error names as the holder. */
    ofOwner?: (pid: number, error: unknown) => Promise<T>,
  ): Promise<T> => {
    const met = new Map<number, Standing>()
    for (;;) {
      let pid: number
      try {
        return await call()
      } catch (error) {
        pid = holderOf(error)
        const standing = met.get(pid) ?? { metAt: performance.now() }
        met.set(pid, standing)
        try {
          if (ofOwner === undefined) throw error
          return await ofOwner(pid, error)
        } catch (failure) {
          const asks = ofOwner !== undefined
          if (!(await owners.mayYield(pid, failure, { standing, asks }))) throw failure
        }
      }
      await owners.forget(pid)
      await delay(pauseMs)
    }
  }
  const asked = <T>(call: (of: MarketStore) => T | Promise<T>): Promise<T> =>
    tried(
      () => call(store),
      async (pid, error) => call(await owners.holding(pid, error)),
    )
  const asking = new Map<PropertyKey, unknown>()
  for (const name of shared)
    asking.set(name, (pair: PairLike, ...rest: never[]) =>
      asked((of) => Reflect.apply(of[name] as AnyCall, of, [pair, ...rest])),
    )
  for (const name of own)
    asking.set(name, (...args: unknown[]) => {
      const call = (): unknown => Reflect.apply(Reflect.get(store, name) as AnyCall, store, args)
      // What was read of standard input does not come again.
      return args.includes('-') ? call() : tried(call)
    })
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

/** The process that an error names as the holder of a pair; throws the error where there is none. */
function holderOf(error: unknown): number {
  const pid = PairduckError.is(error, 'PAIR_LOCKED') ? error.details['pid'] : undefined
  if (typeof pid !== 'number') throw error
  return pid
}
