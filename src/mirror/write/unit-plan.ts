import { sameBalance } from '../model/balance.ts'
import type { TimedBalance } from '../model/balance.ts'
import type { DecimalText } from '../model/decimal.ts'
import type { Fill } from '../model/fill.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import type { MirrorState } from './mirror-state.ts'
import { advanceOrder, withFee } from '../model/order-record.ts'
import type { OrderRecord } from '../model/order-record.ts'
import type { OrderState } from '../model/order.ts'
import type { AbsentOrder } from '../stored/absent-order.ts'
import type { TimedTicker } from '../model/ticker.ts'
import { FillPlan } from './fill-plan.ts'
import { TransferPlan } from './transfer-plan.ts'
import { UnitCommands } from './unit-commands.ts'
import { takeOver } from './unit-contents.ts'
import type { UnitContents } from './unit-contents.ts'
import { EncodedUnit } from './unit-encoding.ts'
import type { WriteSettings } from './unit-encoding.ts'

/** A script over 10,000 orders would hold the server for 30 ms, planning them this process. */
const maxItems = 500
const maxHistoryBytes = 2_000_000

/**
 * What one atomic unit is going to write: changes are laid over what is known, the newest state
 * of each thing is written once, and only {@link commit} makes it what is known.
 */
export class UnitPlan {
  readonly #state: MirrorState
  readonly #keys: MirrorKeys
  readonly #settings: WriteSettings
  readonly #underWay: UnitContents | undefined
  readonly #orders = new Map<string, OrderRecord>()
  readonly #new = new Set<string>()
  readonly #absent = new Map<string, AbsentOrder | null>()
  readonly #balances = new Map<string, TimedBalance | null>()
  readonly #tickers = new Map<string, TimedTicker>()
  readonly #removed = new Set<string>()
  readonly fills: FillPlan
  readonly transfers: TransferPlan
  #repairs: UnitCommands | undefined
  #historyBytes = 0
  #encoded: EncodedUnit | undefined

