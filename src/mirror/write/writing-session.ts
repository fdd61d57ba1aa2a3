import { PairduckError } from '../../errors.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { AccountSnapshot, AccountSource } from '../model/account-source.ts'
import { checkSnapshot } from '../model/checked-source.ts'
import type { MirrorClock } from '../model/clock.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import { readStored } from '../stored/stored-account.ts'
import { ChangeQueue } from './change-queue.ts'
import { driftFromSnapshot, driftFromState } from './drift.ts'
import type { DriftEntry } from './drift.ts'
import { Fence } from './fence.ts'
import { LeaseRenewal } from './lease-renewal.ts'
import { checkRights } from './check-rights.ts'
import { checkTypes, loadState } from './load-state.ts'
import { MirrorState } from './mirror-state.ts'
import { pruneFills, pruneOrders, pruneTransfers } from './prune.ts'
import type { PruneContext } from './prune.ts'
import { adoptFills, adoptTransfers } from './adopt-fills.ts'
import { adoptClosedOrders } from './adopt-orders.ts'
import { reconcileAccount } from './reconcile.ts'
import type { ReconcileResult } from './reconcile.ts'
import { SourceLimit } from './source-limit.ts'
import type { SourceCall } from './source-limit.ts'
import type { WriteSettings } from './unit-encoding.ts'
import { UnitWriter } from './unit-writer.ts'

/** What a session tells whoever opened it. */
export interface SessionListeners {
  readonly onFenced: (error: PairduckError) => void
  readonly onRewritten: () => void
  readonly onReopened: () => void
  /** A check failed and will be done again. */
  readonly onFailure: (error: unknown) => void
}

export interface SessionOptions extends WriteSettings {
  readonly writerId: string
  readonly leaseMs: number
  readonly maxPending: number
  readonly writeTimeoutMs: number
  readonly sourceTimeoutMs: number
  readonly derivatives: boolean
  readonly retainClosedMs: number | undefined
  readonly retainFillsMs: number | undefined
  readonly clock: MirrorClock
}

/** How long things are kept; undefined: for ever. */
export interface Retention {
  readonly retainClosedMs: number | undefined
  readonly retainFillsMs: number | undefined
}

/** How many things were removed. */
export interface PruneResult {
  /** Closed orders, with their history. */
  readonly orders: number
  /** Own trades. */
  readonly fills: number
  /** Deposits and withdrawals. */
  readonly transfers: number
}

const absentPerUnit = 500
/** How often what is kept no longer is looked for. */
const pruneEveryMs = 60_000
/**
 * An exchange lists a transfer under the time when it was asked for, and it may be done days later:
 * one that is kept no longer must not be taken for one that was counted.
 */
const leastTransferMs = 30 * 86_400_000

/** Trades that go with their orders stay for as long as it may take until all of a moment are told. */
const leastFillsMs = 60_000

type Taking = AccountSnapshot | (() => Promise<AccountSnapshot>)

/** A writer's session on a server: its right to write, what it has written, and what waits. */
export class WritingSession {
  readonly state: MirrorState = new MirrorState()
  readonly queue: ChangeQueue
  readonly #client: ValkeyClient
  readonly #keys: MirrorKeys
  readonly #options: SessionOptions
  readonly #listeners: SessionListeners
  readonly #fence: Fence
  readonly #renewal: LeaseRenewal
  readonly #writer: UnitWriter
  #limit: SourceLimit
  #stopReconnects: () => void = () => undefined
  #stopPruning: () => void = () => undefined
  #isEnding = false

