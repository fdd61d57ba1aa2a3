import type { BalanceInput } from './balance.ts'
import type { FillInput } from './fill.ts'
import type { OrderInput } from './order.ts'
import type { TickerInput } from './ticker.ts'
import type { TransferInput } from './transfer.ts'

/** The state of an account at one moment. */
export interface AccountSnapshot {
  /**
   * All open orders: one that is mirrored as open and not among these is asked for by id. Null when
   * they could not be fetched: the mirrored ones are left as they are.
   */
  readonly openOrders: readonly OrderInput[] | null
  /** All balances: an asset that is not among these is gone. Left out: balances are not touched. */
  readonly balances?: readonly BalanceInput[]
  /** Orders that have ended, as far as they are known: they may have opened and closed unseen. */
  readonly closedOrders?: readonly OrderInput[]
  /** The account's own trades. */
  readonly fills?: readonly FillInput[]
  /** Deposits and withdrawals. */
  readonly transfers?: readonly TransferInput[]
  /** The tickers. */
  readonly tickers?: readonly TickerInput[]
  /** What has happened is complete up to then, Unix ms: a later run goes on from there. */
  readonly completeToMs?: number | undefined
}

/**
 * Where the truth about an account comes from. The `watch…` methods yield what changed, in any
 * order and as often as they like; without them the periodic snapshots alone keep the mirror up.
 */
export interface AccountSource {
  /** Shown in messages and events. */
  readonly name: string
  /** All open orders of the account. */
  fetchOpenOrders(): Promise<readonly OrderInput[]>
  /** One order, open or not; undefined when the exchange doesn't know it (any more). */
  fetchOrder(id: string, symbol: string): Promise<OrderInput | undefined>
  /** All balances of the account. */
  fetchBalances(): Promise<readonly BalanceInput[]>
  /** Orders that were made since then and have ended; open ones may be among them. */
  fetchClosedOrders?(sinceMs: number): Promise<readonly OrderInput[]>
  /** The account's own trades since a time. */
  fetchFills?(sinceMs: number): Promise<readonly FillInput[]>
  /** Deposits and withdrawals since a time. */
  fetchTransfers?(sinceMs: number): Promise<readonly TransferInput[]>
  /** The prices of those of the symbols that the exchange trades. */
  fetchTickers?(symbols: readonly string[]): Promise<readonly TickerInput[]>
  /** The exchange's own time, Unix ms: up to when what was fetched is complete. */
  fetchTime?(): Promise<number>
  /** Changed orders, as they come. */
  watchOrders?(signal: AbortSignal): AsyncIterable<readonly OrderInput[]>
  /** The account's own trades, as they come. */
  watchFills?(signal: AbortSignal): AsyncIterable<readonly FillInput[]>
  /** Changed balances, as they come. */
  watchBalances?(signal: AbortSignal): AsyncIterable<readonly BalanceInput[]>
  /** Tickers, as they come. */
  watchTickers?(signal: AbortSignal): AsyncIterable<readonly TickerInput[]>
}
