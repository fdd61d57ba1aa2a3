import type { PairduckError } from '../../errors.ts'
import type { AccountSnapshot, AccountSource } from '../model/account-source.ts'
import type { BalanceInput } from '../model/balance.ts'
import type { FillInput } from '../model/fill.ts'
import type { OrderInput } from '../model/order.ts'
import type { TickerInput } from '../model/ticker.ts'

/** What tells a run to take a snapshot, or to end. */
interface RunSignals {
  readonly snapshotNeeded: undefined
  readonly rewritten: undefined
  readonly fenced: PairduckError
}

/** What a run drives: the mirror, as far as following a source has to do with it. */
export interface FollowingMirror {
  /** Returns what ends the listening. */
  on<Name extends keyof RunSignals>(
    name: Name,
    listener: (detail: RunSignals[Name]) => unknown,
  ): () => void
  applyOrders(orders: readonly OrderInput[]): Promise<unknown>
  applyFills(fills: readonly FillInput[]): Promise<unknown>
  applyBalances(balances: readonly BalanceInput[]): Promise<unknown>
  applyTicker(ticker: TickerInput): Promise<unknown>
  reconcile(
    snapshot: () => Promise<AccountSnapshot>,
    fetchOrder: AccountSource['fetchOrder'],
  ): Promise<unknown>
  /** Tells the listeners of `error`. */
  report(error: unknown): void
}
