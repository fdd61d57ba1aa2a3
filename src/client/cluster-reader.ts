import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterOptions } from '../cluster/cluster-options.ts'
import { ownerAddress } from '../cluster/cluster-state.ts'
import { PairduckError } from '../errors.ts'
import { formatPair, parsePair, type PairLike } from '../pair.ts'
import { query, type Query } from '../queries/query.ts'
import { resolveFollowOptions, untilEither, type FollowOptions } from '../storage/follow/follow.ts'
import { replay, type ReplayedBar, type ReplayOptions } from '../storage/follow/replay.ts'
import type { MarketStore } from '../storage/market-store.ts'

/** How long a follower may hear nothing of a pair that has moved. */
const movedAfterMs = 1_000

const nothing = query('nothing', 'SELECT 1 AS "one"')

/** What is read of a cluster; ticks are sent to it by a `Producer`. */
export type ReadCall =
  | 'query'
  | 'queryColumns'
  | 'streamColumns'
  | 'follow'
  | 'replay'
  | 'gaps'
  | 'verify'

/** What a reader needs to know beside the cluster. */
export interface ClusterReaderOptions {
  readonly cluster: ClusterOptions
  /** Connects to the address that a worker told. */
  readonly connect: (address: string) => Promise<MarketStore>
  /** How long an owner is looked for while a pair moves. */
  readonly reconnectMs: number
}

/**
 * The pairs of a cluster, each read from the worker that holds it now. While a pair moves a call
 * waits for the next owner, at most `reconnectMs`, then `CONNECTION_LOST`.
 */
export class ClusterReader implements Pick<MarketStore, ReadCall> {
  readonly #options: ClusterReaderOptions
  readonly #stores = new Map<string, Promise<MarketStore>>()
  #closed = false

  constructor(options: ClusterReaderOptions) {
    this.#options = options
  }

  /** Runs a query on one pair; rows as objects. */
  readonly query: MarketStore['query'] = (pair, ...rest) =>
    this.#ask(pair, (store) => store.query(pair, ...rest))

  /** Runs a query on one pair; each column as an array. */
  readonly queryColumns: MarketStore['queryColumns'] = (pair, ...rest) =>
    this.#ask(pair, (store) => store.queryColumns(pair, ...rest))

  /** Runs a query on one pair; batches of columns. A stream that its worker breaks off is not begun again. */
  readonly streamColumns: MarketStore['streamColumns'] = (pair, ...rest) =>
    this.#ask(pair, (store) => store.streamColumns(pair, ...rest))

  /** The newest ticks, newest first. */
  readonly recentTicks: MarketStore['recentTicks'] = (pair, ...rest) =>
    this.#ask(pair, (store) => store.recentTicks(pair, ...rest))

  /** The newest bars of a timeframe, the oldest of them first. */
  readonly lastCandles: MarketStore['lastCandles'] = (pair, ...rest) =>
    this.#ask(pair, (store) => store.lastCandles(pair, ...rest))

  /** The holes in the pair's recorded trades, filled ones too, the oldest first. */
  readonly gaps: MarketStore['gaps'] = (pair, ...rest) =>
    this.#ask(pair, (store) => store.gaps(pair, ...rest))

  /**
   * The rows of a query now and again after each commit, from worker to worker: where a pair moves,
   * the rows of its next owner come first.
   */
  follow<Row>(
    pair: PairLike,
    query: Query<Row>,
    options?: FollowOptions,
  ): AsyncGenerator<Row[], void, undefined> {
    return this.#follow(pair, query, resolveFollowOptions(options))
  }

  async *#follow<Row>(
    pair: PairLike,
    query: Query<Row>,
    { signal }: FollowOptions,
  ): AsyncGenerator<Row[], void, undefined> {
    const name = formatPair(parsePair(pair))
    for (;;) {
      if (signal?.aborted === true) return
      const { store, address } = await this.#ask(name, async (store, address) => {
        await store.query(name, nothing)
        return { store, address }
      })
      const moved = new AbortController()
      const watch = setInterval(() => {
        ownerAddress(this.#options.cluster, name)
          .then((now) => now !== address && moved.abort())
          .catch(() => undefined)
      }, movedAfterMs)
      try {
        yield* store.follow(name, query, { signal: untilEither(moved.signal, signal) })
      } catch (error) {
        if (!isMoving(error) || this.#closed) throw error
      } finally {
        clearInterval(watch)
      }
      if (this.#closed) return
    }
  }

  /** The stored bars of a span of time, in order, each page from the worker that holds the pair then. */
  replay(pair: PairLike, options: ReplayOptions): AsyncGenerator<ReplayedBar, void, undefined> {
    return replay(this, pair, options)
  }

  /** Reads every column of every table of a pair. */
  readonly verify: MarketStore['verify'] = (pair, ...rest) =>
    this.#ask(pair, (store) => store.verify(pair, ...rest))

  /** Ends the connections to the workers; the one to Valkey stays the caller's. */
  async close(): Promise<void> {
    this.#closed = true
    const stores = [...this.#stores.values()]
    this.#stores.clear()
    await Promise.allSettled(stores.map(async (store) => (await store).close()))
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #ask<T>(
    pair: PairLike,
    call: (store: MarketStore, address: string | null) => Promise<T>,
  ): Promise<T> {
    const name = formatPair(parsePair(pair))
    const until = performance.now() + this.#options.reconnectMs
    for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 500)) {
      if (this.#closed) throw new PairduckError('CLOSED', 'this client is closed')
      // Asked anew each time: who held the pair a moment ago may open its file behind the next owner.
      const address = await ownerAddress(this.#options.cluster, name)
      try {
        return await call(await this.#storeAt(name, address), address)
      } catch (error) {
        if (!isMoving(error) || performance.now() + pauseMs > until) throw error
        if (address !== null) await this.#forget(address)
      }
      await delay(pauseMs)
    }
  }

  #storeAt(pair: string, address: string | null): Promise<MarketStore> {
    if (address === null)
      throw new PairduckError(
        'CONNECTION_LOST',
        `no worker that can be asked holds ${pair}: start one with \`pairduck worker --port\``,
        { pair },
      )
    let store = this.#stores.get(address)
    if (store === undefined) this.#stores.set(address, (store = this.#options.connect(address)))
    return store
  }

  async #forget(address: string): Promise<void> {
    const store = this.#stores.get(address)
    this.#stores.delete(address)
    await store?.then((known) => known.close()).catch(() => undefined)
  }
}

/** Its owner is gone, or about to give it to another one. */
function isMoving(error: unknown): boolean {
  return (
    PairduckError.is(error, 'CONNECTION_LOST') ||
    PairduckError.is(error, 'PAIR_LOCKED') ||
    PairduckError.is(error, 'CLOSED')
  )
}
