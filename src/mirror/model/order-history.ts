import { divideText, isZero, subtractText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import { jsonText } from './json-text.ts'
import type { OrderStatus } from './order-status.ts'
import type { OrderState } from './order.ts'

const quotientDigits = 12

/** What one history entry says of a fill: the amounts of that fill, not of the order. */
interface HistoryFill {
  readonly filled: DecimalText
  readonly notional: DecimalText | null
  readonly price: DecimalText | null
  readonly fee: DecimalText | null
}

interface HistoryStep {
  readonly status: OrderStatus
  readonly ts: number
  /** What was filled when the step was done, and the quote currency still reserved. */
  readonly filled: DecimalText
  readonly reserved: DecimalText
  readonly fill?: HistoryFill
}

/**
 * One history entry as JSON, with exactly the keys that MockExchange's reader takes: one more
 * would crash it.
 */
export function historyEntry(
  { amount, comment }: OrderState,
  { status, ts, filled, reserved, fill }: HistoryStep,
): string {
  const rest = isZero(filled) ? amount : subtractText(amount, filled)
  // Joined, a text is one piece; put together by +, it would be kept as a tree of its parts.
  return [
    '{"ts":',
    ts,
    ',"status":"',
    status,
    '","price":',
    fill?.price ?? 'null',
    ',"amount_remain":',
    rest,
    ',"actual_filled":',
    fill?.filled ?? 'null',
    ',"actual_notion":',
    fill?.notional ?? 'null',
    ',"actual_fee":',
    fill?.fee ?? 'null',
    ',"reserved_notion_left":',
    reserved,
    ',"reserved_fee_left":0,"comment":',
    jsonText(comment),
    '}',
  ].join('')
}

/** The price of a fill that is known only as the difference of two states of its order. */
export function fillPrice(filled: DecimalText, notional: DecimalText): DecimalText | null {
  return divideText(notional, filled, quotientDigits) ?? null
}
