import type { TimedBalance } from '../model/balance.ts'
import type { CarriedPosition } from '../model/carried-position.ts'
import type { SymbolSums, TradedOrder } from '../model/fill-sums.ts'
import { fillName } from '../model/fill-names.ts'
import type { Fill } from '../model/fill.ts'
import type { OrderRecord } from '../model/order-record.ts'
import { PackedCache } from './packed-cache.ts'
import { closedOrderPacking, fillPacking, packedFillTime, tradedPacking } from './packing.ts'
import { parseSymbol } from '../model/symbol.ts'
import type { AbsentOrder } from '../stored/absent-order.ts'
import type { TimedTicker } from '../model/ticker.ts'
import { transferField } from '../model/transfer.ts'
import type { Transfer, TransferTotals } from '../model/transfer.ts'

/** Closed orders that are remembered; older ones are read back when an event names them. */
const maxClosedOrders = 10_000
/** Trades that are remembered, and orders of which it is remembered what theirs add up to. */
const maxFills = 10_000
const maxTraded = 10_000

/**
 * What a writer has written, so that it need not read before it writes: nobody else may, the
 * fence sees to that. All open orders, balances, tickers, transfers and sums, and the newest closed
 * orders and trades: of older ones what is needed is read back, so that memory doesn't grow with
 * history.
 */
export class MirrorState {
  readonly openOrders: Map<string, OrderRecord> = new Map()
  readonly closedOrders: PackedCache<OrderRecord> = new PackedCache({
    max: maxClosedOrders,
    packing: closedOrderPacking,
  })
  readonly balances: Map<string, TimedBalance> = new Map()
  /** The newest time that the exchange told of a balance, Unix ms. */
  newestBalanceMs: number | null = null
  readonly tickers: Map<string, TimedTicker> = new Map()
  /** Orders of mirrored trades that are not mirrored themselves, by id. */
  readonly absent: Map<string, AbsentOrder> = new Map()
  readonly symbols: Set<string> = new Set()
  /** The newest trades by symbol and id. */
  readonly fills: PackedCache<Fill> = new PackedCache({
    max: maxFills,
    packing: fillPacking,
    onForgotten: (packed) => {
      const { symbol, timestamp } = packedFillTime(packed)
      this.forget(symbol, timestamp)
    },
  })
  /** What the trades of orders add up to, as far as it was needed. */
  readonly traded: PackedCache<TradedOrder> = new PackedCache({
    max: maxTraded,
    packing: tradedPacking,
  })
  /** By symbol, all that there are. */
  readonly sums: Map<string, SymbolSums> = new Map()
  /** What removed trades left behind, by symbol. */
  readonly carried: Map<string, CarriedPosition> = new Map()
  readonly #forgottenMs = new Map<string, number>()
  /** Ids under which something is stored that can't be read: it is written over. */
  readonly unreadableOrders: Set<string> = new Set()
  /** The same of trades, by symbol and id. */
  readonly unreadableFills: Set<string> = new Set()
  /** By type and id. */
  readonly transfers: Map<string, Transfer> = new Map()
  /** Those of each asset whose worth is not known yet, by type and id. */
  readonly unvalued: Map<string, Map<string, Transfer>> = new Map()
  transfersLoaded = false
  /** Sums over removed transfers, by type and asset. */
  readonly removedTransfers: Map<string, TransferTotals> = new Map()
  /** Transfers before it are removed, but for those without a known worth, Unix ms. */
  transfersBefore = 0
  /** Up to when fills and transfers were fetched whole, Unix ms. */
  completeToMs: number | undefined
  /** The search for closed orders without an index; undefined when all have one. */
  closedSearch: { cursor: string } | undefined = { cursor: '0' }
  /** Closed orders that ended before it are not kept any more, Unix ms. */
  prunedBefore = 0

  order(id: string): OrderRecord | undefined {
    return this.openOrders.get(id) ?? this.closedOrders.get(id)
  }

  setOrder(record: OrderRecord): void {
    const { id, outcome } = record.state
    this.unreadableOrders.delete(id)
    if (outcome === undefined) this.openOrders.set(id, record)
    else {
      this.openOrders.delete(id)
      this.closedOrders.set(id, record)
    }
  }

  setFill(fill: Fill): void {
    const name = fillName(fill)
    this.unreadableFills.delete(name)
    this.fills.set(name, fill)
  }

  setTransfer(transfer: Transfer): void {
    const { asset, refValue } = transfer
    const field = transferField(transfer)
    this.transfers.set(field, transfer)
    const unvalued = this.unvalued.get(asset)
    if (refValue !== null) unvalued?.delete(field)
    else if (unvalued === undefined) this.unvalued.set(asset, new Map([[field, transfer]]))
    else unvalued.set(field, transfer)
  }

  /** Trades up to this time are not all remembered. */
  forget(symbol: string, timestamp: number): void {
    this.#forgottenMs.set(symbol, Math.max(this.forgottenMs(symbol), timestamp))
  }

  /** Time of the newest trade that is stored and not remembered, Unix ms. */
  forgottenMs(symbol: string): number {
    return this.#forgottenMs.get(symbol) ?? 0
  }

  /** A server that was restarted has its own order of fields, in which no older cursor means anything. */
  restartSearch(): void {
    if (this.closedSearch !== undefined) this.closedSearch = { cursor: '0' }
  }

  /** A trade from the time of those that are removed: it was counted. */
  isRemovedFill({ symbol, timestamp }: Fill): boolean {
    return timestamp < (this.carried.get(symbol)?.beforeMs ?? 0)
  }

  /** The known symbols of a base asset. */
  symbolsOf(base: string): string[] {
    return [...this.symbols].filter((symbol) => parseSymbol(symbol)?.base === base)
  }
}
