import { addText, compareText, isPositive, subtractText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import type { Fill } from './fill.ts'

/** Sums over all trades of one symbol and side, those included that are stored no longer. */
export interface SideSums {
  /** Orders with a trade. */
  readonly count: number
  readonly amount: DecimalText
  readonly notional: DecimalText
  /** By the asset that the fee was taken in. */
  readonly fees: ReadonlyMap<string, DecimalText>
}

/** What the trade statistics of a symbol are made of. */
export interface SymbolSums {
  /** Time of the newest trade, Unix ms. */
  readonly newestMs: number
  readonly buy: SideSums
  readonly sell: SideSums
}

/** What the trades of one order add up to. */
export interface TradedOrder {
  /** How many of them are stored. */
  readonly stored: number
  readonly amount: DecimalText
  /** Trades of which no fee is known. */
  readonly unpaid: number
  readonly fees: ReadonlyMap<string, DecimalText>
}

/** What was paid for an order, when its trades are all known. */
export interface OrderFee {
  readonly fee: DecimalText
  readonly feeCurrency: string
}

/** The two sums that a trade is counted in. */
export interface CountedFill {
  readonly sums: SymbolSums
  /** Undefined where the trade's order is not told. */
  readonly traded: TradedOrder | undefined
}

const noSide: SideSums = { count: 0, amount: '0', notional: '0', fees: new Map() }
export const noSums: SymbolSums = { newestMs: 0, buy: noSide, sell: noSide }
export const untraded: TradedOrder = { stored: 0, amount: '0', unpaid: 0, fees: new Map() }

/**
 * Counts a trade, or takes it out again (`sign` −1). An order counts once however many trades it
 * has; a trade whose order is not told counts as an order of its own.
 */
export function countFill(
  sums: SymbolSums,
  traded: TradedOrder | undefined,
  fill: Fill,
  sign: 1 | -1 = 1,
): CountedFill {
  const next = traded && tradedWith(traded, fill, sign)
  const orders = traded && next ? Number(isTraded(next)) - Number(isTraded(traded)) : sign
  const side = sums[fill.side]
  const counted = {
    count: side.count + orders,
    amount: moved(side.amount, fill.amount, sign),
    notional: moved(side.notional, fill.cost, sign),
    fees: feesWith(side.fees, fill, sign),
  }
  const newestMs = Math.max(sums.newestMs, fill.timestamp)
  return { sums: { ...sums, newestMs, [fill.side]: counted }, traded: next }
}

/**
 * The fee of an order as its trades add up, when they cover what was filled of it and were all paid
 * in one currency; undefined otherwise.
 */
export function orderFee(traded: TradedOrder, filled: DecimalText): OrderFee | undefined {
  const [paid, ...others] = traded.fees
  if (paid === undefined || others.length > 0 || traded.unpaid > 0) return undefined
  if (compareText(traded.amount, filled) !== 0) return undefined
  return { feeCurrency: paid[0], fee: paid[1] }
}

function tradedWith(traded: TradedOrder, fill: Fill, sign: 1 | -1): TradedOrder {
  return {
    stored: traded.stored + sign,
    amount: moved(traded.amount, fill.amount, sign),
    unpaid: traded.unpaid + (feeOf(fill) === undefined ? sign : 0),
    fees: feesWith(traded.fees, fill, sign),
  }
}

function isTraded({ amount }: TradedOrder): boolean {
  return isPositive(amount)
}

function feesWith(
  fees: ReadonlyMap<string, DecimalText>,
  fill: Fill,
  sign: 1 | -1,
): ReadonlyMap<string, DecimalText> {
  const paid = feeOf(fill)
  if (paid === undefined) return fees
  const known = fees.get(paid.feeCurrency)
  const fee = known === undefined && sign > 0 ? paid.fee : moved(known ?? '0', paid.fee, sign)
  return new Map(fees).set(paid.feeCurrency, fee)
}

function feeOf({ fee, feeCurrency }: Fill): OrderFee | undefined {
  return fee === null || feeCurrency === null ? undefined : { fee, feeCurrency }
}

function moved(sum: DecimalText, by: DecimalText, sign: 1 | -1): DecimalText {
  return sign > 0 ? addText(sum, by) : subtractText(sum, by)
}
