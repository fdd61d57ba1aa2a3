import type { Fill } from './fill.ts'
import type { OrderState } from './order.ts'

/** The name of a trade among those of all symbols: ids are unique within one. */
export function fillName({ symbol, id }: Pick<Fill, 'symbol' | 'id'>): string {
  return `${symbol} ${id}`
}

/** The name of what an order's trades add up to; undefined where the order is not told. */
export function tradedName({
  symbol,
  side,
  orderId,
}: Pick<Fill, 'symbol' | 'side' | 'orderId'>): string | undefined {
  return orderId === null ? undefined : nameOfTraded(symbol, side, orderId)
}

/** The same for an order. */
export function tradedNameOf({
  symbol,
  side,
  id,
}: Pick<OrderState, 'symbol' | 'side' | 'id'>): string {
  return nameOfTraded(symbol, side, id)
}

function nameOfTraded(symbol: string, side: string, orderId: string): string {
  return `${symbol} ${side} ${orderId}`
}

/**
 * Trades in the order in which they happened: by time, then id. Ids of one length compare as
 * numbers do, so that those of one moment keep the exchange's order.
 */
export function compareFills(
  a: Pick<Fill, 'timestamp' | 'id' | 'symbol'>,
  b: Pick<Fill, 'timestamp' | 'id' | 'symbol'>,
): number {
  return (
    a.timestamp - b.timestamp ||
    a.id.length - b.id.length ||
    compareCodeUnits(a.id, b.id) ||
    compareCodeUnits(a.symbol, b.symbol)
  )
}

function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
