import type { CcxtTrade } from '../ccxt/ccxt-objects.ts'
import { tradeTimeMs } from '../ccxt/trade-time.ts'
import { sequenceOf, type ExchangeRule } from './exchange-rule.ts'
import type { TradeExchange } from './trade-exchange.ts'

/** The trades before and after a hole, as far as they are known. */
export interface PageRange {
  readonly fromId: string | null
  readonly fromTime: number
  readonly toId: string | null
  readonly toTime: number
}

/** From the beginning of the first of several ranges to the end of the last. */
export function rangeOfAll(ranges: readonly PageRange[]): PageRange {
  return {
    fromId: endId(ranges, 'fromId'),
    fromTime: Math.min(...ranges.map(({ fromTime }) => fromTime)),
    toId: endId(ranges, 'toId'),
    toTime: Math.max(...ranges.map(({ toTime }) => toTime)),
  }
}

/** The first `fromId`, the last `toId`; null where not each of several is a number. */
function endId(ranges: readonly PageRange[], name: 'fromId' | 'toId'): string | null {
  const ids = ranges.map((range) => range[name])
  if (ids.length === 1) return ids[0] ?? null
  const numbers = ids.flatMap((id) => (id !== null && /^\d+$/.test(id) ? [BigInt(id)] : []))
  if (numbers.length < ids.length) return null
  const inOrder = numbers.sort((a, b) => (a < b ? -1 : 1))
  return String(inOrder.at(name === 'fromId' ? 0 : -1))
}

/** What has to be said to get one page, and where the next one begins. */
type PageCall = (range: PageRange, last: CcxtTrade | undefined) => PageArguments | undefined
type PageArguments = readonly [since: number | undefined, params: Readonly<Record<string, unknown>>]

const millisecondNs = 1_000_000n

/** How exchanges are asked for the trades from a place on, the oldest first. */
const calls: Readonly<Record<ExchangeRule['pages'], PageCall>> = {
  // Inclusive, and not beside a time. The first page after nothing is asked for by time.
  'from-id': ({ fromId, fromTime }, last) => {
    const id = last?.id ?? fromId
    return id === null ? [fromTime, {}] : [undefined, { fromId: String(BigInt(id) + 1n) }]
  },
  // ccxt cuts `since` to whole seconds; what it is told beside it is handed on.
  'since-nanoseconds': ({ fromTime }, last) => [undefined, { since: nanoseconds(last, fromTime) }],
  since: ({ fromTime }, last) => [
    Math.floor(last === undefined ? fromTime : tradeTimeMs(last)!),
    {},
  ],
  newest: (_, last) => (last === undefined ? [undefined, {}] : undefined),
}

/**
 * The pages of trades from a place on, the oldest first, until an answer brings nothing new or one
 * reaches the range's end. Trades may come twice, and from before the range.
 */
export async function* tradePages(
  exchange: TradeExchange,
  symbol: string,
  rule: ExchangeRule,
  range: PageRange,
): AsyncGenerator<readonly CcxtTrade[]> {
  let last: CcxtTrade | undefined
  for (;;) {
    const call = calls[rule.pages](range, last)
    if (call === undefined) return
    const [since, params] = call
    const page = await exchange.fetchTrades(symbol, since, rule.pageTrades, params)
    const newest = newestOf(page, rule)
    if (newest === undefined) return
    yield page
    if (reaches(range, newest, rule)) return
    // A short page is no end; one that ends where the last one did is.
    if (last !== undefined && newest.id === last.id) return
    last = newest
  }
}

/** Clocks of exchanges go back at times; where there is a count it decides. */
function newestOf(page: readonly CcxtTrade[], rule: ExchangeRule): CcxtTrade | undefined {
  return page.reduce<CcxtTrade | undefined>((newest, trade) => {
    if (newest === undefined) return trade
    const [a, b] = [sequenceOf(rule, newest), sequenceOf(rule, trade)]
    if (a !== undefined && b !== undefined) return b > a ? trade : newest
    return tradeTimeMs(trade)! >= tradeTimeMs(newest)! ? trade : newest
  }, undefined)
}

/** By ids to the trade after the hole; by time to some time after it, as clocks go back. */
function reaches({ toId, toTime }: PageRange, trade: CcxtTrade, rule: ExchangeRule): boolean {
  if (rule.pages !== 'from-id' || toId === null) return tradeTimeMs(trade)! > toTime
  const place = sequenceOf(rule, trade)
  return place !== undefined && place >= BigInt(toId)
}

/** Kraken says at the end of a page where the next one begins; ccxt keeps it with the newest trade. */
function nanoseconds(last: CcxtTrade | undefined, fromTime: number): string {
  const told: unknown = Array.isArray(last?.info) ? last.info[7] : undefined
  if (typeof told === 'string' || typeof told === 'number') return String(told)
  const ms = last === undefined ? fromTime : tradeTimeMs(last)!
  // From the millisecond before on: a trade more is recognised by its id, one less is lost.
  return String((BigInt(Math.floor(ms)) - 1n) * millisecondNs)
}
