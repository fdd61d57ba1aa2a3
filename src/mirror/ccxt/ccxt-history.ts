import { PairduckError } from '../../errors.ts'
import { quirksOf } from '../exchanges/exchange-quirks.ts'
import { isUntimed } from '../exchanges/next-page.ts'
import type { FillInput } from '../model/fill.ts'
import type { OrderInput } from '../model/order.ts'
import type { TransferInput } from '../model/transfer.ts'
import type { CcxtExchange, CcxtParams } from './ccxt-exchange.ts'
import { isCcxtError, isUnsupported } from './ccxt-failure.ts'
import { pageLimits } from './ccxt-features.ts'
import { allSince } from './ccxt-pages.ts'

/** A symbol, or undefined for all of them in one list. */
type Symbols = readonly (string | undefined)[]

/** Own trades since a time, page after page. */
export async function fetchFills(
  exchange: CcxtExchange,
  symbols: Symbols,
  sinceMs: number,
): Promise<FillInput[]> {
  return await inTurn(symbols, async (symbol) => {
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
    const nextPage = quirksOf(exchange.id).tradePages
    const all = (): Promise<FillInput[]> => allSince(fetch, sinceMs, { ...limits, nextPage })
    return await naming(`own trades of ${symbol ?? 'all markets'}`, all)
  })
}

/** Deposits and withdrawals since a time; one of the two lists alone where there is no other. */
export async function fetchTransfers(
  exchange: CcxtExchange,
  sinceMs: number,
): Promise<TransferInput[]> {
  const methods = (['fetchDeposits', 'fetchWithdrawals'] as const).filter(
    (method) => exchange.has[method] === true,
  )
  const missing: unknown[] = []
  const found = await inTurn(methods, async (method) => {
    const { limit, ...limits } = pageLimits(exchange, method, undefined, sinceMs)
    const fetch = async (since: number, until?: number): Promise<readonly TransferInput[]> =>
      await listed(exchange[method](undefined, since, limit, untilParam(until)))
    const name = method === 'fetchDeposits' ? 'deposits' : 'withdrawals'
    try {
      return await naming(name, () => allSince(fetch, sinceMs, limits))
    } catch (error) {
      if (!PairduckError.is(error) || error.details['isUnsupported'] !== true) throw error
      missing.push(error)
      return []
    }
  })
  if (missing.length > 0 && missing.length === methods.length) throw missing[0]
  return found
}

type ClosedOrderMethod =
  | 'fetchOrders'
  | 'fetchCanceledAndClosedOrders'
  | 'fetchClosedOrders'
  | 'fetchCanceledOrders'

/**
 * The methods that together list all orders that have ended. One that lists all orders is best: a
 * page of which only some are shown can't be told from the last one.
 */
export function closedOrderMethods({ has }: CcxtExchange): ClosedOrderMethod[] {
  for (const method of ['fetchOrders', 'fetchCanceledAndClosedOrders'] as const)
    if (has[method] === true) return [method]
  return (['fetchClosedOrders', 'fetchCanceledOrders'] as const).filter(
    (method) => has[method] === true,
  )
}

/** Orders that were made since a time and have ended, page after page. */
export async function fetchClosedOrders(
  exchange: CcxtExchange,
  symbols: Symbols,
  sinceMs: number,
): Promise<OrderInput[]> {
  const methods = closedOrderMethods(exchange)
  return await inTurn(symbols, async (symbol) =>
    inTurn(methods, async (method) => {
      const { limit, ...limits } = pageLimits(exchange, method, symbol, sinceMs)
      const fetch = async (
        since: number,
        until?: number,
        cursor?: CcxtParams,
      ): Promise<readonly OrderInput[]> =>
        await listed(
          exchange[method]?.(symbol, since, limit, { ...untilParam(until), ...cursor }) ??
            Promise.resolve([]),
        )
      const nextPage = quirksOf(exchange.id).closedOrderPages
      const all = (): Promise<OrderInput[]> => allSince(fetch, sinceMs, { ...limits, nextPage })
      return await naming(`closed orders of ${symbol ?? 'all markets'}`, all)
    }),
  )
}

/** Says which list it is that can't be had whole. */
async function naming<Item>(list: string, fetch: () => Promise<Item[]>): Promise<Item[]> {
  try {
    return await fetch()
  } catch (error) {
    if (!PairduckError.is(error, 'EXCHANGE_INCOMPLETE')) throw error
    throw new PairduckError('EXCHANGE_INCOMPLETE', `${list}: ${error.message}`, {
      ...error.details,
      list,
      cause: error,
    })
  }
}

/** Only where it is needed: there are exchanges that refuse what they don't know. */
function untilParam(until: number | undefined): CcxtParams {
  return until === undefined ? {} : { until }
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

/** A list that the exchange gives only by symbol, or not at all, is not an empty one. */
async function listed<Item>(answer: Promise<readonly Item[]>): Promise<readonly Item[]> {
  try {
    return await answer
  } catch (error) {
    if (!isUnsupported(error)) throw error
    const why = isCcxtError(error, 'ArgumentsRequired')
      ? 'the exchange lists them only by symbol; give the `symbols` to mirror'
      : 'the exchange does not list them'
    throw new PairduckError('EXCHANGE_INCOMPLETE', why, { isUnsupported: true, cause: error })
  }
}
