import type { FillInput, OrderInput } from '../../src/mirror/index.ts'

/** All ids are of one length, so that all JSON is. */
let made = 100_000

export function lastId(): string {
  return String(made)
}

export function newIds(count: number): string[] {
  return Array.from({ length: count }, () => String((made += 1)))
}

export function newOrders(count: number): OrderInput[] {
  return newIds(count).map(order)
}

export function order(id: string): OrderInput {
  return {
    id,
    symbol: 'ETH/USDT',
    side: 'buy',
    type: 'limit',
    amount: '1.00000000',
    price: '2500.00000000',
    filled: '0.00000000',
    status: 'open',
    clientOrderId: `client-${id}`,
    timestamp: 1_709_654_400_000,
    lastUpdateTimestamp: 1_709_654_400_000,
  }
}

/** A trade of each order. */
export function newFills(orders: readonly OrderInput[]): FillInput[] {
  return orders.map(({ id, symbol, side }) => ({
    id: `trade-${String(id)}`,
    order: id,
    symbol,
    side,
    price: '2500.00000000',
    amount: '1.00000000',
    cost: '2500.00000000',
    fee: { cost: '0.00100000', currency: 'BNB' },
    timestamp: 1_709_654_400_000,
    takerOrMaker: 'maker',
  }))
}
