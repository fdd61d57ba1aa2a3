/** An account of many hours: in each of them orders that ended, with two trades, and one that stays open. */
import type { FillInput } from '../../src/mirror/model/fill.ts'
import type { OrderInput } from '../../src/mirror/model/order.ts'

export const hourMs = 3_600_000
export const accountStartMs = Date.UTC(2025, 5, 2)
/** More than a unit takes of orders, and of the trades of each symbol. */
export const ordersAnHour = 600
const symbols = ['BTC/USDT', 'ETH/USDT'] as const

export interface AccountHour {
  readonly orders: readonly OrderInput[]
  readonly fills: readonly FillInput[]
  readonly endMs: number
}

export function accountHour(hour: number): AccountHour {
  const startMs = accountStartMs + hour * hourMs
  const numbers = Array.from({ length: ordersAnHour }, (_, n) => hour * ordersAnHour + n)
  const ended = numbers.map((n) => orderOf(`o${n}`, n, startMs, 'closed'))
  const open = orderOf(`open${hour}`, hour, startMs, 'open')
  const fills = numbers.flatMap((n) => [0, 1].map((part) => fillOf(`o${n}`, n, part, startMs)))
  return {
    orders: [...ended, open],
    fills: [...fills, fillOf(`open${hour}`, hour, 0, startMs)],
    endMs: startMs + hourMs,
  }
}

function orderOf(id: string, n: number, startMs: number, status: 'open' | 'closed'): OrderInput {
  const timestamp = startMs + (n % ordersAnHour) * 5_000
  return {
    id,
    symbol: symbols[n % 2]!,
    side: n % 5 < 3 ? 'buy' : 'sell',
    type: 'limit',
    status,
    price: priceOf(n),
    amount: '1.0000',
    filled: status === 'closed' ? '1.0000' : '0.5000',
    timestamp,
    lastUpdateTimestamp: timestamp,
  }
}

function fillOf(order: string, n: number, part: number, startMs: number): FillInput {
  return {
    id: `${order}-${part}`,
    order,
    symbol: symbols[n % 2]!,
    side: n % 5 < 3 ? 'buy' : 'sell',
    price: priceOf(n),
    amount: '0.5000',
    fee: { cost: '0.0001', currency: n % 3 === 0 ? symbols[n % 2]!.slice(0, 3) : 'USDT' },
    timestamp: startMs + (n % ordersAnHour) * 5_000 + part,
  }
}

function priceOf(n: number): string {
  return `${10 + (n % 7)}.${String((n * 37) % 100).padStart(2, '0')}`
}
