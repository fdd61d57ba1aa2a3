import { addText, isNegative, subtractText } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import type { Fill } from '../model/fill.ts'
import { parseSymbol } from '../model/symbol.ts'
import type { ExchangeRates } from './exchange-rates.ts'
import { Position, type Closing, type Holding } from './position.ts'

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
 * comes, more goes); one in the quote currency what was paid; any other is converted.
 */
export function tradeHistory(fills: Iterable<ReportFill>, rates: ExchangeRates): FillOutcome[] {
  const positions = new Map<string, Position>()
  return inOrder(fills).map((fill) => {
    const { base, quote, settle } = marketOf(fill)
    if (settle !== undefined && settle !== quote)
      return { fill, pnl: undefined, uncovered: '0', holding: null, feeCounted: false }
    const position = positions.get(fill.symbol) ?? new Position(settle !== undefined)
    positions.set(fill.symbol, position)
    const baseFee = settle === undefined && fill.feeCurrency === base ? (fill.fee ?? '0') : '0'
    const fee = baseFee === '0' ? feeIn(quote, fill, rates) : '0'
    const closing = position.change(changeOf(fill, baseFee, fee ?? '0'))
    return { fill, ...closing, holding: position.holding, feeCounted: fee !== undefined }
  })
}

/** Base, quote and settlement currency of a fill's symbol. */
export function marketOf({ symbol }: Pick<ReportFill, 'symbol'>): {
  base: string
  quote: string
  settle: string | undefined
} {
  const market = parseSymbol(symbol)
  if (market === undefined) throw new TypeError(`a mirrored fill has no symbol: ${symbol}`)
  return market
}

function inOrder(fills: Iterable<ReportFill>): ReportFill[] {
  const byId = new Map<string, ReportFill>()
  for (const fill of fills) byId.set(`${fill.symbol} ${fill.id}`, fill)
  // Ids of one length compare as numbers do: those of one moment keep the exchange's order.
  return [...byId.values()].sort(
    (a, b) =>
      a.timestamp - b.timestamp ||
      a.id.length - b.id.length ||
      compareCodeUnits(a.id, b.id) ||
      compareCodeUnits(a.symbol, b.symbol),
  )
}

function changeOf(
  { side, amount, cost }: ReportFill,
  baseFee: DecimalText,
  fee: DecimalText,
): { quantity: DecimalText; paid: DecimalText } {
  if (side === 'sell')
    return { quantity: subtractText('0', addText(amount, baseFee)), paid: subtractText(fee, cost) }
  const received = subtractText(amount, baseFee)
  // A fee above the amount bought would turn a purchase into a sale.
  return { quantity: isNegative(received) ? '0' : received, paid: addText(cost, fee) }
}

function feeIn(quote: string, fill: ReportFill, rates: ExchangeRates): DecimalText | undefined {
  if (fill.fee === null || fill.feeCurrency === null) return '0'
  return rates.convert(fill.fee, fill.feeCurrency, quote)
}

function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
