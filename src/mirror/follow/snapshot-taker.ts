import { PairduckError, shown } from '../../errors.ts'
import type { AccountSnapshot, AccountSource } from '../model/account-source.ts'
import { asObject, failureOf, listFrom } from '../model/checked-source.ts'
import type { MirrorClock } from '../model/clock.ts'
import type { OrderInput } from '../model/order.ts'
import { isUnixMs, unixMsForm } from '../model/time.ts'
import { LateCalls } from './late-calls.ts'
import type { Answer, CallSource } from './late-calls.ts'
import { dayMs } from './run-options.ts'

/** What is fetched again of the time before the last fetch: exchanges list trades late. */
const overlapMs = 600_000

export interface SnapshotTakerOptions {
  readonly source: AccountSource
  /** From when on lists are fetched first; undefined: a day back, or from `completeToMs` on. */
  readonly sinceMs: number | undefined
  readonly completeToMs: number | undefined
  readonly clock: MirrorClock
  readonly call: CallSource
  /** Told of what can't be had. */
  readonly report: (error: unknown) => void
  readonly wantedTickers: (snapshot: AccountSnapshot) => readonly string[]
}

type Listed = { readonly timestamp?: number | null | undefined }
type ListName = 'fetchFills' | 'fetchTransfers' | 'fetchClosedOrders'

/**
 * Takes snapshots of an account. Lists of what has happened (fills, transfers, closed orders) are
 * fetched from the last moment on up to which they were had whole, by the exchange's own time: a
 * machine's clock that goes before it would leave out what happens meanwhile.
 */
export class SnapshotTaker {
  readonly #options: SnapshotTakerOptions
  readonly #calls: LateCalls
  /** Members that the exchange can't answer whole. */
  readonly #incomplete = new Map<keyof AccountSource, { readonly isUnsupported: boolean }>()
  #sinceMs: number | undefined
  #isTimeTold = false
  #lacks = false

  constructor(options: SnapshotTakerOptions) {
    this.#options = options
    this.#calls = new LateCalls(options.call, options.clock)
    this.#sinceMs = options.sinceMs
  }

  /** Whether the last snapshot was taken without balances or open orders, which could not be fetched. */
  get lacksState(): boolean {
    return this.#lacks
  }

  /** What can't be had in time is left out, and told. */
  async take(): Promise<AccountSnapshot> {
    const { source, wantedTickers, clock } = this.#options
    const [nowMs, openOrders] = await Promise.all([this.#exchangeTime(), this.#openOrders()])
    const sinceMs = this.#since(nowMs)
    const lists = new FetchedLists(clock.now() + dayMs)
    // Not all at once with the rest: an order that closes meanwhile is in the later list.
    const [balances, fills, transfers, closedOrders] = await Promise.all([
      this.#balances(),
      this.#list('fetchFills', source.fetchFills?.bind(source, sinceMs), lists),
      this.#list('fetchTransfers', source.fetchTransfers?.bind(source, sinceMs), lists),
      this.#list('fetchClosedOrders', source.fetchClosedOrders?.bind(source, sinceMs), lists),
    ])
    const completeToMs = lists.completeTo(nowMs)
    const listed = { openOrders, fills, transfers, closedOrders, completeToMs }
    this.#lacks = balances === undefined || openOrders === null
    const snapshot = { ...listed, ...(balances !== undefined && { balances }) }
    return { ...snapshot, tickers: await this.#tickers(wantedTickers(snapshot)) }
  }

  /** The snapshot is mirrored: the next one begins where it ended. */
  written({ completeToMs }: AccountSnapshot): void {
    if (completeToMs !== undefined)
      this.#sinceMs = Math.max(this.#sinceMs ?? 0, completeToMs - overlapMs)
  }

  #since(exchangeMs: number | undefined): number {
    const { completeToMs = Infinity, clock, sinceMs } = this.#options
    const dayAgoMs = Math.max(0, (exchangeMs ?? clock.now()) - dayMs)
    this.#sinceMs ??= Math.max(0, Math.min(dayAgoMs, completeToMs - overlapMs))
    // The exchange's time was ahead and has been set back: what it ended at has not come yet.
    if (exchangeMs !== undefined && this.#sinceMs !== sinceMs && this.#sinceMs > exchangeMs)
      this.#sinceMs = dayAgoMs
    return this.#sinceMs
  }

  async #exchangeTime(): Promise<number | undefined> {
    const { source, report } = this.#options
    if (source.fetchTime === undefined) return undefined
    try {
      const answer = await this.#calls.ask('fetchTime', async () => source.fetchTime?.())
      const told: unknown = answer?.given
      if (told === undefined || isUnixMs(told)) return told
      if (this.#isTimeTold) return undefined
      this.#isTimeTold = true
      const message = `${source.name}: fetchTime gave ${shown(told)} instead of ${unixMsForm}`
      throw new PairduckError('EXCHANGE_FAILED', message, { source: source.name })
    } catch (error) {
      report(failureOf(source, 'fetchTime', error))
      return undefined
    }
  }

  /** What can't be had keeps the rest from nothing. */
  async #list<Item extends Listed>(
    member: ListName,
    fetch: (() => Promise<readonly Item[]>) | undefined,
    lists: FetchedLists,
  ): Promise<readonly Item[]> {
    if (fetch === undefined) return []
    const keepMs = overlapMs
    const had = this.#incomplete.has(member)
      ? undefined
      : await this.#had(member, fetch, { keepMs })
    if (had === undefined && !this.#isWholeWithout(member)) lists.isWhole = false
    return lists.add(had ?? { given: [], agoMs: 0 })
  }

  /**
   * Orders that are had in no list are asked for by the ids that their trades tell; transfers that
   * an exchange never lists keep the rest from nothing.
   */
  #isWholeWithout(member: ListName): boolean {
    const isMissing = this.#incomplete.get(member)
    if (isMissing === undefined) return false
    return (
      member === 'fetchClosedOrders' || (member === 'fetchTransfers' && isMissing.isUnsupported)
    )
  }

  /**
   * Where an exchange lists no more than a part, that part: what it lacks is asked for by id. Null
   * without an answer: no order is taken for gone then.
   */
  async #openOrders(): Promise<readonly OrderInput[] | null> {
    const { source } = this.#options
    try {
      return (await this.#asked('fetchOpenOrders', () => source.fetchOpenOrders()))?.given ?? null
    } catch (error) {
      const part = PairduckError.is(error, 'EXCHANGE_INCOMPLETE') && error.details['openOrders']
      this.#tell('fetchOpenOrders', error)
      return Array.isArray(part) ? (part as OrderInput[]) : null
    }
  }

  async #balances(): Promise<AccountSnapshot['balances']> {
    const { source } = this.#options
    const balances = await this.#had('fetchBalances', () => source.fetchBalances())
    return balances?.given
  }

  async #tickers(symbols: readonly string[]): Promise<NonNullable<AccountSnapshot['tickers']>> {
    const { source } = this.#options
    const tickers = await this.#had('fetchTickers', source.fetchTickers?.bind(source, symbols))
    return tickers?.given ?? []
  }

