import { resolveOptions, rule } from '../../options.ts'
import type { AccountSource } from '../account-source.ts'
import type { FillInput } from '../fill.ts'
import type { OrderInput } from '../order.ts'
import type { TickerInput } from '../ticker.ts'
import type { TransferInput } from '../transfer.ts'
import { balancesFromCcxt } from './ccxt-balances.ts'
import { ccxtStream } from './ccxt-stream.ts'
import type { CcxtExchange } from './ccxt-exchange.ts'

export interface CcxtSourceOptions {
  /**
   * The symbols to mirror. Some exchanges (Binance) list own trades only by symbol: without this
   * option their trades come from the live stream alone. Default: all.
   */
  readonly symbols?: readonly string[]
  /** Symbols whose tickers are mirrored too, where the exchange can stream them. */
  readonly tickers?: readonly string[]
}

type Page<Item> = (since: number | undefined) => Promise<readonly Item[]>

/** The most pages that one fetch goes through; an exchange's page holds 50 to 1,000 items. */
const maxPages = 100

const symbolList = rule<readonly string[] | undefined>(
  'a list of symbols',
  (value) => Array.isArray(value) && value.every((symbol) => typeof symbol === 'string'),
  undefined,
)

/**
 * The account behind a ccxt or ccxt.pro exchange object, as a source for a mirror's `run`. The
 * exchange is used as it is: set its keys, `number = String` (for all digits) and rate limit
 * before. Without ccxt.pro's streams the periodic snapshots alone keep the mirror up.
 */
export function ccxtSource(exchange: CcxtExchange, options?: CcxtSourceOptions): AccountSource {
  const rules = { symbols: symbolList, tickers: symbolList }
  const { symbols, tickers } = resolveOptions('ccxtSource', options, rules)
  const each = symbols ?? [undefined]
  const isWanted = ({ symbol }: { readonly symbol?: string | null | undefined }): boolean =>
    symbols === undefined || symbols.includes(symbol ?? '')
  const has = (method: string): boolean => exchange.has[method] === true
  const withRate = (orders: readonly OrderInput[]): OrderInput[] =>
    orders.map((order) => ({ ...order, feeRate: marketRate(exchange, order) }))
  return {
    name: exchange.id,
    fetchOpenOrders: async () =>
      withRate(await inTurn(each, (symbol) => exchange.fetchOpenOrders(symbol))),
    fetchOrder: async (id, symbol) => {
      const order = await found(exchange.fetchOrder(id, symbol))
      return order && withRate([order])[0]
    },
    fetchBalances: async () => balancesFromCcxt(await exchange.fetchBalance()),
    ...(has('fetchMyTrades') && {
      fetchFills: (sinceMs: number) =>
        inTurn(each, (symbol) =>
          allPages((since) => listed(exchange.fetchMyTrades(symbol, since)), sinceMs),
        ),
    }),
    ...((has('fetchDeposits') || has('fetchWithdrawals')) && {
      fetchTransfers: (sinceMs: number) => fetchTransfers(exchange, sinceMs),
    }),
    ...(has('watchOrders') && {
      watchOrders: (signal: AbortSignal) =>
        ccxtStream(signal, async () => withRate(await exchange.watchOrders()), isWanted),
    }),
    ...(has('watchMyTrades') && {
      watchFills: (signal: AbortSignal) =>
        ccxtStream(signal, () => exchange.watchMyTrades(), isWanted),
    }),
    ...(has('watchBalance') && {
      watchBalances: (signal: AbortSignal) =>
        ccxtStream(signal, async () => balancesFromCcxt(await exchange.watchBalance())),
    }),
    ...(tickers !== undefined &&
      has('watchTickers') && {
        watchTickers: (signal: AbortSignal) => streamTickers(signal, exchange, tickers),
      }),
  }
}

async function fetchTransfers(exchange: CcxtExchange, sinceMs: number): Promise<TransferInput[]> {
  const lists: (readonly TransferInput[])[] = []
  if (exchange.has['fetchDeposits'] === true)
    lists.push(await allPages((since) => listed(exchange.fetchDeposits(undefined, since)), sinceMs))
  if (exchange.has['fetchWithdrawals'] === true)
    lists.push(
      await allPages((since) => listed(exchange.fetchWithdrawals(undefined, since)), sinceMs),
    )
  return lists.flat()
}

function streamTickers(
  signal: AbortSignal,
  exchange: CcxtExchange,
  symbols: readonly string[],
): AsyncGenerator<readonly TickerInput[]> {
  return ccxtStream(signal, async () => Object.values(await exchange.watchTickers([...symbols])))
}

/** What a market takes: of a market order the taker's rate, of a limit order the maker's. */
function marketRate(exchange: CcxtExchange, { symbol, type }: OrderInput): number | undefined {
  const market = exchange.markets?.[symbol ?? '']
  return type === 'market' ? market?.taker : market?.maker
}

async function inTurn<Key, Item>(
  keys: readonly Key[],
  fetch: (key: Key) => Promise<readonly Item[]>,
): Promise<Item[]> {
  const items: Item[] = []
  for (const key of keys) items.push(...(await fetch(key)))
  return items
}

/** Page after page, each beginning where the last one ended, until one brings nothing new. */
async function allPages<Item extends FillInput | TransferInput>(
  page: Page<Item>,
  sinceMs: number,
): Promise<Item[]> {
  const items = new Map<string, Item>()
  let since = sinceMs
  for (let count = 0; count < maxPages; count++) {
    const before = items.size
    const got = await page(since)
    for (const item of got) items.set(item.id ?? `${items.size}`, item)
    const last = Math.max(since, ...got.map(({ timestamp }) => timestamp ?? 0))
    if (items.size === before || last === since) break
    since = last
  }
  return [...items.values()]
}

/** An order that the exchange doesn't know any more is no failure. */
async function found<Item>(answer: Promise<Item>): Promise<Item | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isNamed(error, 'OrderNotFound')) return undefined
    throw error
  }
}

/** A list that the exchange gives only by symbol, or not at all, is empty. */
async function listed<Item>(answer: Promise<readonly Item[]>): Promise<readonly Item[]> {
  try {
    return await answer
  } catch (error) {
    if (isNamed(error, 'ArgumentsRequired') || isNamed(error, 'NotSupported')) return []
    throw error
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && (error.name === name || error.constructor.name === name)
}
