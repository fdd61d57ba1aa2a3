import { compareText, isNegative, isPositive, subtractText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import { payloadNames } from '../exchanges/payload-names.ts'
import { exactText } from './exact-text.ts'
import type { OrderOutcome } from './order-status.ts'
import { invalidOrder, plainText } from './order.ts'
import type { OrderInput } from './order.ts'

const { order: names } = payloadNames

export interface OrderAmounts {
  readonly amount: DecimalText
  readonly filled: DecimalText
  readonly outcome: OrderOutcome
}

/**
 * Amount and filled amount in base currency, and how the order ended. A market order may have been
 * told how much quote currency to spend: then exchanges tell no amount, zero, or that of the quote
 * currency, and its amount is what it was filled for.
 */
export function readAmounts(
  input: OrderInput,
  type: 'market' | 'limit',
  status: OrderOutcome | 'closed',
): OrderAmounts {
  const told = exactText(input.amount ?? undefined, input.info, names.amount)
  const filled = toldFilled(input)
  if (filled !== undefined && isByQuote(input, type, status, told, filled))
    return { amount: filled, filled, outcome: status === 'closed' ? 'filled' : status }
  if (told === undefined) throw invalidOrder(input, 'amount', 'a decimal', input.amount)
  if (!isPositive(told)) throw invalidOrder(input, 'amount', 'above zero', input.amount)
  if (filled !== undefined && compareText(filled, told) > 0)
    throw invalidOrder(input, 'filled', `from 0 to the amount ${told}`, input.filled)
  const known = filled ?? impliedFilled(input, told, status)
  const outcome = status === 'closed' ? closedOutcome(known, told) : status
  return { amount: told, filled: known, outcome }
}

/** Whether something was filled, and the amount is not one of base currency. */
function isByQuote(
  { side, info }: OrderInput,
  type: 'market' | 'limit',
  status: OrderOutcome | 'closed',
  amount: DecimalText | undefined,
  filled: DecimalText,
): boolean {
  if (type !== 'market' || !isPositive(filled)) return false
  if (amount === undefined || !isPositive(amount) || compareText(filled, amount) > 0) return true
  if (status !== 'closed' || compareText(filled, amount) === 0) return false
  return side === 'buy' || saysQuoteAmount(info)
}

function saysQuoteAmount(info: unknown): boolean {
  const payload = info as Readonly<Record<string, unknown>> | null | undefined
  return names.quoteAmount.some((name) => isPositive(plainText(payload?.[name]) ?? '0'))
}

function toldFilled(input: OrderInput): DecimalText | undefined {
  if (input.filled === undefined || input.filled === null) return undefined
  const told = exactText(input.filled, input.info, names.filled)
  if (told === undefined) throw invalidOrder(input, 'filled', 'a decimal', input.filled)
  if (isNegative(told)) throw invalidOrder(input, 'filled', 'not below zero', input.filled)
  return told
}

/** Of a source that does not tell it: an order just made has no fill, one that is filled has all. */
function impliedFilled(
  input: OrderInput,
  amount: DecimalText,
  status: OrderOutcome | 'closed',
): DecimalText {
  const remaining = plainText(input.remaining)
  if (remaining !== undefined && !isNegative(remaining) && compareText(remaining, amount) <= 0)
    return subtractText(amount, remaining)
  if (status === undefined || status === 'rejected') return '0'
  if (status === 'filled') return amount
  throw invalidOrder(input, 'filled', 'told for an order that has ended', input.filled)
}

/** ccxt says `closed` for whatever ended by execution, an IOC order's cut-off rest included. */
function closedOutcome(filled: DecimalText, amount: DecimalText): OrderOutcome {
  return compareText(filled, amount) >= 0 ? 'filled' : 'canceled'
}