  /** The list; undefined, and told, when it can't be had. */
  async #had<Item>(
    member: keyof AccountSource,
    fetch: (() => Promise<readonly Item[]>) | undefined,
    keeping?: { keepMs: number },
  ): Promise<Answer<readonly Item[]> | undefined> {
    if (fetch === undefined) return undefined
    try {
      return await this.#asked(member, fetch, keeping)
    } catch (error) {
      this.#tell(member, error)
      return undefined
    }
  }

  async #asked<Item>(
    member: keyof AccountSource,
    fetch: () => Promise<readonly Item[]>,
    keeping?: { keepMs: number },
  ): Promise<Answer<readonly Item[]> | undefined> {
    const { source } = this.#options
    const asking = async (): Promise<readonly Item[]> => listFrom(source, member, await fetch())
    return await this.#calls.ask(member, asking, keeping)
  }

  /** A list that is incomplete stays so however often it is asked for: that is told once. */
  #tell(member: keyof AccountSource, error: unknown): void {
    if (this.#incomplete.has(member)) return
    if (PairduckError.is(error, 'EXCHANGE_INCOMPLETE'))
      this.#incomplete.set(member, { isUnsupported: error.details['isUnsupported'] === true })
    const { source, report } = this.#options
    report(failureOf(source, member, error))
  }
}

/** How far lists reach that were fetched together. */
class FetchedLists {
  isWhole = true
  #newestMs: number | undefined
  /** How long ago the call of one of them began. */
  #agoMs = 0
  readonly #latestMs: number

  constructor(latestMs: number) {
    this.#latestMs = latestMs
  }

  /** What is refused for its time, or is from days to come, says nothing of how far a list reaches. */
  add<Item extends Listed>({ given, agoMs }: Answer<readonly Item[]>): readonly Item[] {
    this.#agoMs = Math.max(this.#agoMs, agoMs)
    for (const { timestamp } of given.map(asObject))
      if (isUnixMs(timestamp) && timestamp <= this.#latestMs)
        this.#newestMs = Math.max(this.#newestMs ?? 0, timestamp)
    return given
  }

  /** The moment up to which all of them are whole; a late list lacks what came while it was made. */
  completeTo(nowMs: number | undefined): number | undefined {
    if (!this.isWhole) return undefined
    return nowMs === undefined ? this.#newestMs : nowMs - this.#agoMs
  }
}
