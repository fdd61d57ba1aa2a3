import type { PairduckError } from '../../errors.ts'
import type { AccountSnapshot, AccountSource } from '../model/account-source.ts'
import type { BalanceInput } from '../model/balance.ts'
import type { MirrorClock } from '../model/clock.ts'
import type { FillInput } from '../model/fill.ts'
import type { OrderInput } from '../model/order.ts'
import type { TickerInput } from '../model/ticker.ts'
import type { SourceCall } from '../write/source-limit.ts'

/** What tells a run to take a snapshot, to ask for orders, or to end. */
interface RunSignals {
  readonly snapshotNeeded: undefined
  readonly rewritten: undefined
  readonly fenced: PairduckError
}

/** What a run drives: the mirror, as far as following a source has to do with it. */
export interface FollowingMirror {
  readonly clock: MirrorClock
  /** Up to when fills, transfers and closed orders were fetched whole before, Unix ms. */
  readonly completeToMs: number | undefined
  /** Markets whose price is needed besides those of the given open orders and balances. */
  wantedTickers(snapshot: AccountSnapshot): readonly string[]
  /** Returns what ends the listening. */
  on<Name extends keyof RunSignals>(
    name: Name,
    listener: (detail: RunSignals[Name]) => unknown,
  ): () => void
  applyOrders(orders: readonly OrderInput[]): Promise<unknown>
  applyFills(fills: readonly FillInput[]): Promise<unknown>
  applyBalances(balances: readonly BalanceInput[]): Promise<unknown>
  applyTickers(tickers: readonly TickerInput[]): Promise<unknown>
  /** How many changes it takes at once. */
  readonly maxAtOnce: number
  /** What one call of a source gives; `EXCHANGE_FAILED` when it is not answered in time. */
  call<T>(call: SourceCall, ask: () => Promise<T>): Promise<T>
  reconcile(
    snapshot: () => Promise<AccountSnapshot>,
    fetchOrder: AccountSource['fetchOrder'],
  ): Promise<unknown>
  /** Asks for orders that only trades told of, so many at most; gives how many are still absent. */
  askForAbsent(fetchOrder: AccountSource['fetchOrder'], most: number): Promise<number>
  /** Tells the listeners of `error`. */
  report(error: unknown): void
}
