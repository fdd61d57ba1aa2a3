import { PairduckError } from '../errors.ts'
import type { AccountSnapshot, AccountSource } from './model/account-source.ts'
import type { BalanceInput } from './model/balance.ts'
import { balanceList } from './ccxt/ccxt-balances.ts'
import type { CcxtBalances } from './ccxt/ccxt-exchange.ts'
import type { Change } from './write/change.ts'
import { checkedChanges, toChange } from './write/check-changes.ts'
import { ChangeQueue } from './write/change-queue.ts'
import { connectValkey } from '../valkey/connect.ts'
import type { ValkeyClient } from '../valkey/valkey-client.ts'
import { driftFromSnapshot, driftFromState, type DriftEntry } from './write/drift.ts'
import { Fence } from './write/fence.ts'
import type { FillInput } from './model/fill.ts'
import { MirrorKeys } from './stored/keys.ts'
import { checkTypes, loadState } from './write/load-state.ts'
import { MirrorListeners, type MirrorEvents } from './mirror-listeners.ts'
import { resolveMirrorOptions } from './mirror-options.ts'
import type { ResolvedMirrorOptions, ValkeyMirrorOptions } from './mirror-options.ts'
import { MirrorReads } from './read/mirror-reads.ts'
import { MirrorState } from './write/mirror-state.ts'
import type { OrderInput } from './model/order.ts'
import { reconcileAccount, type ReconcileResult } from './write/reconcile.ts'
import { runMirror, type RunOptions } from './follow/run-mirror.ts'
import { SourceLimit } from './follow/source-limit.ts'
import { readStored } from './stored/stored-account.ts'
import type { TickerInput } from './model/ticker.ts'
import type { TransferInput } from './model/transfer.ts'
import { UnitWriter } from './write/unit-writer.ts'
import { watchMirror, type MirrorEvent, type WatchOptions } from './read/watch.ts'

/** What became of a call's changes. */
export interface ApplyResult {
  readonly written: number
  /** Older, repeated or already known. */
  readonly unchanged: number
  /** What could not be mirrored, each error naming it; the others were written. */
  readonly refused: readonly PairduckError[]
}

/**
 * Mirrors an account's orders, balances, tickers, fills and transfers into Valkey. Each change
 * is one atomic unit, fenced against other writers; repeated and disordered events do no harm.
 *
 * Calls reject with `FENCED` once another writer has taken over, `BACKPRESSURE` when too many
 * changes wait, `CLOSED`, and the client's `VALKEY_…` codes.
 */
export class ValkeyMirror extends MirrorReads implements AsyncDisposable {
  readonly #options: ResolvedMirrorOptions
  readonly #fence: Fence
  readonly #state = new MirrorState()
  readonly #writer: UnitWriter
  readonly #queue: ChangeQueue
  readonly #listeners = new MirrorListeners()
  readonly #limit: SourceLimit
  #source: AccountSource | undefined
  #renewal: NodeJS.Timeout | undefined
  #stopReconnects: () => void = () => undefined
  #closing: Promise<void> | undefined

