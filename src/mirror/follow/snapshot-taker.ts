import { PairduckError } from '../../errors.ts'
import type { AccountSnapshot, AccountSource } from '../model/account-source.ts'
import { asObject, listFrom } from '../model/checked-source.ts'
import type { OrderInput } from '../model/order.ts'
import { isUnixMs } from '../model/time.ts'
import { dayMs } from './run-options.ts'

/** What is fetched again of the time before the last fetch: exchanges list trades late. */
const overlapMs = 600_000

export interface SnapshotTakerOptions {
  readonly source: AccountSource
  /** From when on lists are fetched first; undefined: a day back, or from `completeToMs` on. */
  readonly sinceMs: number | undefined
  readonly completeToMs: number | undefined
  readonly now: () => number
  /** Told of a list that can't be had. */
  readonly report: (error: unknown) => void
  readonly wantedTickers: (snapshot: AccountSnapshot) => readonly string[]
}

type Listed = { readonly timestamp?: number | null | undefined }

/**
 * Takes snapshots of an account. Lists of what has happened (fills, transfers, closed orders) are
 * fetched from the last moment on up to which they were had whole, by the exchange's own time: a
 * machine's clock that goes before it would leave out what happens meanwhile.
 */
export class SnapshotTaker {
  readonly #options: SnapshotTakerOptions
  /** Lists that the exchange can't give whole. */
  readonly #incomplete = new Map<string, { readonly isUnsupported: boolean }>()
  #sinceMs: number | undefined

  constructor(options: SnapshotTakerOptions) {
    this.#options = options
    this.#sinceMs = options.sinceMs
  }

  async take(): Promise<AccountSnapshot> {
    const { source, wantedTickers } = this.#options
    const toldMs = await source.fetchTime?.().catch(() => undefined)
    const nowMs = isUnixMs(toldMs) ? toldMs : undefined
    const sinceMs = (this.#sinceMs ??= this.#firstSince(nowMs))
    const lists = new FetchedLists()
    const listed = async <Item extends Listed>(
      name: string,
      fetch: ((sinceMs: number) => Promise<readonly Item[]>) | undefined,
    ): Promise<readonly Item[]> => lists.add(await this.#list(name, sinceMs, fetch, lists))
    // Not all at once with the rest: an order that closes meanwhile is in the later list.
    const openOrders = await this.#openOrders()
    const [balances, fills, transfers, closedOrders] = await Promise.all([
      source.fetchBalances().then((given) => listFrom(source, 'fetchBalances', given)),
      listed('fills', source.fetchFills?.bind(source)),
      listed('transfers', source.fetchTransfers?.bind(source)),
      listed('closed orders', source.fetchClosedOrders?.bind(source)),
    ])
    const completeToMs = lists.isWhole ? (nowMs ?? lists.newestMs) : undefined
    const snapshot = { openOrders, balances, fills, transfers, closedOrders, completeToMs }
    const tickers = await this.#tickers(wantedTickers(snapshot))
    return { ...snapshot, tickers }
  }

  /** The snapshot is mirrored: the next one begins where it ended. */
  written({ completeToMs }: AccountSnapshot): void {
    if (completeToMs !== undefined)
      this.#sinceMs = Math.max(this.#sinceMs ?? 0, completeToMs - overlapMs)
  }

  #firstSince(exchangeMs: number | undefined): number {
    const { completeToMs = Infinity, now } = this.#options
    return Math.max(0, Math.min((exchangeMs ?? now()) - dayMs, completeToMs - overlapMs))
  }

  /** What can't be had keeps the rest from nothing. */
  async #list<Item>(
    name: string,
    sinceMs: number,
    fetch: ((sinceMs: number) => Promise<readonly Item[]>) | undefined,
    lists: FetchedLists,
  ): Promise<readonly Item[]> {
    if (fetch === undefined) return []
    try {
      if (!this.#incomplete.has(name))
        return listFrom(this.#options.source, `the list of ${name}`, await fetch(sinceMs))
    } catch (error) {
      this.#tell(name, error)
    }
    if (!this.#isWholeWithout(name)) lists.isWhole = false
    return []
  }

  /**
   * Orders that are had in no list are asked for by the ids that their trades tell; transfers that
   * an exchange never lists keep the rest from nothing.
   */
  #isWholeWithout(name: string): boolean {
    const isMissing = this.#incomplete.get(name)
    if (isMissing === undefined) return false
    return name === 'closed orders' || (name === 'transfers' && isMissing.isUnsupported)
  }

  /** Where an exchange lists no more than a part, that part: what it lacks is asked for by id. */
  async #openOrders(): Promise<readonly OrderInput[]> {
    const { source } = this.#options
    try {
      return listFrom(source, 'fetchOpenOrders', await source.fetchOpenOrders())
    } catch (error) {
      const part = PairduckError.is(error, 'EXCHANGE_INCOMPLETE') && error.details['openOrders']
      if (!Array.isArray(part)) throw error
      this.#tell('open orders', error)
      return part as OrderInput[]
    }
  }

  async #tickers(symbols: readonly string[]): Promise<NonNullable<AccountSnapshot['tickers']>> {
    const { source } = this.#options
    if (source.fetchTickers === undefined) return []
    try {
      return listFrom(source, 'fetchTickers', await source.fetchTickers(symbols))
    } catch (error) {
      this.#tell('tickers', error)
      return []
    }
  }

  /** A list that is incomplete stays so however often it is asked for: that is told once. */
  #tell(list: string, error: unknown): void {
    if (this.#incomplete.has(list)) return
    if (PairduckError.is(error, 'EXCHANGE_INCOMPLETE'))
      this.#incomplete.set(list, { isUnsupported: error.details['isUnsupported'] === true })
    this.#options.report(error)
  }
}

/** How far lists reach that were fetched together. */
class FetchedLists {
  isWhole = true
  newestMs: number | undefined

  /** What is refused for its time says nothing of how far a list reaches. */
  add<Item extends Listed>(items: readonly Item[]): readonly Item[] {
    for (const { timestamp } of items.map(asObject))
      if (isUnixMs(timestamp)) this.newestMs = Math.max(this.newestMs ?? 0, timestamp)
    return items
  }
}
