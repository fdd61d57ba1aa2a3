import type { BalanceInput } from './balance.ts'
import type { FillInput } from './fill.ts'
import type { OrderInput } from './order.ts'
import type { TickerInput } from './ticker.ts'
import type { TransferInput } from './transfer.ts'

/** The state of an account at one moment. */
export interface AccountSnapshot {
  /** All open orders: one that is mirrored as open and not among these is asked for by id. */
  readonly openOrders: readonly OrderInput[]
  /** All balances: an asset that is not among these is gone. Left out: balances are not touched. */
  readonly balances?: readonly BalanceInput[]
  readonly fills?: readonly FillInput[]
  readonly transfers?: readonly TransferInput[]
  /** Fills and transfers are complete up to then, Unix ms: a later run goes on from there. */
  readonly completeToMs?: number | undefined
}

/**
 * Where the truth about an account comes from. The `watch…` methods yield what changed, in any
 * order and as often as they like; without them the periodic snapshots alone keep the mirror up.
 */
export interface AccountSource {
  readonly name: string
  fetchOpenOrders(): Promise<readonly OrderInput[]>
  /** One order, open or not; undefined when the exchange doesn't know it (any more). */
  fetchOrder(id: string, symbol: string): Promise<OrderInput | undefined>
  fetchBalances(): Promise<readonly BalanceInput[]>
  fetchFills?(sinceMs: number): Promise<readonly FillInput[]>
  fetchTransfers?(sinceMs: number): Promise<readonly TransferInput[]>
  watchOrders?(signal: AbortSignal): AsyncIterable<readonly OrderInput[]>
  watchFills?(signal: AbortSignal): AsyncIterable<readonly FillInput[]>
  watchBalances?(signal: AbortSignal): AsyncIterable<readonly BalanceInput[]>
  watchTickers?(signal: AbortSignal): AsyncIterable<readonly TickerInput[]>
}