  private constructor(client: ValkeyClient, options: ResolvedMirrorOptions) {
    const keys = new MirrorKeys(options.keyPrefix)
    super(client, keys)
    this.#options = options
    this.#limit = new SourceLimit(options.sourceTimeoutMs)
    this.#fence = new Fence({ ...options, client, keys })
    this.#fence.onLost = (error) => this.#onFenced(error)
    const shared = { client, keys, state: this.#state }
    this.#writer = new UnitWriter({
      ...shared,
      fence: this.#fence,
      settings: options,
      onRewritten: () => this.#listeners.emit('rewritten', undefined),
    })
    this.#queue = new ChangeQueue({ ...options, ...shared, writer: this.#writer })
  }

  /** Connects, takes over from any other writer, and reads what is mirrored already. */
  static async open(options: ValkeyMirrorOptions = {}): Promise<ValkeyMirror> {
    const resolved = resolveMirrorOptions('ValkeyMirror.open', options)
    const client = resolved.client ?? (await connectValkey(resolved.connection))
    const mirror = new ValkeyMirror(client, resolved)
    try {
      await mirror.#start()
    } catch (error) {
      await mirror.#shutdown()
      throw error
    }
    return mirror
  }

  /** Mirrors one order. Rejects with `INVALID_ORDER` naming the field when it can't be. */
  async applyOrder(order: OrderInput): Promise<ApplyResult> {
    return onlyOne(await this.applyOrders([order]))
  }

  /** Mirrors orders; one that can't be is in `refused` and harms no other. */
  async applyOrders(orders: readonly OrderInput[]): Promise<ApplyResult> {
    return await this.#apply(orders, toChange.order)
  }

  /**
   * Mirrors balances, each absolute: a list, or ccxt's map of them. A balance *change* is refused:
   * it asks for a snapshot, which {@link run} fetches by itself.
   */
  async applyBalances(balances: readonly BalanceInput[] | CcxtBalances): Promise<ApplyResult> {
    const result = await this.#apply(balanceList(balances), toChange.balance)
    // A snapshot tells what a change lacks; a name that can't be mirrored it would only tell again.
    if (result.refused.some(({ details }) => details['field'] !== 'asset'))
      this.#listeners.emit('snapshotNeeded', undefined)
    return result
  }

  /** Mirrors a ticker. Rejects with `INVALID_EVENT` when it can't be. */
  async applyTicker(ticker: TickerInput): Promise<ApplyResult> {
    return onlyOne(await this.#apply([ticker], toChange.ticker))
  }

  /** Mirrors own trades by id, with the trade statistics and their orders' fees. */
  async applyFills(fills: readonly FillInput[]): Promise<ApplyResult> {
    return await this.#apply(fills, toChange.fill)
  }

  /** Mirrors deposits and withdrawals by id; those that are not done are passed over. */
  async applyTransfers(transfers: readonly TransferInput[]): Promise<ApplyResult> {
    return await this.#apply(transfers, toChange.transfer)
  }

  /**
   * Brings the mirror to a snapshot. Changes that are applied meanwhile wait and come after it;
   * given a function, the snapshot is taken when they have begun to wait. Open orders that it
   * lacks are asked for by `fetchOrder`, and left as they are without an answer.
   */
  async reconcile(
    snapshot: AccountSnapshot | (() => Promise<AccountSnapshot>),
    fetchOrder: AccountSource['fetchOrder'] | undefined = this.#fetchOrder(),
  ): Promise<ReconcileResult> {
    this.#throwUnlessOpen()
    const result = await this.#queue.alone(async () => {
      const takenMs = typeof snapshot === 'function' ? Date.now() : undefined
      const taken = typeof snapshot === 'function' ? await this.#limit.wait(snapshot) : snapshot
      const context = { ...this.#options, client: this.client, keys: this.keys }
      return await reconcileAccount(
        { ...context, state: this.#state, writer: this.#writer, settings: this.#options },
        taken,
        fetchOrder && ((id, symbol) => this.#limit.wait(() => fetchOrder(id, symbol))),
        takenMs,
      )
    })
    for (const error of result.refused) this.#listeners.emit('refused', error)
    this.#listeners.emit('reconciled', result)
    return result
  }

  /**
   * Reports how what is stored differs, without writing: from the given snapshot, else from the
   * source that {@link run} follows, else from what this writer has written.
   */
  async drift(
    snapshot?: AccountSnapshot | (() => Promise<AccountSnapshot>),
  ): Promise<DriftEntry[]> {
    this.#throwUnlessOpen()
    const source = this.#source
    const taking =
      snapshot ??
      (source &&
        (async () => ({
          openOrders: await source.fetchOpenOrders(),
          balances: await source.fetchBalances(),
        })))
    return await this.#queue.alone(async () => {
      const taken = typeof taking === 'function' ? await this.#limit.wait(taking) : taking
      const stored = await readStored(this.client, this.keys, this.#state.symbols)
      return taken === undefined
        ? driftFromState(stored, this.#state, this.keys)
        : driftFromSnapshot(stored, taken, this.keys, this.#options.derivatives)
    })
  }

  /**
   * Follows a source until the signal ends it: snapshot, live events, periodic reconciles, with
   * back-off while source or server can't be reached. Rejects with `FENCED` or `VALKEY_AUTH`.
   */
  async run(source: AccountSource, options: RunOptions = {}): Promise<void> {
    this.#throwUnlessOpen()
    if (this.#source !== undefined)
      throw new TypeError('ValkeyMirror.run: this mirror follows a source already')
    this.#source = source
    try {
      await runMirror(this, source, options, this.#state.completeToMs)
    } finally {
      this.#source = undefined
    }
  }

  /** Follows what is mirrored, this writer's changes included. */
  watch(options?: WatchOptions): AsyncGenerator<MirrorEvent, void, void> {
    return watchMirror(this.client, this.keys, options)
  }

  /** Calls back on an event; returns how to stop. */
  on<Name extends keyof MirrorEvents>(
    name: Name,
    listener: (detail: MirrorEvents[Name]) => void,
  ): () => void {
    return this.#listeners.on(name, listener)
  }

  /** Tells listeners of `error` about a failure that will be tried again. */
  report(error: unknown): void {
    this.#listeners.emit('error', error)
  }

  /** Changes that wait or are being written. */
  get pending(): number {
    return this.#queue.pending
  }

  /** Stops intake, writes what waits, gives the leader key back, and closes its connection. */
  async close(): Promise<void> {
    await (this.#closing ??= this.#shutdown())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #start(): Promise<void> {
    await checkTypes(this.client, this.keys)
    await this.#fence.takeOver()
    await loadState(this.client, this.keys, this.#state)
    this.#stopReconnects = this.client.onReconnect(() => this.#checkSoon())
    this.#renewLater()
  }

  async #apply<Input>(
    inputs: readonly Input[],
    check: (input: Input, derivatives: boolean) => Change | undefined,
  ): Promise<ApplyResult> {
    this.#throwUnlessOpen()
    const refused: PairduckError[] = []
    const changes = checkedChanges(inputs, check, this.#options.derivatives, refused)
    const { written, unchanged, refused: refusedBeside } = await this.#queue.submit(changes)
    for (const error of refusedBeside) refused.push(error)
    for (const error of refused) this.#listeners.emit('refused', error)
    return { written, unchanged, refused }
  }

  #fetchOrder(): AccountSource['fetchOrder'] | undefined {
    const source = this.#source
    return source && ((id, symbol) => source.fetchOrder(id, symbol))
  }

  /** Looks, when the writer has time, whether the server still holds what was written. */
  #checkSoon(): void {
    if (this.#closing !== undefined) return
    const deadline = performance.now() + this.#options.writeTimeoutMs
    // What this attempt can't tell, the next unit or the next renewal finds out.
    void this.#queue
      .alone(() => this.#writer.check(deadline))
      .catch((error: unknown) => this.report(error))
  }

  #renewLater(): void {
    this.#renewal = setTimeout(() => {
      this.#renewLater()
      // A reconcile may hold the writer for longer than the lease.
      void this.#fence.extendLease().then(
        (isSound) => isSound || this.#checkSoon(),
        () => this.#checkSoon(),
      )
    }, this.#options.leaseMs / 3)
    this.#renewal.unref()
  }

  #onFenced(error: PairduckError): void {
    clearTimeout(this.#renewal)
    this.#limit.end(error)
    this.#queue.rejectAll(error)
    this.#listeners.emit('fenced', error)
  }

  #throwUnlessOpen(): void {
    this.#fence.throwIfLost()
    if (this.#closing !== undefined)
      throw new PairduckError('CLOSED', 'this mirror is closed: open another')
  }

  async #shutdown(): Promise<void> {
    this.#limit.end(new PairduckError('CLOSED', 'this mirror was closed meanwhile'))
    await this.#queue.drained()
    clearTimeout(this.#renewal)
    this.#stopReconnects()
    // A server that can't be reached lets the leader key run out by itself.
    await this.#fence.resign().catch(() => undefined)
    if (this.#options.client === undefined) await this.client.close()
  }
}

/** A call with one thing rejects where a call with many would put it aside. */
function onlyOne(result: ApplyResult): ApplyResult {
  if (result.refused[0] !== undefined) throw result.refused[0]
  return result
}
