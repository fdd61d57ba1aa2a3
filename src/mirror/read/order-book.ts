import { addText, compareText, subtractText } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import type { MirroredOrder } from '../stored/mirrored-order.ts'

/** Own open orders at one price. */
export interface OrderBookLevel {
  /** In the quote currency. */
  readonly price: DecimalText
  /** What is not filled yet, in base currency. */
  readonly amount: DecimalText
  /** The orders. */
  readonly orders: number
}

/** Own open limit orders by price: bids from the highest, asks from the lowest. */
export interface OrderBook {
  /** The market, such as `BTC/USDT`. */
  readonly symbol: string
  /** Buy orders by price, the highest first. */
  readonly bids: readonly OrderBookLevel[]
  /** Sell orders by price, the lowest first. */
  readonly asks: readonly OrderBookLevel[]
}

/** Adds up open orders by side and price; orders without a limit price stand at no level. */
export function orderBook(symbol: string, orders: readonly MirroredOrder[]): OrderBook {
  return {
    symbol,
    bids: levels(orders, 'buy').reverse(),
    asks: levels(orders, 'sell'),
  }
}

function levels(orders: readonly MirroredOrder[], side: 'buy' | 'sell'): OrderBookLevel[] {
  const found: OrderBookLevel[] = []
  const priced = orders
    .filter((order) => order.side === side && order.limitPrice !== null)
    .sort((a, b) => compareText(a.limitPrice!, b.limitPrice!))
  for (const { limitPrice, amount, filled } of priced) {
    const rest = subtractText(amount, filled)
    const last = found.at(-1)
    // `1.5` and `1.50` are one level.
    if (last !== undefined && compareText(last.price, limitPrice!) === 0)
      found[found.length - 1] = {
        price: last.price,
        amount: addText(last.amount, rest),
        orders: last.orders + 1,
      }
    else found.push({ price: limitPrice!, amount: rest, orders: 1 })
  }
  return found
}
