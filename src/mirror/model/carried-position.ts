import { addText, isNegative, subtractText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import { compareFills } from './fill-names.ts'
import type { Fill } from './fill.ts'
import { Position } from './position.ts'
import { parseSymbol } from './symbol.ts'
import type { MarketSymbol } from './symbol.ts'

/**
 * What the removed trades of a symbol left behind: the position that the trades after them go on
 * from. Costs stand by the currency that they were paid in, for what a fee in a third one is worth
 * is a question of the day that asks.
 */
export interface CarriedPosition {
  /** The market, such as `BTC/USDT`. */
  readonly symbol: string
  /** Trades before it are removed, Unix ms. */
  readonly beforeMs: number
  /** What was held, in the base currency; negative for a short. */
  readonly quantity: DecimalText
  /** What that had cost, by currency. */
  readonly costs: ReadonlyMap<string, DecimalText>
}

/** A trade's change of a position. */
export interface FillChange {
  readonly quantity: DecimalText
  /** What was paid in the quote currency, without any fee; negative for what was got. */
  readonly paid: DecimalText
}

/** What a market's trades do to a position; undefined for one whose profit is not computed. */
export function positionOf(market: MarketSymbol): { readonly shorts: boolean } | undefined {
  const { quote, settle } = market
  if (settle !== undefined && settle !== quote) return undefined
  return { shorts: settle !== undefined }
}

/** Whether a fee was taken from what was traded, so that it changes the quantity. */
export function isBaseFee(
  { base, settle }: MarketSymbol,
  fill: Pick<Fill, 'feeCurrency'>,
): boolean {
  return settle === undefined && fill.feeCurrency === base
}

/** A fee in the base currency changes the quantity: less comes, more goes. */
export function changeOf(
  { side, amount, cost }: Pick<Fill, 'side' | 'amount' | 'cost'>,
  baseFee: DecimalText,
): FillChange {
  if (side === 'sell')
    return { quantity: subtractText('0', addText(amount, baseFee)), paid: subtractText('0', cost) }
  const received = subtractText(amount, baseFee)
  // A fee above the amount bought would turn a purchase into a sale.
  return { quantity: isNegative(received) ? '0' : received, paid: cost }
}

/** The position after some more trades, which are the oldest that there are. */
export function carryOver(
  carried: CarriedPosition | undefined,
  symbol: string,
  fills: readonly Fill[],
  beforeMs: number,
): CarriedPosition {
  const market = parseSymbol(symbol)
  const kind = market && positionOf(market)
  const known = carried ?? { quantity: '0', costs: new Map<string, DecimalText>() }
  if (market === undefined || kind === undefined)
    return { symbol, beforeMs, quantity: '0', costs: new Map() }
  // One position for each currency: all go through the same quantities.
  const positions = new Map<string, Position>()
  const positionIn = (currency: string, quantity: DecimalText): Position => {
    const cost = known.costs.get(currency) ?? '0'
    const position = positions.get(currency) ?? new Position(kind.shorts, { quantity, cost })
    positions.set(currency, position)
    return position
  }
  const main = positionIn(market.quote, known.quantity)
  for (const currency of known.costs.keys()) positionIn(currency, known.quantity)
  for (const fill of [...fills].sort(compareFills)) {
    const inBase = isBaseFee(market, fill)
    const { quantity, paid } = changeOf(fill, inBase ? (fill.fee ?? '0') : '0')
    const fee = inBase ? null : fill.fee
    if (fee !== null && fill.feeCurrency !== null)
      positionIn(fill.feeCurrency, main.holding.quantity)
    for (const [currency, position] of positions)
      position.change({
        quantity,
        paid: addText(
          currency === market.quote ? paid : '0',
          fee !== null && currency === fill.feeCurrency ? fee : '0',
        ),
      })
  }
  const costs = new Map([...positions].map(([currency, { holding }]) => [currency, holding.cost]))
  return { symbol, beforeMs, quantity: main.holding.quantity, costs }
}
