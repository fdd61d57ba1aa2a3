import {
  compareText,
  divideText,
  isNegative,
  isPositive,
  isZero,
  multiplyText,
  subtractText,
} from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import { exactText, infoText } from './exact-text.ts'
import { invalidOrder, plainText, positiveOrNull } from './order.ts'
import type { OrderInput, OrderState } from './order.ts'
import { outcomeOf } from './order-status.ts'
import type { OrderOutcome } from './order-status.ts'
import { isAsset, parseSymbol } from './symbol.ts'
import type { MarketSymbol } from './symbol.ts'

/** How exchanges name an order's decimals in their payloads, the likelier first. */
const payloadNames = {
  amount: ['origQty', 'q', 'qty', 'quantity', 'amount', 'size', 'sz', 'orderQty'],
  price: ['price', 'p', 'px', 'limitPrice', 'orderPrice'],
  average: ['avgPrice', 'ap', 'avgPx', 'average', 'L'],
  triggerPrice: ['stopPrice', 'P', 'sp', 'triggerPrice', 'triggerPx'],
  filled: ['executedQty', 'z', 'cumExecQty', 'accFillSz', 'filledSize', 'filled', 'cumQty'],
  cost: ['cummulativeQuoteQty', 'Z', 'cumQuote', 'cumExecValue', 'cost'],
  fee: ['commission', 'n', 'fee', 'cumExecFee', 'cost'],
} as const

const maxIdChars = 128
const quotientDigits = 12

/**
 * Checks what a source told of an order. Throws `INVALID_ORDER` naming the order and the field:
 * nothing that a reader could stumble over may pass, for one bad order breaks a MockExchange
 * reader's whole list. Symbols with a settlement part need `derivatives`.
 */
export function readOrder(input: OrderInput, derivatives: boolean): OrderState {
  if (typeof input !== 'object' || input === null)
    throw invalidOrder({}, 'order', 'an object', input)
  const id = readId(input)
  const market = readSymbol(input, derivatives)
  if (input.side !== 'buy' && input.side !== 'sell')
    throw invalidOrder(input, 'side', '`buy` or `sell`', input.side)
  const status = outcomeOf(input.status)
  if (status === 'unknown') throw invalidOrder(input, 'status', 'a known status', input.status)
  const amount = required(input, 'amount', exactText(input.amount, input.info, payloadNames.amount))
  if (!isPositive(amount)) throw invalidOrder(input, 'amount', 'above zero', input.amount)
  const price = optional(input, 'price', payloadNames.price)
  const type = executionType(input, price)
  const filled = readFilled(input, amount, status)
  const average = optional(input, 'average', payloadNames.average)
  const notional = readNotional(input, filled, average)
  const [createdMs, updatedMs] = readTimes(input)
  const outcome = status === 'closed' ? closedOutcome(filled, amount) : status
  return {
    id,
    symbol: input.symbol!,
    base: market.base,
    quote: market.quote,
    side: input.side,
    type,
    sourceType: sourceType(input, type),
    amount,
    outcome,
    limitPrice: type === 'limit' ? price : null,
    triggerPrice: optional(input, 'triggerPrice', payloadNames.triggerPrice),
    average: averagePrice(filled, notional, average),
    filled,
    notional,
    ...readFee(input, filled),
    feeRate: plainText(input.feeRate) ?? null,
    createdMs,
    updatedMs,
    finishedMs: outcome === undefined ? null : updatedMs,
    clientOrderId: text(input.clientOrderId),
    comment: text(input.comment),
  }
}

function readId(input: OrderInput): string {
  const { id } = input
  // Control characters and blanks would make an id that no log and no shell can show.
  if (typeof id !== 'string' || !/^[!-~]+$/.test(id) || id.length > maxIdChars)
    throw invalidOrder(input, 'id', `1 to ${maxIdChars} visible ASCII characters`, id)
  return id
}

function readSymbol(input: OrderInput, derivatives: boolean): MarketSymbol {
  const market = parseSymbol(input.symbol)
  if (market === undefined)
    throw invalidOrder(input, 'symbol', 'a symbol as BASE/QUOTE in capitals', input.symbol)
  if (market.settle !== undefined && !derivatives)
    throw invalidOrder(
      input,
      'symbol',
      'a spot symbol (a settlement part needs `derivatives: true`)',
      input.symbol,
    )
  return market
}

/** A stop order is mirrored under the type it executes as; the reader knows only these two. */
function executionType(input: OrderInput, price: DecimalText | null): 'market' | 'limit' {
  const name = typeof input.type === 'string' ? input.type.toLowerCase() : ''
  if (name === '') throw invalidOrder(input, 'type', '`market` or `limit`', input.type)
  const type = name.includes('market')
    ? 'market'
    : name.includes('limit') || price !== null
      ? 'limit'
      : 'market'
  if (type === 'limit' && price === null && name === 'limit')
    throw invalidOrder(input, 'price', 'a limit price above zero', input.price)
  return type
}

/** The source's own name of the type, where it says more than `market` or `limit`. */
function sourceType(input: OrderInput, type: 'market' | 'limit'): string | null {
  const info = input.info as Record<string, unknown> | null | undefined
  const raw = typeName(info?.['type']) ?? typeName(info?.['o']) ?? typeName(info?.['orderType'])
  const name = raw?.toLowerCase() ?? input.type!.toLowerCase()
  return name === type ? null : name
}

