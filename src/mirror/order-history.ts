import { divideText, subtractText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import type { JoinedOrder } from './join-order.ts'
import type { OrderStatus } from './order-status.ts'
import { reservedNotional } from './reservation.ts'

const quotientDigits = 12

/** What one history entry says of a fill: the amounts of that fill, not of the order. */
interface HistoryFill {
  readonly filled: DecimalText
  readonly notional: DecimalText
  readonly price: DecimalText | null
  readonly fee: DecimalText | null
}

interface HistoryStep {
  readonly state: JoinedOrder
  readonly status: OrderStatus
  readonly ts: number
  readonly fill?: HistoryFill
}

/**
 * One history entry as JSON, with exactly the keys that MockExchange's reader takes: one more
 * would crash it.
 */
export function historyEntry({ state, status, ts, fill }: HistoryStep): string {
  return (
    `{"ts":${ts},"status":"${status}","price":${fill?.price ?? 'null'},` +
    `"amount_remain":${subtractText(state.amount, state.filled)},` +
    `"actual_filled":${fill?.filled ?? 'null'},"actual_notion":${fill?.notional ?? 'null'},` +
    `"actual_fee":${fill?.fee ?? 'null'},"reserved_notion_left":${reservedNotional(state)},` +
    `"reserved_fee_left":0,"comment":${JSON.stringify(state.comment)}}`
  )
}

/** The price of a fill that is known only as the difference of two states of its order. */
export function fillPrice(filled: DecimalText, notional: DecimalText): DecimalText | null {
  return divideText(notional, filled, quotientDigits) ?? null
}
