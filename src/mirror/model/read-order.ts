import { compareText, divideText, isNegative, isZero, multiplyText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import { exactText, infoText } from './exact-text.ts'
import { idForm, idText } from './id.ts'
import { readAmounts } from './order-amounts.ts'
import { payloadNames as names } from '../exchanges/payload-names.ts'
import { invalidOrder, plainText, positiveOrNull } from './order.ts'
import type { OrderInput, OrderState } from './order.ts'
import { outcomeOf } from './order-status.ts'
import { isAsset, parseSymbol } from './symbol.ts'
import { isUnixMs, unixMsForm } from './time.ts'
import type { MarketSymbol } from './symbol.ts'

const { order: payloadNames } = names
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
  const price = optional(input, 'price', payloadNames.price)
  const type = executionType(input, price)
  const { amount, filled, outcome } = readAmounts(input, type, status)
  const average = optional(input, 'average', payloadNames.average)
  const notional = readNotional(input, filled, average)
  const [createdMs, updatedMs] = readTimes(input)
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
  const id = idText(input.id)
  if (id === undefined) throw invalidOrder(input, 'id', idForm, input.id)
  return id
}

function readSymbol(input: OrderInput, derivatives: boolean): MarketSymbol {
  const market = parseSymbol(input.symbol)
  if (market === undefined)
    throw invalidOrder(input, 'symbol', 'a symbol as BASE/QUOTE', input.symbol)
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
  const created = checkedTime(input, 'timestamp')
  const updated = checkedTime(input, 'lastUpdateTimestamp')
  const traded = checkedTime(input, 'lastTradeTimestamp')
  const newest = Math.max(created ?? 0, updated ?? 0, traded ?? 0)
  if (newest === 0) throw invalidOrder(input, 'timestamp', unixMsForm, input.timestamp)
  return [created ?? Math.min(updated ?? newest, traded ?? newest), newest]
}

function checkedTime(
  input: OrderInput,
  field: 'timestamp' | 'lastUpdateTimestamp' | 'lastTradeTimestamp',
): number | undefined {
  const time = input[field]
  if (time === undefined || time === null) return undefined
  if (!isUnixMs(time)) throw invalidOrder(input, field, unixMsForm, time)
  return time
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
