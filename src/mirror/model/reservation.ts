import { isZero, multiplyText, subtractText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import type { OrderState } from './order.ts'

/** Quote currency of an order before and after its fills. */
export interface Reservation {
  /** Reserved when the order was made; a sell order reserves base instead. */
  readonly booked: DecimalText
  /** What an open buy order with a limit may still spend. */
  readonly left: DecimalText
}

const none: Reservation = { booked: '0', left: '0' }

export function reservation(state: OrderState): Reservation {
  const { side, amount, limitPrice, filled, outcome } = state
  if (side === 'sell' || limitPrice === null) return none
  const booked = multiplyText(amount, limitPrice)
  if (outcome !== undefined) return { booked, left: '0' }
  const left = isZero(filled) ? booked : multiplyText(subtractText(amount, filled), limitPrice)
  return { booked, left }
}
