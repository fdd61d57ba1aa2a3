import {
  addText,
  compareText,
  divideText,
  isPositive,
  isZero,
  multiplyText,
  subtractText,
} from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import type { OrderState } from './order.ts'
import type { OrderOutcome } from './order-status.ts'

/** Ties between two ends told for the same millisecond are broken by this rank. */
const outcomeRank: readonly OrderOutcome[] = ['rejected', 'expired', 'canceled', 'filled']

const quotientDigits = 12

/**
 * What is known of an order after one more event. The join takes each part from where it is
 * newest and never goes back, so it doesn't matter in which order, or how often, events arrive:
 *
 * - an order that has ended stays ended;
 * - the filled amount and the notional never fall; average and fee belong to the greater fill;
 * - amount, prices and names are those of the newest event; of two of the same time a snapshot's
 *   are the newer, for an amended order often has no time of its own.
 */
export function joinOrder(prev: OrderState, next: OrderState, isSnapshot = false): OrderState {
  const filledOrder =
    compareText(next.filled, prev.filled) || compareText(next.notional ?? '0', prev.notional ?? '0')
  const more = filledOrder > 0 ? next : prev
  const newer = isNewer(prev, next, filledOrder, isSnapshot) ? next : prev
  const older = newer === next ? prev : next
  const [outcome, finishedMs] = joinOutcome(prev, next, more.filled)
  return {
    ...newer,
    amount: greater(newer.amount, more.filled),
    outcome,
    finishedMs,
    filled: more.filled,
    ...joinNotional(more, more === next ? prev : next, newer.limitPrice ?? older.limitPrice),
    ...joinFee(prev, next, filledOrder),
    feeRate: newer.feeRate ?? older.feeRate,
    createdMs: Math.min(prev.createdMs, next.createdMs),
    updatedMs: Math.max(prev.updatedMs, next.updatedMs),
    sourceType: newer.sourceType ?? older.sourceType,
    clientOrderId: newer.clientOrderId ?? older.clientOrderId,
    comment: newer.comment ?? older.comment,
  }
}

/**
 * A notional that no source has told is taken at the limit price, from the first unit filled or on
 * from what is known of a smaller fill; without a limit price it stays what is known. It never
 * falls below the notional of a smaller fill.
 */
function joinNotional(
  more: OrderState,
  less: OrderState,
  limitPrice: DecimalText | null,
): Pick<OrderState, 'notional' | 'average'> {
  const { filled } = more
  const below = isZero(less.filled) ? '0' : less.notional
  const told = more.notional ?? atLimit(filled, less.filled, below, limitPrice) ?? below
  const notional = told !== null && below !== null ? greater(told, below) : (told ?? below)
  if (notional === more.notional) return { notional, average: more.average ?? less.average }
  const known = notional !== null && isPositive(notional)
  return {
    notional,
    average: known ? (divideText(notional, filled, quotientDigits) ?? null) : null,
  }
}

/** The first event of an order, where what it does not tell of its fill is taken at the limit. */
export function firstOrder(state: OrderState): OrderState {
  if (state.notional !== null) return state
  const notional = atLimit(state.filled, '0', '0', state.limitPrice)
  return { ...state, notional, average: notional === null ? null : state.limitPrice }
}

function atLimit(
  filled: DecimalText,
  from: DecimalText,
  notional: DecimalText | null,
  limitPrice: DecimalText | null,
): DecimalText | null {
  if (limitPrice === null) return null
  return notional === null
    ? multiplyText(filled, limitPrice)
    : addText(notional, multiplyText(subtractText(filled, from), limitPrice))
}

function isNewer(
  prev: OrderState,
  next: OrderState,
  filledOrder: number,
  isSnapshot: boolean,
): boolean {
  if (next.updatedMs !== prev.updatedMs) return next.updatedMs > prev.updatedMs
  const ended = Number(next.outcome !== undefined) - Number(prev.outcome !== undefined)
  return (ended || filledOrder || Number(isSnapshot)) > 0
}

function joinOutcome(
  prev: OrderState,
  next: OrderState,
  filled: DecimalText,
): [OrderOutcome, number | null] {
  if (next.outcome === undefined) return [prev.outcome, prev.finishedMs]
  if (prev.outcome === undefined || prev.finishedMs === null) return [next.outcome, next.updatedMs]
  const finishedMs = Math.max(prev.finishedMs, next.updatedMs)
  // An order reported filled to its full amount was filled, whatever a cancel request answered.
  const filledBy = [prev, next].find(
    (state) => state.outcome === 'filled' && compareText(state.filled, filled) === 0,
  )
  if (filledBy !== undefined) return ['filled', finishedMs]
  const time = next.updatedMs - prev.finishedMs
  const later = time || outcomeRank.indexOf(next.outcome) - outcomeRank.indexOf(prev.outcome)
  return [later > 0 ? next.outcome : prev.outcome, finishedMs]
}

/**
 * The fee of the greater fill; where that event did not tell one, the greatest that is known:
 * fees of an order only add up.
 */
function joinFee(
  prev: OrderState,
  next: OrderState,
  filledOrder: number,
): Pick<OrderState, 'fee' | 'feeCurrency'> {
  const known = [prev, next].filter((state) => state.fee !== null)
  if (known.length < 2) {
    const told = known[0] ?? { fee: null, feeCurrency: prev.feeCurrency ?? next.feeCurrency }
    return { fee: told.fee, feeCurrency: told.feeCurrency }
  }
  const by = filledOrder || compareText(next.fee!, prev.fee!)
  // What is taken in two currencies has no greater one: it is the fee of the greater fill.
  const sameCurrency = prev.feeCurrency === next.feeCurrency
  const { fee, feeCurrency } =
    sameCurrency && filledOrder < 0 && compareText(next.fee!, prev.fee!) > 0
      ? next
      : by > 0
        ? next
        : prev
  return { fee, feeCurrency }
}

function greater(a: DecimalText, b: DecimalText): DecimalText {
  return compareText(a, b) >= 0 ? a : b
}
