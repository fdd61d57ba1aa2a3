import { PairduckError } from '../../errors.ts'
import { resolveOptions, rule } from '../../options.ts'
import type { AccountSource } from '../model/account-source.ts'
import type { FillInput } from '../model/fill.ts'
import type { OrderInput } from '../model/order.ts'
import type { TickerInput } from '../model/ticker.ts'
import type { TransferInput } from '../model/transfer.ts'
import { balancesFromCcxt } from './ccxt-balances.ts'
import { quirksOf } from '../exchanges/exchange-quirks.ts'
import { isUntimed } from '../exchanges/next-page.ts'
import { openOrders, orderById } from './ccxt-orders.ts'
import { isUnsupported } from './ccxt-failure.ts'
import { pageLimits } from './ccxt-features.ts'
import { allSince } from './ccxt-pages.ts'
import { ccxtStream } from './ccxt-stream.ts'
import type { CcxtExchange, CcxtParams } from './ccxt-exchange.ts'

export interface CcxtSourceOptions {
  /**
   * The symbols to mirror. Some exchanges (Binance) list own trades only by symbol: without this
   * option their trades come from the live stream alone. Default: all.
   */
  readonly symbols?: readonly string[]
  /** Symbols whose tickers are mirrored too, where the exchange can stream them. */
  readonly tickers?: readonly string[]
}

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
      fetchFills: (sinceMs: number) =>
        inTurn(each, (symbol) => fetchFills(exchange, symbol, sinceMs)),
    }),
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
    ...(tickers !== undefined &&
      has('watchTickers') && {
        watchTickers: (signal: AbortSignal) => streamTickers(signal, exchange, tickers),
      }),
  }
}

async function fetchFills(
  exchange: CcxtExchange,
  symbol: string | undefined,
  sinceMs: number,
): Promise<FillInput[]> {
  const { limit, ...limits } = pageLimits(exchange, 'fetchMyTrades', symbol, sinceMs)
  const fetch = async (
    since: number,
    until?: number,
    cursor?: CcxtParams,
  ): Promise<readonly FillInput[]> =>
    cursor !== undefined && isUntimed(cursor)
      ? await listed(exchange.fetchMyTrades(symbol, undefined, limit, cursor))
      : await listed(
          exchange.fetchMyTrades(symbol, since, limit, { ...untilParam(until), ...cursor }),
        )
  try {
    return await allSince(fetch, sinceMs, { ...limits, nextPage: quirksOf(exchange.id).tradePages })
  } catch (error) {
    throw named(error, `own trades of ${symbol ?? 'all markets'}`)
  }
}

async function fetchTransfers(exchange: CcxtExchange, sinceMs: number): Promise<TransferInput[]> {
  const methods = (['fetchDeposits', 'fetchWithdrawals'] as const).filter(
    (method) => exchange.has[method] === true,
  )
  return await inTurn(methods, async (method) => {
    const { limit, ...limits } = pageLimits(exchange, method, undefined, sinceMs)
    const fetch = async (since: number, until?: number): Promise<readonly TransferInput[]> =>
      await listed(exchange[method](undefined, since, limit, untilParam(until)))
    try {
      return await allSince(fetch, sinceMs, limits)
    } catch (error) {
      throw named(error, method === 'fetchDeposits' ? 'deposits' : 'withdrawals')
    }
  })
}

/** Says which list it is that can't be had whole. */
function named(error: unknown, list: string): unknown {
  if (!PairduckError.is(error, 'EXCHANGE_INCOMPLETE')) return error
  return new PairduckError('EXCHANGE_INCOMPLETE', `${list}: ${error.message}`, {
    ...error.details,
    list,
    cause: error,
  })
}

/** Only where it is needed: there are exchanges that refuse what they don't know. */
function untilParam(until: number | undefined): CcxtParams {
  return until === undefined ? {} : { until }
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
  // Spread into one call, some hundred thousand items would be too many arguments.
  for (const key of keys) for (const item of await fetch(key)) items.push(item)
  return items
}

/** A list that the exchange gives only by symbol, or not at all, is empty. */
async function listed<Item>(answer: Promise<readonly Item[]>): Promise<readonly Item[]> {
  try {
    return await answer
  } catch (error) {
    if (isUnsupported(error)) return []
    throw error
  }
}
