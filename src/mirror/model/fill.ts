import { PairduckError, shown } from '../../errors.ts'
import { isPositive, multiplyText } from './decimal.ts'
import type { DecimalInput, DecimalText } from './decimal.ts'
import { exactText, infoText } from './exact-text.ts'
import type { FeeInput } from './order.ts'
import { idText } from './id.ts'
import { payloadNames } from '../exchanges/payload-names.ts'
import { isAsset, parseSymbol } from './symbol.ts'
import { isUnixMs, unixMsForm } from './time.ts'

/** One of the account's own trades as a source tells it; ccxt's unified trade fits as it is. */
export interface FillInput {
  /** The exchange's id. */
  readonly id?: string | number | bigint | null | undefined
  /** The id of its order. */
  readonly order?: string | number | bigint | null | undefined
  /** The market, such as `BTC/USDT`. */
  readonly symbol?: string | null | undefined
  /** `buy` or `sell`. */
  readonly side?: string | null | undefined
  /** In the quote currency. */
  readonly price?: DecimalInput | null | undefined
  /** In the base currency. */
  readonly amount?: DecimalInput | null | undefined
  /** Price × amount, in the quote currency. */
  readonly cost?: DecimalInput | null | undefined
  /** The fee. */
  readonly fee?: FeeInput | null | undefined
  /** Unix ms; the fraction carries microseconds. */
  readonly timestamp?: number | null | undefined
  /** Whether the order took or made liquidity. */
  readonly takerOrMaker?: string | null | undefined
  /** The exchange's own answer, untouched. */
  readonly info?: unknown
}

/** A mirrored fill. Decimals are the exchange's own digits. */
export interface Fill {
  /** The exchange's id. */
  readonly id: string
  /** The order that the trade belongs to. */
  readonly orderId: string | null
  /** The market, such as `BTC/USDT`. */
  readonly symbol: string
  /** `buy` or `sell`. */
  readonly side: 'buy' | 'sell'
  /** In the quote currency. */
  readonly price: DecimalText
  /** In the base currency. */
  readonly amount: DecimalText
  /** Price times amount, in quote currency. */
  readonly cost: DecimalText
  /** The fee. */
  readonly fee: DecimalText | null
  /** The currency of the fee. */
  readonly feeCurrency: string | null
  /** Unix ms; the fraction carries microseconds. */
  readonly timestamp: number
  /** Whether the order took or made liquidity. */
  readonly takerOrMaker: 'taker' | 'maker' | null
}

/** Checks one of the account's trades. Throws `INVALID_EVENT` naming the trade and the field. */
export function readFill(input: FillInput, derivatives: boolean): Fill {
  if (typeof input !== 'object' || input === null) throw invalid({}, 'fill', 'an object', input)
  const { symbol, side, info } = input
  const id = idText(input.id)
  if (id === undefined) throw invalid(input, 'id', "the exchange's trade id", input.id)
  const market = parseSymbol(symbol)
  if (market === undefined) throw invalid(input, 'symbol', 'a symbol as BASE/QUOTE', symbol)
  if (market.settle !== undefined && !derivatives)
    throw invalid(input, 'symbol', 'a spot symbol (or `derivatives: true`)', symbol)
  if (side !== 'buy' && side !== 'sell') throw invalid(input, 'side', '`buy` or `sell`', side)
  const amount = positive(input, 'amount', exactText(input.amount, info, payloadNames.fill.amount))
  const price = positive(input, 'price', exactText(input.price, info, payloadNames.fill.price))
  if (!isUnixMs(input.timestamp)) throw invalid(input, 'timestamp', unixMsForm, input.timestamp)
  const feeCurrency = isAsset(input.fee?.currency) ? input.fee.currency : null
  const fee = exactText(input.fee?.cost ?? undefined, info, payloadNames.fill.fee)
  return {
    id,
    orderId: idText(input.order) ?? null,
    symbol: symbol!,
    side,
    price,
    amount,
    cost: readCost(input, price, amount),
    fee: feeCurrency === null ? null : (fee ?? null),
    feeCurrency: fee === undefined ? null : feeCurrency,
    timestamp: input.timestamp,
    takerOrMaker:
      input.takerOrMaker === 'taker' || input.takerOrMaker === 'maker' ? input.takerOrMaker : null,
  }
}

/** The payload's own text of the cost, else the exact product. */
function readCost(input: FillInput, price: DecimalText, amount: DecimalText): DecimalText {
  const { cost, info } = input
  const told =
    typeof cost === 'number'
      ? infoText(cost, info, payloadNames.fill.cost)
      : exactText(cost ?? undefined, null, [])
  return told !== undefined && isPositive(told) ? told : multiplyText(price, amount)
}

function positive(
  input: FillInput,
  field: 'amount' | 'price',
  value: DecimalText | undefined,
): DecimalText {
  if (value === undefined || !isPositive(value))
    throw invalid(input, field, 'a decimal above zero', input[field])
  return value
}

function invalid(input: FillInput, field: string, expected: string, value: unknown): PairduckError {
  return new PairduckError(
    'INVALID_EVENT',
    `fill ${shown(input.id)}: expected \`${field}\` to be ${expected}, got ${shown(value)}`,
    { kind: 'fill', id: input.id, field, value },
  )
}
