import { PairduckError } from '../../errors.ts'
import type { OrderInput } from '../model/order.ts'
import { quirksOf } from '../exchanges/exchange-quirks.ts'
import type { NextPage } from '../exchanges/next-page.ts'
import type { CcxtExchange, CcxtParams } from './ccxt-exchange.ts'
import { isCcxtError, isUnsupported } from './ccxt-failure.ts'
import { methodFeatures } from './ccxt-features.ts'

const pagination: CcxtParams = { paginate: true, paginationCalls: 100 }
const maxPages = 100
/** Where ccxt doesn't tell how much an answer holds. */
const unknownPage = 100

/**
 * All open orders of the symbols (undefined: of all), of exchanges that tell them in pages too.
 * Rejects with `EXCHANGE_INCOMPLETE` when there may be more than those that can be had, which are
 * in `details.openOrders`. `complete` adds what an exchange tells elsewhere.
 */
export async function openOrders(
  exchange: CcxtExchange,
  symbols: readonly (string | undefined)[],
  complete: (orders: readonly OrderInput[]) => readonly OrderInput[],
): Promise<OrderInput[]> {
  const orders: OrderInput[] = []
  const cutOff: (string | undefined)[] = []
  for (const symbol of symbols) {
    const { found, isWhole } = await ordersOf(exchange, symbol)
    for (const order of complete(found)) orders.push(order)
    if (!isWhole) cutOff.push(symbol)
  }
  if (cutOff.length > 0) throw incomplete(orders, cutOff)
  return orders
}

interface FoundOrders {
  readonly found: readonly OrderInput[]
  readonly isWhole: boolean
}

async function ordersOf(exchange: CcxtExchange, symbol: string | undefined): Promise<FoundOrders> {
  const nextPage = quirksOf(exchange.id).openOrderPages
  if (nextPage === 'ccxt') {
    const found = await exchange.fetchOpenOrders(symbol, undefined, undefined, pagination)
    return { found, isWhole: true }
  }
  const limit = methodFeatures(exchange, 'fetchOpenOrders', symbol)?.limit
  if (nextPage !== undefined)
    return await pagedOrders(exchange, symbol, limit ?? unknownPage, nextPage)
  const found = await exchange.fetchOpenOrders(symbol)
  return { found, isWhole: found.length !== limit }
}

/** Page after page, until one is not full. */
async function pagedOrders(
  exchange: CcxtExchange,
  symbol: string | undefined,
  limit: number,
  nextPage: NextPage,
): Promise<FoundOrders> {
  const orders = new Map<string, OrderInput>()
  let params: CcxtParams | undefined = {}
  for (let page = 1; page <= maxPages; page++) {
    const known = orders.size
    const got: OrderInput[] = await exchange.fetchOpenOrders(symbol, undefined, limit, params)
    // An order that is made meanwhile moves others to the next page.
    for (const order of got) orders.set(String(order.id), order)
    if (got.length < limit) return { found: [...orders.values()], isWhole: true }
    params = orders.size === known ? undefined : nextPage(got, page, orders.size)
    if (params === undefined) break
  }
  return { found: [...orders.values()], isWhole: false }
}

function incomplete(
  found: readonly OrderInput[],
  symbols: readonly (string | undefined)[],
): PairduckError {
  const all = symbols.includes(undefined)
  const list = all ? 'open orders' : `open orders of ${symbols.join(', ')}`
  return new PairduckError(
    'EXCHANGE_INCOMPLETE',
    `${list}: the exchange lists only a part of them${all ? '; give the `symbols` to mirror' : ''}`,
    { list, openOrders: found },
  )
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
      const order = orders?.find((each) => String(each.id) === id)
      if (order !== undefined) return order
    } catch (error) {
      if (!isUnsupported(error)) throw error
    }
  }
  return undefined
}
