import { resolveOptions, rule } from '../../options.ts'
import type { AccountSource } from '../model/account-source.ts'
import type { OrderInput } from '../model/order.ts'
import { balancesFromCcxt } from './ccxt-balances.ts'
import { quirksOf } from '../exchanges/exchange-quirks.ts'
import { openOrders, orderById } from './ccxt-orders.ts'
import {
  closedOrderMethods,
  fetchClosedOrders,
  fetchFills,
  fetchTransfers,
} from './ccxt-history.ts'
import { CcxtTickers } from './ccxt-tickers.ts'
import { ccxtStream } from './ccxt-stream.ts'
import type { CcxtExchange } from './ccxt-exchange.ts'

/** Options of `ccxtSource`. */
export interface CcxtSourceOptions {
  /**
   * The symbols to mirror. Some exchanges (Binance) list own trades and ended orders only by
   * symbol: without this option that is an `EXCHANGE_INCOMPLETE`, told once, and both come from the
   * live stream alone. Default: all.
   */
  readonly symbols?: readonly string[]
  /**
   * Symbols whose tickers are mirrored too; `false`: none. Default: those of all mirrored orders
   * and trades, and what each asset is worth in the mirror's `refCurrency`.
   */
  readonly tickers?: readonly string[] | false
}

const symbolList = rule<readonly string[] | undefined>(
  'a list of symbols',
  (value) => Array.isArray(value) && value.every((symbol) => typeof symbol === 'string'),
  undefined,
)

const tickerList = rule<readonly string[] | false | undefined>(
  'a list of symbols, or `false`',
  (value) => value === false || symbolList.accepts(value),
  undefined,
)

/**
 * The account behind a ccxt or ccxt.pro exchange object, as a source for a mirror's `run`. The
 * exchange is used as it is: make it with its keys, its rate limit and `number: String`, so that no
 * digit is lost. Without ccxt.pro's streams only the periodic snapshots keep the mirror up to date.
 */
export function ccxtSource(exchange: CcxtExchange, options?: CcxtSourceOptions): AccountSource {
  const rules = { symbols: symbolList, tickers: tickerList }
  const { symbols, tickers } = resolveOptions('ccxtSource', options, rules)
  const each = symbols ?? [undefined]
  const prices = tickers === false ? undefined : new CcxtTickers(exchange, tickers)
  const isWanted = ({ symbol }: { readonly symbol?: string | null | undefined }): boolean =>
    symbols === undefined || symbols.includes(symbol ?? '')
  const has = (method: string): boolean => exchange.has[method] === true
  const { statuses = {} } = quirksOf(exchange.id)
  const asOrders = (orders: readonly OrderInput[]): OrderInput[] =>
    orders.map((order) => ({
      ...order,
      status: statuses[order.status ?? ''] ?? order.status,
      feeRate: marketRate(exchange, order),
    }))
  return {
    name: exchange.id,
    fetchOpenOrders: () => openOrders(exchange, each, asOrders),
    fetchOrder: async (id, symbol) => {
      const order = await orderById(exchange, id, symbol)
      return order && asOrders([order])[0]
    },
    fetchBalances: async () => balancesFromCcxt(await exchange.fetchBalance()),
    ...(has('fetchMyTrades') && {
      fetchFills: (sinceMs: number) => fetchFills(exchange, each, sinceMs),
    }),
    ...(closedOrderMethods(exchange).length > 0 && {
      fetchClosedOrders: async (sinceMs: number) =>
        asOrders(await fetchClosedOrders(exchange, each, sinceMs)),
    }),
    ...(has('fetchTime') && { fetchTime: async () => Number(await exchange.fetchTime?.()) }),
    ...((has('fetchDeposits') || has('fetchWithdrawals')) && {
      fetchTransfers: (sinceMs: number) => fetchTransfers(exchange, sinceMs),
    }),
    ...(has('watchOrders') && {
      watchOrders: (signal: AbortSignal) =>
        ccxtStream(signal, async () => asOrders(await exchange.watchOrders()), isWanted),
    }),
    ...(has('watchMyTrades') && {
      watchFills: (signal: AbortSignal) =>
        ccxtStream(signal, () => exchange.watchMyTrades(), isWanted),
    }),
    ...(has('watchBalance') && {
      watchBalances: (signal: AbortSignal) =>
        ccxtStream(signal, async () => balancesFromCcxt(await exchange.watchBalance())),
    }),
    ...(prices !== undefined &&
      has('fetchTickers') && {
        fetchTickers: (wanted: readonly string[]) => prices.fetch(wanted),
      }),
    ...(prices !== undefined &&
      has('watchTickers') && {
        watchTickers: (signal: AbortSignal) => prices.watch(signal),
      }),
  }
}

/** What a market takes: of a market order the taker's rate, of a limit order the maker's. */
function marketRate(exchange: CcxtExchange, { symbol, type }: OrderInput): number | undefined {
  const market = exchange.markets?.[symbol ?? '']
  return type === 'market' ? market?.taker : market?.maker
}
