import { isPositive } from '../model/decimal.ts'
import type { CarriedPosition } from '../model/carried-position.ts'
import { fillName, tradedName, tradedNameOf } from '../model/fill-names.ts'
import { countFill, noSums, orderFee, untraded } from '../model/fill-sums.ts'
import type { OrderFee, SymbolSums, TradedOrder } from '../model/fill-sums.ts'
import type { Fill } from '../model/fill.ts'
import type { OrderState } from '../model/order.ts'
import type { MirrorState } from './mirror-state.ts'
import type { UnitContents } from './unit-contents.ts'

/** The part of a unit that has to do with trades. */
export type FillContents = Pick<
  UnitContents,
  'fills' | 'sums' | 'traded' | 'removedFills' | 'carried'
>

/**
 * What a unit writes of trades: each is counted once however often it comes, into sums that are
 * written absolute. What is not remembered is taken for new, and the unit is written only if none
 * of it is stored.
 */
export class FillPlan {
  readonly #state: MirrorState
  readonly #underWay: UnitContents | undefined
  readonly #fills = new Map<string, Fill>()
  readonly #sums = new Map<string, SymbolSums>()
  readonly #traded = new Map<string, TradedOrder | null>()
  readonly #removed = new Map<string, readonly string[]>()
  readonly #carried = new Map<string, CarriedPosition>()
  readonly #created = new Map<string, Set<string>>()
  readonly #untold = new Set<string>()
  #removedCount = 0

  constructor(state: MirrorState, underWay: UnitContents | undefined) {
    this.#state = state
    this.#underWay = underWay
  }

  get contents(): FillContents {
    return {
      fills: this.#fills,
      sums: this.#sums,
      traded: this.#traded,
      removedFills: this.#removed,
      carried: this.#carried,
    }
  }

  /** Ids of trades that must not be stored yet, by symbol. */
  get created(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#created
  }

  /** Names of orders' trades of which no sum may be stored yet. */
  get untold(): ReadonlySet<string> {
    return this.#untold
  }

  get size(): number {
    return this.#fills.size + this.#removedCount
  }

  get isEmpty(): boolean {
    return this.size + this.#sums.size + this.#traded.size + this.#carried.size === 0
  }

  /** False for a trade that is known; one that brings the fee later replaces the one without. */
  add(fill: Fill): boolean {
    const name = fillName(fill)
    const known = this.#fills.get(name) ?? this.#state.fills.get(name)
    if (known === undefined ? this.#state.isRemovedFill(fill) : !bringsFee(known, fill))
      return false
    if (known !== undefined) this.#count(known, -1)
    else if (!this.#state.unreadableFills.has(name)) this.#create(fill)
    this.#count(fill, 1)
    this.#fills.set(name, fill)
    return true
  }

  /** An order's fee as its trades tell it. */
  orderFee(order: Pick<OrderState, 'symbol' | 'side' | 'id' | 'filled'>): OrderFee | undefined {
    // Most orders that are told have no trade: their names are not even made.
    if (!isPositive(order.filled)) return undefined
    const traded = this.#tradedOf(tradedNameOf(order))
    return traded && orderFee(traded, order.filled)
  }

  rewrite(fill: Fill): void {
    this.#fills.set(fillName(fill), fill)
  }

  rewriteSums(symbol: string, sums: SymbolSums): void {
    this.#sums.set(symbol, sums)
  }

  rewriteTraded(name: string, traded: TradedOrder): void {
    this.#traded.set(name, traded)
  }

  rewriteCarried(carried: CarriedPosition): void {
    this.#carried.set(carried.symbol, carried)
  }

  /**
   * Takes out the oldest trades of a symbol, whose sums stay and whose position is carried over.
   * What an order's trades add up to stays as long as there may be more of them.
   */
  remove(ids: readonly string[], fills: readonly Fill[], carried: CarriedPosition): void {
    this.#removed.set(carried.symbol, ids)
    this.#removedCount += ids.length
    this.rewriteCarried(carried)
    for (const fill of fills) {
      const name = tradedName(fill)
      const traded = name === undefined ? undefined : this.#tradedOf(name)
      if (name === undefined || traded === undefined) continue
      const stored = traded.stored - 1
      const goes = stored <= 0 && !this.#state.openOrders.has(fill.orderId!)
      this.#traded.set(name, goes ? null : { ...traded, stored })
    }
  }

  /** What the trades of an order that is removed itself add up to, unless some are stored still. */
  removeTraded(name: string): void {
    const traded = this.#tradedOf(name)
    if (traded !== undefined && traded.stored <= 0) this.#traded.set(name, null)
  }

  #create({ symbol, id }: Fill): void {
    const ids = this.#created.get(symbol)
    if (ids === undefined) this.#created.set(symbol, new Set([id]))
    else ids.add(id)
  }

  #count(fill: Fill, sign: 1 | -1): void {
    const { symbol } = fill
    const name = tradedName(fill)
    const sums = this.#sums.get(symbol) ?? this.#state.sums.get(symbol) ?? noSums
    const before = name === undefined ? undefined : (this.#tradedOf(name) ?? untraded)
    const counted = countFill(sums, before, fill, sign)
    this.#sums.set(symbol, counted.sums)
    if (name !== undefined && counted.traded !== undefined) this.#traded.set(name, counted.traded)
  }

  #tradedOf(name: string): TradedOrder | undefined {
    const planned = this.#traded.get(name)
    const found = planned === undefined ? this.#underWay?.traded.get(name) : planned
    if (found !== undefined) return found ?? undefined
    const known = this.#state.traded.get(name)
    if (known === undefined) this.#untold.add(name)
    return known
  }
}

function bringsFee(known: Fill, fill: Fill): boolean {
  return known.fee === null && fill.fee !== null
}
