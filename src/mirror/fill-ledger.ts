import { addText, compareText } from './decimal.ts'
import type { DecimalText } from './decimal.ts'
import type { Fill } from './fill.ts'

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

interface Totals {
  orders: Set<string>
  amount: DecimalText
  notional: DecimalText
  fees: Map<string, DecimalText>
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
    if (fill.orderId !== null) {
      const ids = this.#byOrder.get(fill.orderId) ?? new Set()
      this.#byOrder.set(fill.orderId, ids.add(fill.id))
    }
    if (replaced === undefined) this.#count(fill)
    else this.#recount()
    return () => this.#takeBack(fill, replaced)
  }

  totals(side: 'buy' | 'sell'): SideTotals | undefined {
    const totals = this.#totals[side]
    return totals && { ...totals, count: totals.orders.size }
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
    if (replaced === undefined) {
      this.#fills.delete(fill.id)
      if (fill.orderId !== null) this.#byOrder.get(fill.orderId)?.delete(fill.id)
    } else this.#fills.set(fill.id, replaced)
    this.#recount()
  }

  #recount(): void {
    this.#totals = {}
    for (const fill of this.#fills.values()) this.#count(fill)
  }

  #count(fill: Fill): void {
    const totals = (this.#totals[fill.side] ??= {
      orders: new Set(),
      amount: '0',
      notional: '0',
      fees: new Map(),
    })
    // A fill whose order is not told counts as an order of its own.
    totals.orders.add(fill.orderId ?? `fill:${fill.id}`)
    totals.amount = addText(totals.amount, fill.amount)
    totals.notional = addText(totals.notional, fill.cost)
    if (fill.fee !== null && fill.feeCurrency !== null) {
      const sum = totals.fees.get(fill.feeCurrency) ?? '0'
      totals.fees.set(fill.feeCurrency, addText(sum, fill.fee))
    }
  }
}
