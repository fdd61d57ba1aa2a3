import { PairduckError } from '../errors.ts'
import type { AccountSnapshot, AccountSource } from './model/account-source.ts'
import type { BalanceInput } from './model/balance.ts'
import { balanceList } from './ccxt/ccxt-balances.ts'
import type { CcxtBalances } from './ccxt/ccxt-exchange.ts'
import type { Change } from './write/change.ts'
import { checkedChanges, toChange } from './write/check-changes.ts'
import { connectValkey } from '../valkey/connect.ts'
import type { ValkeyClient } from '../valkey/valkey-client.ts'
import type { DriftEntry } from './write/drift.ts'
import type { FillInput } from './model/fill.ts'
import { MirrorKeys } from './stored/keys.ts'
import { MirrorListeners, type MirrorEvents } from './mirror-listeners.ts'
import { resolveMirrorOptions, resolvePruneOptions } from './mirror-options.ts'
import type { PruneOptions, ResolvedMirrorOptions, ValkeyMirrorOptions } from './mirror-options.ts'
import { MirrorReads } from './read/mirror-reads.ts'
import type { OrderInput } from './model/order.ts'
import { onlyOne } from './write/apply-result.ts'
import type { ApplyResult } from './write/apply-result.ts'
import type { ReconcileResult } from './write/reconcile.ts'
import type { FollowingMirror } from './follow/following-mirror.ts'
import { runMirror } from './follow/run-mirror.ts'
import { resolveRunOptions, type RunOptions } from './follow/run-options.ts'
import { runReopening } from './follow/run-reopening.ts'
import { wantedTickers } from './model/wanted-tickers.ts'
import { GuardedClient } from './stored/guarded-client.ts'
import { isLate } from './write/source-limit.ts'
import { WritingSession } from './write/writing-session.ts'
import type { PruneResult } from './write/writing-session.ts'
import { AbsentOrders } from './write/absent-orders.ts'
import type { TickerInput } from './model/ticker.ts'
import type { TransferInput } from './model/transfer.ts'
import { watchMirror, type MirrorEvent, type WatchOptions } from './read/watch.ts'

/** Orders that one reconcile asks for at most: the next one asks for the rest. */
const maxAskedByReconcile = 2_000
/** Of what a stream yields at once: calls beside it must find a place in the line. */
const maxStreamedAtOnce = 1_000

/**
 * Mirrors an account's orders, balances, tickers, fills and transfers into Valkey. Each change
 * is one atomic unit, fenced against other writers; repeated and disordered events do no harm.
 *
 * Calls reject with `FENCED` once another writer has taken over, `BACKPRESSURE` when too many
 * changes wait, `CLOSED`, and the client's `VALKEY_…` codes.
 */
export class ValkeyMirror extends MirrorReads implements AsyncDisposable {
  readonly #options: ResolvedMirrorOptions
  readonly #client: ValkeyClient
  readonly #session: WritingSession
  readonly #absent: AbsentOrders
  readonly #listeners = new MirrorListeners()
  #source: AccountSource | undefined
  #closing: Promise<void> | undefined

