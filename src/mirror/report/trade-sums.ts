import { addText, divideText, isPositive } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import { moneyScale } from '../model/position.ts'
import type { Holding } from '../model/position.ts'
import { addTo, tableOf, trimmed } from './money.ts'
import type { FillOutcome, ReportFill } from './trade-history.ts'

/** One market's part of a daily report, in its quote currency. */
export interface SymbolReport {
  readonly totalBuys: number
  readonly totalSells: number
  readonly totalFills: number
  readonly bought: DecimalText
  readonly sold: DecimalText
  readonly avgBuyPrice: DecimalText | null
  readonly avgSellPrice: DecimalText | null
  readonly pnl: DecimalText
  readonly winRate: number | null
  readonly fees: Readonly<Record<string, DecimalText>>
  /** What is held at the end of the day, as far as the fills tell, and its average cost. */
  readonly position: { readonly amount: DecimalText; readonly avgCost: DecimalText | null }
}

/** How many orders closed part of a position, and how many of them at a profit. */
export interface Closings {
  readonly closed: number
  readonly won: number
}

type Side = ReportFill['side']

/** Sums over the fills of a day; those of one order count as one trade. */
export class TradeSums {
  readonly fees: Map<string, DecimalText> = new Map()
  fills = 0
  /** After the last of them; null where nothing is computed. */
  holding: Holding | null = null
  #pnl: DecimalText = '0'
  readonly #orders = { buy: new Set<string>(), sell: new Set<string>() }
  readonly #amount = { buy: '0', sell: '0' }
  readonly #notional = { buy: '0', sell: '0' }
  /** Realised per order that closed anything. */
  readonly #closings = new Map<string, DecimalText>()

  add({ fill, pnl, holding }: FillOutcome): void {
    const { side, amount, cost, fee, feeCurrency } = fill
    const order = `${fill.symbol} ${fill.orderId ?? `fill:${fill.id}`}`
    this.fills += 1
    this.holding = holding
    this.#orders[side].add(order)
    this.#amount[side] = addText(this.#amount[side], amount)
    this.#notional[side] = addText(this.#notional[side], cost)
    if (fee !== null && feeCurrency !== null) addTo(this.fees, feeCurrency, fee)
    if (pnl === undefined) return
    this.#pnl = addText(this.#pnl, pnl)
    addTo(this.#closings, order, pnl)
  }

  get pnl(): DecimalText {
    return trimmed(this.#pnl)
  }

  orders(side: Side): number {
    return this.#orders[side].size
  }

  amount(side: Side): DecimalText {
    return trimmed(this.#amount[side])
  }

  /** Without fees; null when there was none. */
  averagePrice(side: Side): DecimalText | null {
    return divideText(this.#notional[side], this.#amount[side], moneyScale) ?? null
  }

  /** Orders that closed anything, and those of them that did so at a profit. */
  get closings(): Closings {
    const won = [...this.#closings.values()].filter(isPositive).length
    return { closed: this.#closings.size, won }
  }

  winRate(): number | null {
    return winRate(this.closings)
  }
}

/** A share to four digits; null when nothing was closed. */
export function winRate({ closed, won }: Closings): number | null {
  return closed === 0 ? null : Math.round((won / closed) * 10_000) / 10_000
}

export function symbolReport(sums: TradeSums): SymbolReport {
  const { quantity, cost } = sums.holding ?? { quantity: '0', cost: '0' }
  return {
    totalBuys: sums.orders('buy'),
    totalSells: sums.orders('sell'),
    totalFills: sums.fills,
    bought: sums.amount('buy'),
    sold: sums.amount('sell'),
    avgBuyPrice: sums.averagePrice('buy'),
    avgSellPrice: sums.averagePrice('sell'),
    pnl: sums.pnl,
    winRate: sums.winRate(),
    fees: tableOf(sums.fees),
    position: {
      amount: trimmed(quantity),
      avgCost: divideText(cost, quantity, moneyScale) ?? null,
    },
  }
}