  /** `underWay`: the unit before, planned upon as if that were written already. */
  constructor(
    state: MirrorState,
    keys: MirrorKeys,
    settings: WriteSettings,
    underWay?: UnitContents,
  ) {
    this.#state = state
    this.#keys = keys
    this.#settings = settings
    this.#underWay = underWay
    this.fills = new FillPlan(state, underWay)
    this.transfers = new TransferPlan(state, settings.refCurrency, (symbol) => this.#price(symbol))
  }

  get isEmpty(): boolean {
    const isEmpty = this.#size === 0 && this.fills.isEmpty && this.transfers.isEmpty
    return isEmpty && this.#repairs === undefined
  }

  get contents(): UnitContents {
    return {
      orders: this.#orders,
      balances: this.#balances,
      tickers: this.#tickers,
      absent: this.#absent,
      removed: this.#removed,
      ...this.fills.contents,
      ...this.transfers.contents,
    }
  }

  /** Whether the unit is as big as a unit may be. */
  get isFull(): boolean {
    return this.#size >= maxItems || this.#historyBytes > maxHistoryBytes
  }

  /** Takes out what doesn't belong in a set or the balances, which no change would. */
  repair(key: string, id: string): void {
    const command = key === this.#keys.balances ? 'HDEL' : 'SREM'
    ;(this.#repairs ??= new UnitCommands()).add(command, key, [id])
  }

  /** An order that ended, in the index of those. */
  indexClosed(id: string, endedMs: number): void {
    ;(this.#repairs ??= new UnitCommands()).add('ZADD', this.#keys.closed, [String(endedMs), id])
  }

  /** A field of the mirror's own. */
  note(key: string, field: string, value: string): void {
    ;(this.#repairs ??= new UnitCommands()).add('HSET', key, [field, value])
  }

  /** An order's event, or what a snapshot says of it; false when it changes nothing. */
  order(next: OrderState, isSnapshot = false): boolean {
    const prev = this.#order(next.id)
    if (prev === undefined && this.#isPruned(next)) return this.forgetAbsent(next.id)
    const record = this.#settled(advanceOrder(prev, next, this.#settings.maxHistory, isSnapshot))
    if (record === prev) return false
    if (prev === undefined) this.#create(next.id)
    this.rewriteOrder(record)
    return true
  }

  /** A closed order that is kept no longer. */
  removeOrder(id: string): void {
    this.#removed.add(id)
  }

  /** An order to write as it is known. */
  rewriteOrder(record: OrderRecord): void {
    this.#orders.set(record.state.id, record)
    if (this.#isAbsent(record.state.id)) this.#absent.set(record.state.id, null)
    this.#historyBytes += record.history.length * 250
  }

  fill(fill: Fill): boolean {
    if (!this.fills.add(fill)) return false
    const { orderId: id, symbol, timestamp: tradedMs } = fill
    const prev = id === null ? undefined : this.#order(id)
    if (prev !== undefined) {
      const record = this.#settled(prev)
      if (record !== prev) this.rewriteOrder(record)
    } else if (id !== null && !this.#isAbsent(id)) {
      this.#create(id)
      this.rewriteAbsent({ id, symbol, tradedMs })
    }
    return true
  }

  /** An order of which only trades are known, and no more will be. */
  forgetAbsent(id: string): boolean {
    if (!this.#isAbsent(id)) return false
    this.#absent.set(id, null)
    return true
  }

  /** An order that is known by its trades alone. */
  rewriteAbsent(order: AbsentOrder): void {
    this.#absent.set(order.id, order)
  }

  /**
   * A balance that was so at its own time. One without comes after what it replaces, and after all
   * that the exchange had told when it was fetched (`seenMs`), the same millisecond included.
   */
  balance(next: TimedBalance, seenMs?: number | null): boolean {
    this.#state.newestBalanceMs = laterOf(this.#state.newestBalanceMs, next.timestamp)
    const staged = this.#balances.get(next.asset)
    const prev = staged === undefined ? this.#state.balances.get(next.asset) : (staged ?? undefined)
    if ((next.timestamp ?? Infinity) < (prev?.timestamp ?? -Infinity)) return false
    const seen = seenMs === undefined || seenMs === null ? null : seenMs + 0.5
    const timestamp = next.timestamp ?? laterOf(prev?.timestamp, seen)
    if (prev !== undefined && sameBalance(prev, next)) {
      // Nothing to write, but an event from in between must not come after it any more.
      const known = { ...prev, timestamp }
      if (staged === undefined) this.#state.balances.set(next.asset, known)
      else this.rewriteBalance(known)
      return false
    }
    this.rewriteBalance({ ...next, timestamp })
    return true
  }

  rewriteBalance(balance: TimedBalance): void {
    this.#balances.set(balance.asset, balance)
  }

  /** A balance that a complete snapshot doesn't have any more. */
  dropBalance(asset: string): boolean {
    if (!this.#state.balances.has(asset)) return false
    this.#balances.set(asset, null)
    return true
  }

  ticker(next: TimedTicker): boolean {
    const prev = this.#tickers.get(next.symbol) ?? this.#state.tickers.get(next.symbol)
    const newest = prev?.exchangeMs ?? null
    if ((newest ?? -Infinity) > (next.exchangeMs ?? Infinity)) return false
    this.#tickers.set(next.symbol, { ...next, exchangeMs: next.exchangeMs ?? newest })
    this.transfers.value(next)
    return true
  }

  /** Encodes what is planned, which takes a while; nothing may be planned after it. */
  encode(): EncodedUnit {
    return (this.#encoded ??= new EncodedUnit({
      contents: this.contents,
      created: this.#created(),
      repairs: this.#repairs,
      state: this.#state,
      keys: this.#keys,
      settings: this.#settings,
    }))
  }

  /** Makes what was written what is known. */
  commit(): void {
    takeOver(this.contents, this.#state)
  }

  /** Asked after each change. What is derived from other contents is not counted. */
  get #size(): number {
    const own = this.#orders.size + this.#absent.size + this.#balances.size + this.#tickers.size
    return own + this.#removed.size + this.fills.size + this.transfers.size
  }

  /** An order that is not remembered: the unit is written only if it is not stored either. */
  #create(id: string): void {
    if (!this.#state.unreadableOrders.has(id)) this.#new.add(id)
  }

  #created(): Map<string, ReadonlySet<string>> {
    const created = new Map<string, ReadonlySet<string>>()
    if (this.#new.size > 0) created.set(this.#keys.orders, this.#new)
    if (this.fills.untold.size > 0) created.set(this.#keys.traded, this.fills.untold)
    for (const [symbol, ids] of this.fills.created) created.set(this.#keys.fills(symbol), ids)
    return created
  }

  #order(id: string): OrderRecord | undefined {
    return this.#orders.get(id) ?? this.#underWay?.orders.get(id) ?? this.#state.order(id)
  }

  /** An order that ended before those that are kept: it was mirrored, or would be removed at once. */
  #isPruned({ outcome, finishedMs }: OrderState): boolean {
    return outcome !== undefined && (finishedMs ?? Infinity) < this.#state.prunedBefore
  }

  #isAbsent(id: string): boolean {
    const planned = this.#absent.has(id) ? this.#absent.get(id) : this.#underWay?.absent.get(id)
    return planned === undefined ? this.#state.absent.has(id) : planned !== null
  }

  #settled(record: OrderRecord): OrderRecord {
    const fee = this.fills.orderFee(record.state)
    return fee === undefined ? record : withFee(record, fee.fee, fee.feeCurrency)
  }

  #price(symbol: string): DecimalText | undefined {
    return (this.#tickers.get(symbol) ?? this.#state.tickers.get(symbol))?.price
  }
}

function laterOf(a: number | null | undefined, b: number | null): number | null {
  return a === null || a === undefined ? b : Math.max(a, b ?? a)
}