  private constructor(client: ValkeyClient, options: ResolvedMirrorOptions) {
    const keys = new MirrorKeys(options.keyPrefix, client.database)
    super(new GuardedClient(client), keys)
    const tell = this.#listeners
    this.#client = client
    this.#options = options
    this.#session = new WritingSession(client, keys, options, {
      onFenced: (error) => tell.emit('fenced', error),
      onRewritten: () => tell.emit('rewritten', undefined),
      onReopened: () => tell.emit('reopened', undefined),
      onFailure: (error) => this.report(error),
    })
    this.#absent = new AbsentOrders({
      state: this.#session.state,
      clock: options.clock,
      retainClosedMs: options.retainClosedMs,
      forget: (ids) => this.#session.forgetAbsent(ids),
      apply: (orders) => this.applyOrders(orders),
      report: (error) => this.report(error),
    })
  }

  /** Connects, takes over from any other writer, and reads what is mirrored already. */
  static async open(options: ValkeyMirrorOptions = {}): Promise<ValkeyMirror> {
    const resolved = resolveMirrorOptions('ValkeyMirror.open', options)
    const client = resolved.client ?? (await connectValkey(resolved.connection))
    const mirror = new ValkeyMirror(client, resolved)
    try {
      await mirror.#session.start()
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
    return onlyOne(await this.#apply([ticker], toChange.ticker(this.#options.clock.now())))
  }

  /** Mirrors own trades by id, with the trade statistics and their orders' fees. */
  async applyFills(fills: readonly FillInput[]): Promise<ApplyResult> {
    const result = await this.#apply(fills, toChange.fill)
    await this.#absent.limit()
    return result
  }

  /** Mirrors deposits and withdrawals by id; those that are not done are passed over. */
  async applyTransfers(transfers: readonly TransferInput[]): Promise<ApplyResult> {
    return await this.#apply(transfers, toChange.transfer)
  }

  /**
   * Brings the mirror to a snapshot. Changes that are applied meanwhile wait and come after it;
   * given a function, the snapshot is taken when they have begun to wait. Open orders that it
   * lacks, and orders that only trades told of, are asked for by `fetchOrder`; without an answer
   * they stay as they are, in `unresolved` and `absent`.
   */
  async reconcile(
    snapshot: AccountSnapshot | (() => Promise<AccountSnapshot>),
    fetchOrder: AccountSource['fetchOrder'] | undefined = this.#fetchOrder(),
  ): Promise<ReconcileResult> {
    this.#throwUnlessOpen()
    const ask = fetchOrder && this.#inTime(fetchOrder)
    const reconciled = await this.#session.reconcile(snapshot, ask)
    for (const error of reconciled.refused) this.#listeners.emit('refused', error)
    const late = [...reconciled.failures.values()].find(isLate)
    if (late !== undefined) this.report(late)
    // Outside the writer's turn: changes go on meanwhile, and each answer is applied as an event is.
    if (ask !== undefined) await this.#absent.ask(ask, maxAskedByReconcile)
    const result = { ...reconciled, absent: this.#absent.ids }
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
          openOrders: await this.#call('fetchOpenOrders', () => source.fetchOpenOrders()),
          balances: await this.#call('fetchBalances', () => source.fetchBalances()),
        })))
    return await this.#session.drift(taking)
  }

  /**
   * Follows a source until the signal ends it: snapshot, live events, periodic reconciles, with
   * growing waits while source or server can't be reached. Rejects only with what a retry cannot fix:
   * `FENCED`, `VALKEY_AUTH`, `VALKEY_WRONG_TYPE`, `CLOSED`.
   */
  async run(source: AccountSource, options: RunOptions = {}): Promise<void> {
    this.#throwUnlessOpen()
    const settings = resolveRunOptions(options)
    if (this.#source !== undefined)
      throw new TypeError('ValkeyMirror.run: this mirror follows a source already')
    this.#source = source
    try {
      const run = (): Promise<void> => runMirror(this.#following(), source, settings)
      await runReopening(run, this.#options.clock, this.#session, settings)
    } finally {
      this.#source = undefined
    }
  }

  /**
   * Removes what is older than it is kept (default: as the mirror's options say) in atomic units;
   * gives how many. Statistics keep counting what was removed, and profits go on from its cost.
   */
  async prune(options?: PruneOptions): Promise<PruneResult> {
    this.#throwUnlessOpen()
    return await this.#session.prune(resolvePruneOptions(options, this.#options))
  }

  /** Follows what is mirrored, this writer's changes included. */
  watch(options?: WatchOptions): AsyncGenerator<MirrorEvent, void, void> {
    return watchMirror(this.client, this.keys, this.#options.clock, options)
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
    return this.#session.queue.pending
  }

  /** Stops intake, writes what waits, gives the leader key back, and closes its connection. */
  async close(): Promise<void> {
    await (this.#closing ??= this.#shutdown())
  }

  /** The same as `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #following(): FollowingMirror {
    const { refCurrency, clock } = this.#options
    return {
      clock,
      completeToMs: this.#session.state.completeToMs,
      wantedTickers: (snapshot) =>
        wantedTickers(snapshot, this.#session.state.symbols, refCurrency),
      on: (name, listener) => this.on(name, listener),
      applyOrders: (orders) => this.applyOrders(orders),
      applyFills: (fills) => this.applyFills(fills),
      applyBalances: (balances) => this.applyBalances(balances),
      applyTickers: (tickers) => this.#apply(tickers, toChange.ticker(this.#options.clock.now())),
      maxAtOnce: Math.min(maxStreamedAtOnce, this.#options.maxPending),
      call: (call, ask) => this.#session.call(call, ask),
      reconcile: (snapshot, fetchOrder) => this.reconcile(snapshot, fetchOrder),
      askForAbsent: (fetchOrder, most) => this.#absent.ask(this.#inTime(fetchOrder), most),
      report: (error) => this.report(error),
    }
  }

  async #apply<Input>(
    inputs: readonly Input[],
    check: (input: Input, derivatives: boolean) => Change | undefined,
  ): Promise<ApplyResult> {
    this.#throwUnlessOpen()
    const refused: PairduckError[] = []
    const changes = checkedChanges(inputs, check, this.#options.derivatives, refused)
    const { written, unchanged, refused: refusedBeside } = await this.#session.queue.submit(changes)
    for (const error of refusedBeside) refused.push(error)
    for (const error of refused) this.#listeners.emit('refused', error)
    return { written, unchanged, refused }
  }

  #fetchOrder(): AccountSource['fetchOrder'] | undefined {
    const source = this.#source
    return source && ((id, symbol) => source.fetchOrder(id, symbol))
  }

  #inTime(fetchOrder: AccountSource['fetchOrder']): AccountSource['fetchOrder'] {
    return (id, symbol) => this.#call('fetchOrder', () => fetchOrder(id, symbol))
  }

  /** What a call of the source gives, within its time. */
  async #call<T>(member: string, ask: () => Promise<T>): Promise<T> {
    return await this.#session.call({ source: this.#source?.name ?? 'the source', member }, ask)
  }

  #throwUnlessOpen(): void {
    this.#session.throwIfLost()
    if (this.#closing !== undefined)
      throw new PairduckError('CLOSED', 'this mirror is closed: open another')
  }

  async #shutdown(): Promise<void> {
    this.client.end()
    await this.#session.end()
    if (this.#options.client === undefined) await this.#client.close()
  }
}
