import { PairduckError } from '../../errors.ts'
import { statusWord } from '../exchanges/status-words.ts'

/** The states of a mirrored order, as MockExchange's readers know them. */
export const orderStatuses = [
  'new',
  'partially_filled',
  'filled',
  'canceled',
  'partially_canceled',
  'expired',
  'partially_expired',
  'rejected',
  'partially_rejected',
] as const

/** The state of an order. */
export type OrderStatus = (typeof orderStatuses)[number]

/** How an order ended; undefined while it is open. */
export type OrderOutcome = 'filled' | 'canceled' | 'expired' | 'rejected' | undefined

/**
 * What a source may call a status: ccxt's words and ours. `closed` is ccxt's word for an order
 * that has ended by execution; `canceling` is still live until the exchange confirms.
 */
const outcomes: Readonly<Record<string, OrderOutcome | 'closed'>> = {
  open: undefined,
  new: undefined,
  partially_filled: undefined,
  canceling: undefined,
  closed: 'closed',
  filled: 'filled',
  canceled: 'canceled',
  partially_canceled: 'canceled',
  expired: 'expired',
  partially_expired: 'expired',
  rejected: 'rejected',
  partially_rejected: 'rejected',
}

/** The outcome that a source's word means, one that ccxt passes on included; or `unknown`. */
export function outcomeOf(status: unknown): OrderOutcome | 'closed' | 'unknown' {
  if (typeof status !== 'string') return 'unknown'
  if (Object.hasOwn(outcomes, status)) return outcomes[status]
  const word = statusWord(status)
  return word === undefined ? 'unknown' : outcomes[word]
}

/** The mirrored status of an order, from how it ended and whether anything of it was filled. */
export function statusOf(outcome: OrderOutcome, anyFilled: boolean): OrderStatus {
  if (outcome === undefined) return anyFilled ? 'partially_filled' : 'new'
  if (outcome === 'filled') return 'filled'
  return anyFilled ? `partially_${outcome}` : outcome
}

export function isOpen(status: OrderStatus): boolean {
  return status === 'new' || status === 'partially_filled'
}

/** The outcome behind a mirrored status; the inverse of {@link statusOf}. */
export function outcomeOfStatus(status: OrderStatus): OrderOutcome {
  const outcome = outcomes[status]
  return outcome === 'closed' ? 'filled' : outcome
}

const known: ReadonlySet<string> = new Set(orderStatuses)

/** A stored order's status; a foreign word is `VALKEY_WRONG_TYPE`: somebody else's data. */
export function storedStatus(orderId: string, status: string | undefined): OrderStatus {
  if (status === undefined || !known.has(status))
    throw new PairduckError(
      'VALKEY_WRONG_TYPE',
      `order ${orderId} is stored with the unknown status ${status ?? 'null'}`,
      { orderId },
    )
  return status as OrderStatus
}
