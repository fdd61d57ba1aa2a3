import { LRUCache } from 'lru-cache'
import type { TimedBalance } from '../model/balance.ts'
import { FillLedger } from './fill-ledger.ts'
import type { OrderRecord } from '../model/order-record.ts'
import { parseSymbol } from '../model/symbol.ts'
import type { AbsentOrder } from '../stored/absent-order.ts'
import type { TimedTicker } from '../model/ticker.ts'
import { transferField } from '../model/transfer.ts'
import type { Transfer } from '../model/transfer.ts'

/** Closed orders that are remembered; older ones are read back when an event names them. */
const maxClosedOrders = 10_000

/**
 * What a writer has written, so that it need not read before it writes: nobody else may, the
 * fence sees to that. All open orders, the newest closed ones, balances, tickers, and the fills
 * and transfers that statistics are computed from.
 */
export class MirrorState {
  readonly openOrders: Map<string, OrderRecord> = new Map()
  readonly closedOrders: LRUCache<string, OrderRecord> = new LRUCache({ max: maxClosedOrders })
  readonly balances: Map<string, TimedBalance> = new Map()
  /** The newest time that the exchange told of a balance, Unix ms. */
  newestBalanceMs: number | null = null
  readonly tickers: Map<string, TimedTicker> = new Map()
  /** Orders of mirrored trades that are not mirrored themselves, by id. */
  readonly absent: Map<string, AbsentOrder> = new Map()
  readonly symbols: Set<string> = new Set()
  /** By symbol; a base asset's ledgers are loaded together, for their fees are summed up. */
  readonly ledgers: Map<string, FillLedger> = new Map()
  readonly loadedBases: Set<string> = new Set()
  /** Ids under which something is stored that can't be read: it is written over. */
  readonly unreadableOrders: Set<string> = new Set()
  /** By type and id. */
  readonly transfers: Map<string, Transfer> = new Map()
  /** Those of each asset whose worth is not known yet, by type and id. */
  readonly unvalued: Map<string, Map<string, Transfer>> = new Map()
  transfersLoaded = false
  /** Up to when fills and transfers were fetched whole, Unix ms. */
  completeToMs: number | undefined
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

  setTransfer(transfer: Transfer): void {
    const { asset, refValue } = transfer
    const field = transferField(transfer)
    this.transfers.set(field, transfer)
    const unvalued = this.unvalued.get(asset)
    if (refValue !== null) unvalued?.delete(field)
    else if (unvalued === undefined) this.unvalued.set(asset, new Map([[field, transfer]]))
    else unvalued.set(field, transfer)
  }

  ledger(symbol: string): FillLedger {
    let ledger = this.ledgers.get(symbol)
    if (ledger === undefined) this.ledgers.set(symbol, (ledger = new FillLedger()))
    return ledger
  }

  /** The known symbols of a base asset. */
  symbolsOf(base: string): string[] {
    return [...this.symbols].filter((symbol) => parseSymbol(symbol)?.base === base)
  }
}
