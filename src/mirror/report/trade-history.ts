import { addText } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import { changeOf, isBaseFee, positionOf } from '../model/carried-position.ts'
import type { CarriedPosition } from '../model/carried-position.ts'
import type { Fill } from '../model/fill.ts'
import { compareFills, fillName } from '../model/fill-names.ts'
import { Position } from '../model/position.ts'
import type { Closing, Holding } from '../model/position.ts'
import { parseSymbol } from '../model/symbol.ts'
import type { MarketSymbol } from '../model/symbol.ts'
import type { ExchangeRates } from './exchange-rates.ts'

/** The part of a mirrored fill that a report is computed from. */
export type ReportFill = Pick<
  Fill,
  | 'id'
  | 'orderId'
  | 'symbol'
  | 'side'
  | 'price'
  | 'amount'
  | 'cost'
  | 'fee'
  | 'feeCurrency'
  | 'timestamp'
>

/** A fill with what it closed and what was held after it. */
export interface FillOutcome extends Closing {
  readonly fill: ReportFill
  /** Null for a market settled in another currency than it is quoted in: nothing is computed. */
  readonly holding: Holding | null
  /** False when its fee is in a currency without a rate and therefore in no profit or loss. */
  readonly feeCounted: boolean
}

/**
 * Follows the position of each symbol through all fills, each counted once however often it is
 * given, in the order of time, then id. A fee in the base currency changes the quantity (less
 * comes, more goes); one in the quote currency what was paid; any other is converted. A position
 * goes on from what trades that are removed left behind.
 */
export function tradeHistory(
  fills: Iterable<ReportFill>,
  rates: ExchangeRates,
  carried: Iterable<CarriedPosition> = [],
): FillOutcome[] {
  const positions = new Map<string, Position>()
  const left = new Map([...carried].map((each) => [each.symbol, each]))
  return inOrder(fills, left).map((fill) => {
    const market = marketOf(fill)
    const kind = positionOf(market)
    if (kind === undefined)
      return { fill, pnl: undefined, uncovered: '0', holding: null, feeCounted: false }
    const position =
      positions.get(fill.symbol) ?? new Position(kind.shorts, heldOf(left.get(fill.symbol), rates))
    positions.set(fill.symbol, position)
    const inBase = isBaseFee(market, fill)
    const fee = inBase ? '0' : feeIn(market.quote, fill, rates)
    const { quantity, paid } = changeOf(fill, inBase ? (fill.fee ?? '0') : '0')
    const closing = position.change({ quantity, paid: addText(paid, fee ?? '0') })
    return { fill, ...closing, holding: position.holding, feeCounted: fee !== undefined }
  })
}

/** Base, quote and settlement currency of a fill's symbol. */
export function marketOf({ symbol }: Pick<ReportFill, 'symbol'>): MarketSymbol {
  const market = parseSymbol(symbol)
  if (market === undefined) throw new TypeError(`a mirrored fill has no symbol: ${symbol}`)
  return market
}

function inOrder(
  fills: Iterable<ReportFill>,
  carried: ReadonlyMap<string, CarriedPosition>,
): ReportFill[] {
  const byName = new Map<string, ReportFill>()
  // Some may have been removed, and be in what was carried over, since they were read.
  for (const fill of fills)
    if (fill.timestamp >= (carried.get(fill.symbol)?.beforeMs ?? -Infinity))
      byName.set(fillName(fill), fill)
  return [...byName.values()].sort(compareFills)
}

/** A fee without a rate is in no cost, as it is in no profit. */
function heldOf(carried: CarriedPosition | undefined, rates: ExchangeRates): Holding | undefined {
  if (carried === undefined) return undefined
  const { quote } = marketOf(carried)
  let cost = '0'
  for (const [currency, amount] of carried.costs)
    cost = addText(cost, rates.convert(amount, currency, quote) ?? '0')
  return { quantity: carried.quantity, cost }
}

function feeIn(quote: string, fill: ReportFill, rates: ExchangeRates): DecimalText | undefined {
  if (fill.fee === null || fill.feeCurrency === null) return '0'
  return rates.convert(fill.fee, fill.feeCurrency, quote)
}