  constructor(
    client: ValkeyClient,
    keys: MirrorKeys,
    options: SessionOptions,
    listeners: SessionListeners,
  ) {
    this.#client = client
    this.#keys = keys
    this.#options = options
    this.#listeners = listeners
    this.#limit = new SourceLimit(options.sourceTimeoutMs, options.clock)
    const fence = new Fence({ ...options, client, keys })
    fence.onLost = (error) => this.#onFenced(error)
    this.#fence = fence
    this.#renewal = new LeaseRenewal({ ...options, fence, onDoubt: () => this.#checkSoon() })
    const shared = { ...options, client, keys, state: this.state, settings: options, fence }
    this.#writer = new UnitWriter({ ...shared, onRewritten: listeners.onRewritten })
    this.queue = new ChangeQueue({ ...shared, writer: this.#writer })
  }

  /** Takes over from any other writer, and reads what is mirrored already. */
  async start(): Promise<void> {
    await checkTypes(this.#client, this.#keys)
    await checkRights(this.#client, this.#keys)
    await this.#fence.takeOver()
    await loadState(this.#client, this.#keys, this.state)
    const { clock, writeTimeoutMs } = this.#options
    const deadline = (): number => clock.monotonicMs() + writeTimeoutMs
    await adoptFills(this.#place, deadline)
    await adoptTransfers(this.#place, deadline)
    this.#stopReconnects = this.#client.onReconnect(() => {
      this.state.restartSearch()
      this.#checkSoon()
    })
    this.#renewal.start()
    this.#pruneLater()
  }

  throwIfLost(): void {
    this.#fence.throwIfLost()
  }

  get isLostToNobody(): boolean {
    return this.#fence.isLostToNobody
  }

  /** Takes over again after the fence was gone; all that is known is written again. */
  async takeBack(): Promise<void> {
    await this.#fence.takeBack()
    this.#writer.startOver()
    this.#limit = new SourceLimit(this.#options.sourceTimeoutMs, this.#options.clock)
    this.#renewal.start()
    this.#stopPruning()
    this.#pruneLater()
    this.#listeners.onReopened()
  }

  /** What one call of a source gives, within its time. */
  async call<T>(call: SourceCall, ask: () => Promise<T>): Promise<T> {
    return await this.#limit.call(call, ask)
  }

  /** {@link reconcileAccount} with the writer to itself. */
  async reconcile(
    snapshot: Taking,
    fetchOrder: AccountSource['fetchOrder'] | undefined,
  ): Promise<Omit<ReconcileResult, 'absent'>> {
    return await this.queue.alone(async () => {
      const isTaken = typeof snapshot !== 'function'
      const seenMs = isTaken ? undefined : this.state.newestBalanceMs
      const taken = isTaken ? snapshot : await this.#limit.wait(snapshot)
      checkSnapshot(taken)
      const options = this.#options
      const context = { ...options, ...this.#place, settings: options }
      return await reconcileAccount(context, taken, fetchOrder, seenMs)
    })
  }

  /** Removes what is older than it is kept; gives how many. Changes come in between. */
  async prune(retention: Retention): Promise<PruneResult> {
    const { retainClosedMs } = retention
    const retainFillsMs = retention.retainFillsMs ?? tradesLike(retainClosedMs)
    const now = this.#options.clock.now()
    const context = this.#place
    const counts = { orders: 0, fills: 0, transfers: 0 }
    if (retainFillsMs !== undefined) {
      // A trade that a stream missed would count as known once later ones are gone: what a snapshot
      // has not told whole yet stays.
      const beforeMs = Math.min(now - retainFillsMs, this.state.completeToMs ?? Infinity)
      for (const symbol of this.state.sums.keys())
        counts.fills += await this.#repeat((by) => pruneFills(context, symbol, beforeMs, by))
      const transfersMs = now - Math.max(retainFillsMs, leastTransferMs)
      counts.transfers = await this.#repeat((by) => pruneTransfers(context, transfersMs, by))
    }
    if (retainClosedMs !== undefined) {
      const beforeMs = now - retainClosedMs
      // What failed may have been the connection, of which not every client tells.
      await this.#repeat((by) => adoptClosedOrders(context, by)).catch((error: unknown) => {
        this.state.restartSearch()
        throw error
      })
      counts.orders = await this.#repeat((by) => pruneOrders(context, beforeMs, by))
    }
    return counts
  }

  /** Keeps orders in mind no longer that only trades told of. */
  async forgetAbsent(ids: readonly string[]): Promise<void> {
    for (let done = 0; done < ids.length; done += absentPerUnit)
      await this.#repeat(async (by) => {
        const some = ids.slice(done, done + absentPerUnit)
        await this.#writer.write(async (plan) => {
          for (const id of some) plan.forgetAbsent(id)
        }, by)
        return 0
      })
  }

  get #place(): PruneContext {
    return { client: this.#client, keys: this.#keys, writer: this.#writer, state: this.state }
  }

  /** Unit after unit with the writer to itself, until one has nothing to do. */
  async #repeat(unit: (deadline: number) => Promise<number>): Promise<number> {
    const { clock, writeTimeoutMs } = this.#options
    let all = 0
    for (;;) {
      const deadline = clock.monotonicMs() + writeTimeoutMs
      const some = await this.queue.alone(() => unit(deadline))
      if (some === 0) return all
      all += some
    }
  }

  /** How what is stored differs from a snapshot, or from what this writer has written. */
  async drift(snapshot: Taking | undefined): Promise<DriftEntry[]> {
    return await this.queue.alone(async () => {
      const taken = typeof snapshot === 'function' ? await this.#limit.wait(snapshot) : snapshot
      if (taken !== undefined) checkSnapshot(taken)
      const stored = await readStored(this.#client, this.#keys, this.state.symbols)
      return taken === undefined
        ? driftFromState(stored, this.state, this.#keys)
        : driftFromSnapshot(stored, taken, this.#keys, this.#options.derivatives)
    })
  }

  /** Writes what waits and gives the leader key back. */
  async end(): Promise<void> {
    this.#isEnding = true
    this.#limit.end(new PairduckError('CLOSED', 'this mirror was closed meanwhile'))
    await this.queue.drained()
    this.#renewal.stop()
    this.#stopPruning()
    this.#stopReconnects()
    // A server that can't be reached lets the leader key run out by itself.
    await this.#fence.resign().catch(() => undefined)
  }

  /** Looks, when the writer has time, whether the server still holds what was written. */
  #checkSoon(): void {
    if (this.#isEnding) return
    const deadline = this.#options.clock.monotonicMs() + this.#options.writeTimeoutMs
    // What this attempt can't tell, the next unit or the next renewal finds out.
    void this.queue.alone(() => this.#writer.check(deadline)).catch(this.#listeners.onFailure)
  }

  /** With a retention, a timer around {@link prune}. */
  #pruneLater(): void {
    const { clock, retainClosedMs, retainFillsMs } = this.#options
    if (retainClosedMs === undefined && retainFillsMs === undefined) return
    this.#stopPruning = clock.schedule(pruneEveryMs, () => {
      void this.prune({ retainClosedMs, retainFillsMs })
        // A server that can't be reached is pruned when it is back; a fenced writer prunes no more.
        .catch((error: unknown) => this.#isLost() || this.#listeners.onFailure(error))
        .finally(() => this.#isLost() || this.#pruneLater())
    })
  }

  #isLost(): boolean {
    return this.#isEnding || this.#fence.lost !== undefined
  }

  #onFenced(error: PairduckError): void {
    this.#renewal.stop()
    this.#limit.end(error)
    this.queue.rejectAll(error)
    this.#listeners.onFenced(error)
  }
}

/** Who says how long closed orders are kept, and nothing of trades, keeps those no longer. */
function tradesLike(retainClosedMs: number | undefined): number | undefined {
  return retainClosedMs === undefined ? undefined : Math.max(retainClosedMs, leastFillsMs)
}
