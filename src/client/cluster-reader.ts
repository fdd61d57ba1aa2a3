import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterOptions } from '../cluster/cluster-options.ts'
import { ownerAddress } from '../cluster/cluster-state.ts'
import { PairduckError } from '../errors.ts'
import { formatPair, parsePair, type PairLike } from '../pair.ts'
import type { MarketStore } from '../storage/market-store.ts'

/** What is read of a cluster; ticks are sent to it by a `Producer`. */
export type ReadCall = 'query' | 'queryColumns' | 'streamColumns' | 'gaps' | 'verify'

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

  /** Reads every column of every table of a pair. */
  readonly verify: MarketStore['verify'] = (pair) => this.#ask(pair, (store) => store.verify(pair))

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

  async #ask<T>(pair: PairLike, call: (store: MarketStore) => Promise<T>): Promise<T> {
    const name = formatPair(parsePair(pair))
    const until = performance.now() + this.#options.reconnectMs
    for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 500)) {
      if (this.#closed) throw new PairduckError('CLOSED', 'this client is closed')
      // Asked anew each time: who held the pair a moment ago may open its file behind the next owner.
      const address = await ownerAddress(this.#options.cluster, name)
      try {
        return await call(await this.#storeAt(name, address))
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