function typeName(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z_ -]{3,40}$/.test(value) ? value : undefined
}

function readFilled(
  input: OrderInput,
  amount: DecimalText,
  status: OrderOutcome | 'closed',
): DecimalText {
  const told = exactText(input.filled ?? undefined, input.info, payloadNames.filled)
  if (told !== undefined) {
    if (isNegative(told) || compareText(told, amount) > 0)
      throw invalidOrder(input, 'filled', `from 0 to the amount ${amount}`, input.filled)
    return told
  }
  if (input.filled !== undefined && input.filled !== null)
    throw invalidOrder(input, 'filled', 'a decimal', input.filled)
  const remaining = plainText(input.remaining)
  if (remaining !== undefined && !isNegative(remaining) && compareText(remaining, amount) <= 0)
    return subtractText(amount, remaining)
  // A source that says neither: an order just made has no fill, one that is filled has all.
  if (status === undefined || status === 'rejected') return '0'
  if (status === 'filled') return amount
  throw invalidOrder(input, 'filled', 'told for an order that has ended', input.filled)
}

/**
 * What was filled, in quote currency: the payload's own text, else the exact product of amount
 * and average price, which is how ccxt got the number. Null when neither tells it.
 */
function readNotional(
  input: OrderInput,
  filled: DecimalText,
  average: DecimalText | null,
): DecimalText | null {
  const { cost } = input
  const product = average === null ? undefined : multiplyText(filled, average)
  if (cost === undefined || cost === null) return product ?? (isZero(filled) ? '0' : null)
  const told =
    typeof cost === 'number'
      ? (infoText(cost, input.info, payloadNames.cost) ?? product ?? exactText(cost, null, []))
      : plainText(cost)
  if (told === undefined || isNegative(told))
    throw invalidOrder(input, 'cost', 'a decimal not below zero', cost)
  return told
}

function averagePrice(
  filled: DecimalText,
  notional: DecimalText | null,
  told: DecimalText | null,
): DecimalText | null {
  if (isZero(filled) || notional === null || isZero(notional)) return null
  return told ?? divideText(notional, filled, quotientDigits) ?? null
}

/** ccxt says `closed` for whatever ended by execution, an IOC order's cut-off rest included. */
function closedOutcome(filled: DecimalText, amount: DecimalText): OrderOutcome {
  return compareText(filled, amount) >= 0 ? 'filled' : 'canceled'
}

const noFee = { fee: null, feeCurrency: null } as const

/**
 * The fee so far. An execution report (`l` is the size of its last fill) carries the fee of that
 * fill alone: it stands for the order only when that fill is all there is.
 */
function readFee(input: OrderInput, filled: DecimalText): Pick<OrderState, 'fee' | 'feeCurrency'> {
  if (input.fee === undefined || input.fee === null) return noFee
  const cost = exactText(input.fee.cost ?? undefined, input.info, payloadNames.fee)
  const currency = isAsset(input.fee.currency) ? input.fee.currency : null
  const lastFill = (input.info as Record<string, unknown> | null | undefined)?.['l']
  const ofLastFillOnly = typeof lastFill === 'string' && compareMaybe(lastFill, filled) !== 0
  return cost === undefined || currency === null || ofLastFillOnly
    ? { fee: null, feeCurrency: currency }
    : { fee: cost, feeCurrency: currency }
}

function compareMaybe(a: string, b: DecimalText): number | undefined {
  const checked = plainText(a)
  return checked === undefined ? undefined : compareText(checked, b)
}

function readTimes(input: OrderInput): [createdMs: number, updatedMs: number] {
  const created = checkedTime(input, input.timestamp)
  const updated = checkedTime(input, input.lastUpdateTimestamp)
  const traded = checkedTime(input, input.lastTradeTimestamp)
  const newest = Math.max(created ?? 0, updated ?? 0, traded ?? 0)
  if (newest === 0) throw invalidOrder(input, 'timestamp', 'Unix milliseconds', input.timestamp)
  return [created ?? Math.min(updated ?? newest, traded ?? newest), newest]
}

function checkedTime(input: OrderInput, time: number | null | undefined): number | undefined {
  if (time === undefined || time === null) return undefined
  if (!Number.isInteger(time) || time <= 0)
    throw invalidOrder(input, 'timestamp', 'Unix milliseconds', time)
  return time
}

function required(input: OrderInput, field: 'amount', value: DecimalText | undefined): DecimalText {
  if (value === undefined) throw invalidOrder(input, field, 'a decimal', input[field])
  return value
}

/** A price that may be missing; exchanges also write 0 for "none". */
function optional(
  input: OrderInput,
  field: 'price' | 'average' | 'triggerPrice',
  names: readonly string[],
): DecimalText | null {
  const value = input[field]
  if (value === undefined || value === null) return null
  const told = exactText(value, input.info, names)
  if (told === undefined || isNegative(told))
    throw invalidOrder(input, field, 'a decimal not below zero', value)
  return positiveOrNull(told)
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, maxIdChars) : null
}
