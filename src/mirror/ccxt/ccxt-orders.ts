import type { OrderInput } from '../order.ts'
import type { CcxtExchange, CcxtParams } from './ccxt-exchange.ts'
import { isCcxtError, isUnsupported } from './ccxt-failure.ts'
import { methodFeatures } from './ccxt-features.ts'

/** Exchanges through whose pages of open orders ccxt goes when it is told to. */
const paginated = new Set(['bitget', 'bybit', 'coinbase', 'coinbaseinternational'])
const pagination: CcxtParams = { paginate: true, paginationCalls: 100 }
const maxPages = 100

/** All open orders, of exchanges that tell them in pages too. */
export async function openOrders(
  exchange: CcxtExchange,
  symbol: string | undefined,
): Promise<OrderInput[]> {
  if (paginated.has(exchange.id))
    return await exchange.fetchOpenOrders(symbol, undefined, undefined, pagination)
  if (exchange.id !== 'okx') return await exchange.fetchOpenOrders(symbol)
  return await okxOpenOrders(exchange, symbol)
}

/** OKX's pages end where the next one is asked for by the id of the oldest order. */
async function okxOpenOrders(
  exchange: CcxtExchange,
  symbol: string | undefined,
): Promise<OrderInput[]> {
  const limit = methodFeatures(exchange, 'fetchOpenOrders', symbol)?.limit ?? 100
  const orders = new Map<string, OrderInput>()
  let params: CcxtParams = {}
  for (let page = 0; page < maxPages; page++) {
    const known = orders.size
    const got = await exchange.fetchOpenOrders(symbol, undefined, limit, params)
    for (const order of got) orders.set(String(order.id), order)
    if (got.length < limit || orders.size === known) break
    params = { after: oldest(got).id }
  }
  return [...orders.values()]
}

/** One order; undefined when the exchange doesn't know it, or tells it in no way. */
export async function orderById(
  exchange: CcxtExchange,
  id: string,
  symbol: string,
): Promise<OrderInput | undefined> {
  if (exchange.has['fetchOrder'] !== false) {
    try {
      return await exchange.fetchOrder(id, symbol)
    } catch (error) {
      if (isCcxtError(error, 'OrderNotFound')) return undefined
      if (!isUnsupported(error)) throw error
    }
  }
  for (const method of ['fetchCanceledAndClosedOrders', 'fetchClosedOrders'] as const) {
    if (!exchange.has[method]) continue
    try {
      const orders = await exchange[method]?.(symbol)
      const order = orders?.find((each) => each.id === id)
      if (order !== undefined) return order
    } catch (error) {
      if (!isUnsupported(error)) throw error
    }
  }
  return undefined
}

function oldest(orders: readonly OrderInput[]): OrderInput {
  return orders.reduce((a, b) => ((b.timestamp ?? 0) < (a.timestamp ?? 0) ? b : a))
}
