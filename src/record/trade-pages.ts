import type { CcxtTrade } from '../ccxt/ccxt-objects.ts'
import { tradeTimeMs } from '../ccxt/trade-time.ts'
import { sequenceOf, type ExchangeRule } from './exchange-rule.ts'
import type { PageRange } from './page-range.ts'
import type { TradeExchange } from './trade-exchange.ts'

/** A market of an exchange, as its history is asked for. */
export interface TradeHistory {
  readonly exchange: TradeExchange
  readonly symbol: string
  readonly rule: ExchangeRule
}

/** An answer and the place it was asked from: an id, ns or ms as text. */
export interface TradePage {
  readonly from: string
  readonly trades: readonly CcxtTrade[]
}

type PageArguments = readonly [since: number | undefined, params: Readonly<Record<string, unknown>>]

/** How an exchange is asked for its trades, page after page. */
interface PageWay {
  readonly first: (range: PageRange) => string
  readonly ask: (from: string, range: PageRange, rule: ExchangeRule) => PageArguments
  /** Where the page after this one begins; undefined: there is none. */
  readonly next: (page: readonly CcxtTrade[], rule: ExchangeRule) => string | undefined
  readonly isPast: (page: readonly CcxtTrade[], range: PageRange, rule: ExchangeRule) => boolean
}

const byTime = {
  /** By time to some time after the range, as clocks go back. */
  isPast: (page: readonly CcxtTrade[], { toTime }: PageRange): boolean => newestMs(page) > toTime,
}

const ways: Readonly<Record<ExchangeRule['pages'], PageWay>> = {
  // Inclusive, and not beside a time. The first page after nothing is asked for by time.
  'from-id': {
    first: ({ fromId }) => (fromId === null ? '' : String(BigInt(fromId) + 1n)),
    ask: (fromId, { fromTime }) => (fromId === '' ? [fromTime, {}] : [undefined, { fromId }]),
    next: (page, rule) => placeAfter(highestOf(page, rule)),
    isPast: (page, range, rule) =>
      range.toId === null
        ? byTime.isPast(page, range)
        : (highestOf(page, rule) ?? -1n) >= BigInt(range.toId),
  },
  // Exclusive, and from the end of the range back.
  'before-id': {
    first: ({ toId }) => toId ?? '',
    ask: (after, _, { pageParams }) => [undefined, after === '' ? {} : { ...pageParams, after }],
    next: (page, rule) => lowestOf(page, rule)?.toString(),
    isPast: (page, { fromId, fromTime }, rule) =>
      fromId === null
        ? page.some((trade) => tradeTimeMs(trade)! < fromTime)
        : (lowestOf(page, rule) ?? 0n) <= BigInt(fromId),
  },
  // ccxt cuts `since` to whole seconds; what it is told beside it is handed on.
  'since-nanoseconds': {
    // From the millisecond before on: a trade more is recognised by its id, one less is lost.
    first: ({ fromTime }) => String(nanosecondsOf(Math.floor(fromTime) - 1)),
    ask: (since) => [undefined, { since }],
    next: (page) => toldNext(page) ?? String(nanosecondsOf(Math.floor(newestMs(page)) - 1)),
    ...byTime,
  },
  since: {
    first: ({ fromTime }) => String(Math.floor(fromTime)),
    ask: (since) => [Number(since), {}],
    next: (page) => String(Math.floor(newestMs(page))),
    ...byTime,
  },
  newest: { first: () => '', ask: () => [undefined, {}], next: () => undefined, ...byTime },
}

/**
 * The pages of trades of a range, in the order of the exchange, until one is empty, goes on where it
 * began or leaves the range. Trades may come twice, and from outside the range.
 */
export async function* tradePages(
  history: TradeHistory,
  range: PageRange,
): AsyncGenerator<TradePage, void, undefined> {
  const way = ways[history.rule.pages]
  let from: string | undefined = way.first(range)
  while (from !== undefined) {
    const page = await tradePage(history, range, from)
    if (page.trades.length === 0) return
    yield page
    if (way.isPast(page.trades, range, history.rule)) return
    const next = way.next(page.trades, history.rule)
    // A short page is no end; one that leads to itself is.
    from = next === from ? undefined : next
  }
}

/** One page from a place on. */
export async function tradePage(
  { exchange, symbol, rule }: TradeHistory,
  range: PageRange,
  from: string,
): Promise<TradePage> {
  const [since, params] = ways[rule.pages].ask(from, range, rule)
  return { from, trades: await exchange.fetchTrades(symbol, since, rule.pageTrades, params) }
}

export const microsecondNs = 1_000n

function nanosecondsOf(ms: number): bigint {
  return BigInt(Math.floor(ms * 1000)) * microsecondNs
}

/** The largest place in the market's count; undefined where nothing counts. */
export function highestOf(page: readonly CcxtTrade[], rule: ExchangeRule): bigint | undefined {
  return placesOf(page, rule).at(-1)
}

function lowestOf(page: readonly CcxtTrade[], rule: ExchangeRule): bigint | undefined {
  return placesOf(page, rule).at(0)
}

function placesOf(page: readonly CcxtTrade[], rule: ExchangeRule): bigint[] {
  const places = page.flatMap((trade) => sequenceOf(rule, trade) ?? [])
  return places.sort((a, b) => (a < b ? -1 : 1))
}

function newestMs(page: readonly CcxtTrade[]): number {
  return page.reduce((newest, trade) => Math.max(newest, tradeTimeMs(trade)!), -Infinity)
}

function placeAfter(place: bigint | undefined): string | undefined {
  return place === undefined ? undefined : String(place + 1n)
}

/** Kraken says at the end of a page where the next one begins; ccxt keeps it with the last trade. */
function toldNext(page: readonly CcxtTrade[]): string | undefined {
  for (const { info } of page) {
    const told: unknown = Array.isArray(info) ? info[7] : undefined
    if (typeof told === 'string' || typeof told === 'number') return String(told)
  }
  return undefined
}
