import type { OrderInput } from '../../src/mirror/model/order.ts'

/** An open order for one BTC at 2.50 USDT, with whatever else is said. */
export function openOrder(id: string, rest: Partial<OrderInput> = {}): OrderInput {
  return {
    id,
    symbol: 'BTC/USDT',
    side: 'buy',
    type: 'limit',
    amount: '1.00000000',
    price: '2.50000000',
    filled: '0.00000000',
    status: 'open',
    timestamp: 1_700_000_000_000,
    lastUpdateTimestamp: 1_700_000_000_000,
    ...rest,
  }
}
