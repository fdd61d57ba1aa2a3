import { isZero, multiplyText, subtractText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import type { JoinedOrder } from './join-order.ts'

/** Quote currency still reserved: what an open buy order with a limit may still spend. */
export function reservedNotional(state: JoinedOrder): DecimalText {
  if (state.side === 'sell' || state.limitPrice === null || state.outcome !== undefined) return '0'
  return isZero(state.filled)
    ? multiplyText(state.amount, state.limitPrice)
    : multiplyText(subtractText(state.amount, state.filled), state.limitPrice)
}

/** Quote currency reserved when the order was made; a sell order reserves base instead. */
export function bookedNotional(state: JoinedOrder): DecimalText {
  return state.side === 'sell' || state.limitPrice === null
    ? '0'
    : multiplyText(state.amount, state.limitPrice)
}
