import {
  addDecimal,
  addText,
  compareText,
  formatDecimal,
  parseDecimal,
  subtractDecimal,
} from '../model/decimal.ts'
import type { Decimal, DecimalText } from '../model/decimal.ts'
import type { Fill } from '../model/fill.ts'

/** Sums over the fills of one symbol and side. */
export interface SideTotals {
  /** Orders with a fill. */
  readonly count: number
  readonly amount: DecimalText
  readonly notional: DecimalText
  /** By the asset that the fee was taken in. */
  readonly fees: ReadonlyMap<string, DecimalText>
}

/** What was filled of one order, when its fills are all known. */
export interface OrderFee {
  readonly fee: DecimalText
  readonly feeCurrency: string
}

/** A sum that terms can be taken out of again. */
interface Sum {
  total: Decimal
  /** How many terms have each scale: the sum is shown with as many digits as the longest. */
  readonly scales: Map<number, number>
  terms: number
}

interface Totals {
  /** How many fills each order has. */
  readonly orders: Map<string, number>
  readonly amount: Sum
  readonly notional: Sum
  readonly fees: Map<string, Sum>
}

/**
 * The fills of one symbol by id, with the sums that the trade statistics are made of. A fill is
 * counted once however often it comes; one that brings the fee later replaces the one without.
 */
export class FillLedger {
  readonly #fills = new Map<string, Fill>()
  readonly #byOrder = new Map<string, Set<string>>()
  #totals: Partial<Record<'buy' | 'sell', Totals>> = {}

  get size(): number {
    return this.#fills.size
  }

  fills(): IterableIterator<Fill> {
    return this.#fills.values()
  }

  /** Whether {@link add} would change anything. */
  wants(fill: Fill): boolean {
    const known = this.#fills.get(fill.id)
    return known === undefined || (known.fee === null && fill.fee !== null)
  }

  /** Adds a fill that is {@link wants | wanted}; the returned function takes it back. */
  add(fill: Fill): () => void {
    const replaced = this.#fills.get(fill.id)
    this.#fills.set(fill.id, fill)
    // Never counted anew from all fills: late fees come for thousands of them at a time.
    if (replaced !== undefined) this.#uncount(replaced)
    this.#count(fill)
    return () => this.#takeBack(fill, replaced)
  }

  totals(side: 'buy' | 'sell'): SideTotals | undefined {
    const totals = this.#totals[side]
    if (totals === undefined || totals.orders.size === 0) return undefined
    return {
      count: totals.orders.size,
      amount: sumText(totals.amount),
      notional: sumText(totals.notional),
      fees: new Map([...totals.fees].map(([asset, sum]) => [asset, sumText(sum)])),
    }
  }

  /**
   * The fee of an order as its fills add up, when they cover what was filled of it and were all
   * paid in one currency; undefined otherwise.
   */
  orderFee(orderId: string, filled: DecimalText): OrderFee | undefined {
    const ids = this.#byOrder.get(orderId)
    if (ids === undefined) return undefined
    let amount = '0'
    let fee = '0'
    let currency: string | undefined
    for (const id of ids) {
      const fill = this.#fills.get(id)!
      if (fill.fee === null || fill.feeCurrency === null) return undefined
      if (currency !== undefined && currency !== fill.feeCurrency) return undefined
      currency = fill.feeCurrency
      amount = addText(amount, fill.amount)
      fee = fee === '0' ? fill.fee : addText(fee, fill.fee)
    }
    if (currency === undefined || compareText(amount, filled) !== 0) return undefined
    return { fee, feeCurrency: currency }
  }

  #takeBack(fill: Fill, replaced: Fill | undefined): void {
    this.#uncount(fill)
    if (replaced === undefined) this.#fills.delete(fill.id)
    else {
      this.#fills.set(fill.id, replaced)
      this.#count(replaced)
    }
  }

  #count(fill: Fill): void {
    const totals = (this.#totals[fill.side] ??= {
      orders: new Map(),
      amount: emptySum(),
      notional: emptySum(),
      fees: new Map(),
    })
    if (fill.orderId !== null) {
      const ids = this.#byOrder.get(fill.orderId) ?? new Set()
      this.#byOrder.set(fill.orderId, ids.add(fill.id))
    }
    const order = countedAs(fill)
    totals.orders.set(order, (totals.orders.get(order) ?? 0) + 1)
    addTerm(totals.amount, fill.amount)
    addTerm(totals.notional, fill.cost)
    if (fill.fee === null || fill.feeCurrency === null) return
    const sum = totals.fees.get(fill.feeCurrency) ?? emptySum()
    totals.fees.set(fill.feeCurrency, sum)
    addTerm(sum, fill.fee)
  }

  #uncount(fill: Fill): void {
    const totals = this.#totals[fill.side]!
    if (fill.orderId !== null) {
      const ids = this.#byOrder.get(fill.orderId)!
      ids.delete(fill.id)
      if (ids.size === 0) this.#byOrder.delete(fill.orderId)
    }
    const order = countedAs(fill)
    const rest = totals.orders.get(order)! - 1
    if (rest > 0) totals.orders.set(order, rest)
    else totals.orders.delete(order)
    removeTerm(totals.amount, fill.amount)
    removeTerm(totals.notional, fill.cost)
    if (fill.fee === null || fill.feeCurrency === null) return
    const sum = totals.fees.get(fill.feeCurrency)!
    removeTerm(sum, fill.fee)
    if (sum.terms === 0) totals.fees.delete(fill.feeCurrency)
  }
}

/** A fill whose order is not told counts as an order of its own. */
function countedAs(fill: Fill): string {
  return fill.orderId ?? `fill:${fill.id}`
}

function emptySum(): Sum {
  return { total: parseDecimal('0'), scales: new Map(), terms: 0 }
}

function addTerm(sum: Sum, text: DecimalText): void {
  const term = parseDecimal(text)
  sum.total = addDecimal(sum.total, term)
  sum.scales.set(term.scale, (sum.scales.get(term.scale) ?? 0) + 1)
  sum.terms += 1
}

function removeTerm(sum: Sum, text: DecimalText): void {
  const term = parseDecimal(text)
  const rest = sum.scales.get(term.scale)! - 1
  if (rest > 0) sum.scales.set(term.scale, rest)
  else sum.scales.delete(term.scale)
  sum.terms -= 1
  const { coefficient, scale } = subtractDecimal(sum.total, term)
  // What the longest term alone had digits for are zeros now.
  const digits = Math.max(0, ...sum.scales.keys())
  sum.total = { coefficient: coefficient / 10n ** BigInt(scale - digits), scale: digits }
}

function sumText({ total }: Sum): DecimalText {
  return formatDecimal(total)
}
