import { setMaxListeners } from 'node:events'
import { PairduckError } from '../../errors.ts'
import type { AccountSnapshot, AccountSource } from '../model/account-source.ts'
import { checkSource } from '../model/checked-source.ts'
import { pause } from '../model/clock.ts'
import { eachUntilAborted, untilAborted } from '../../valkey/until-aborted.ts'
import type { FollowingMirror } from './following-mirror.ts'
import { ReconcileTiming } from './reconcile-timing.ts'
import type { RunSettings } from './run-options.ts'
import { SnapshotTaker } from './snapshot-taker.ts'

/** Failures that a retry cannot fix. */
const finalCodes = ['FENCED', 'CLOSED', 'VALKEY_AUTH', 'VALKEY_WRONG_TYPE'] as const
/** A stream that lived for so long is begun again at once. */
const longLifeMs = 60_000
/** How long an order's own event is waited for after its trade, and how many are asked for then. */
const askDelayMs = 1_000
const maxAskedAtOnce = 20

/** Keeps a mirror in step with a source until the signal, or until nothing can be done. */
export async function runMirror(
  mirror: FollowingMirror,
  source: AccountSource,
  settings: RunSettings,
): Promise<void> {
  checkSource(source)
  await new Run(mirror, source, settings).run()
}

class Run {
  readonly #mirror: FollowingMirror
  readonly #source: AccountSource
  readonly #settings: RunSettings
  readonly #ending = new AbortController()
  readonly #timing: ReconcileTiming
  readonly #snapshots: SnapshotTaker
  #failure: unknown
  #asking: Promise<void> | undefined

  constructor(mirror: FollowingMirror, source: AccountSource, settings: RunSettings) {
    this.#mirror = mirror
    this.#source = source
    this.#settings = settings
    setMaxListeners(0, this.#ending.signal)
    this.#timing = new ReconcileTiming(mirror.clock, settings.reconcileEveryMs)
    this.#snapshots = new SnapshotTaker({
      source,
      sinceMs: settings.sinceMs,
      completeToMs: mirror.completeToMs,
      now: () => mirror.clock.now(),
      report: (error) => this.#report(error),
      wantedTickers: (snapshot) => mirror.wantedTickers(snapshot),
    })
  }

  async run(): Promise<void> {
    const { signal } = this.#settings
    const end = (): void => this.#end(undefined)
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted === true) end()
    const stops = [
      this.#mirror.on('rewritten', () => this.#timing.askNow()),
      this.#mirror.on('snapshotNeeded', () => this.#timing.askSoon()),
      this.#mirror.on('fenced', (error) => this.#end(error)),
    ]
    try {
      await Promise.all([this.#reconciles(), ...this.#watches()])
      await this.#asking
    } finally {
      for (const stop of stops) stop()
      signal?.removeEventListener('abort', end)
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #end(failure: unknown): void {
    this.#failure ??= failure
    this.#ending.abort()
  }

  #report(error: unknown): void {
    if (!this.#ending.signal.aborted) this.#mirror.report(error)
  }

  readonly #fetchOrder: AccountSource['fetchOrder'] = (id, symbol) =>
    untilAborted(this.#source.fetchOrder(id, symbol), this.#ending.signal)

  /** Snapshot after snapshot: at once, periodically, and when something asks for one. */
  async #reconciles(): Promise<void> {
    await this.#persist(async () => {
      this.#timing.begin()
      let taken: AccountSnapshot | undefined
      const take = async (): Promise<AccountSnapshot> =>
        (taken = await untilAborted(this.#snapshots.take(), this.#ending.signal))
      await this.#mirror.reconcile(take, this.#fetchOrder)
      if (taken !== undefined) this.#snapshots.written(taken)
      await this.#timing.wait(this.#ending.signal)
    })
  }

  #watches(): Promise<void>[] {
    const { signal } = this.#ending
    const source = this.#source
    const mirror = this.#mirror
    return [
      this.#follow(source.watchOrders?.bind(source, signal), (orders) =>
        mirror.applyOrders(orders),
      ),
      this.#follow(source.watchFills?.bind(source, signal), async (fills) => {
        await mirror.applyFills(fills)
        this.#askLater()
      }),
      this.#follow(source.watchBalances?.bind(source, signal), (held) =>
        mirror.applyBalances(held),
      ),
      this.#follow(source.watchTickers?.bind(source, signal), async (tickers) => {
        await Promise.all(tickers.map((ticker) => mirror.applyTicker(ticker)))
      }),
    ]
  }

  /** Asks for the orders of trades that nothing else has told of, a few at a time. */
  #askLater(): void {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
  }

  async #ask(): Promise<void> {
    const { signal } = this.#ending
    try {
      do await pause(this.#mirror.clock, askDelayMs, signal)
      while (
        !signal.aborted &&
        (await this.#mirror.askForAbsent(this.#fetchOrder, maxAskedAtOnce)) > 0
      )
    } catch (error) {
      // The next reconcile asks for all of them.
      this.#report(error)
    }
  }

  /**
   * Applies what a stream yields. What it missed before it was listened to, at first and after
   * each break, only a snapshot taken afterwards can tell; when an exchange begins to listen is
   * known for sure with the first event.
   */
  async #follow<Event>(
    watch: (() => AsyncIterable<readonly Event[]>) | undefined,
    apply: (events: readonly Event[]) => Promise<unknown>,
  ): Promise<void> {
    if (watch === undefined) return
    const { clock } = this.#mirror
    const { firstRetryMs, lastRetryMs } = this.#settings
    let retryMs = firstRetryMs
    await this.#persist(async () => {
      const begunMs = clock.monotonicMs()
      let isFirst = true
      this.#timing.askNow()
      for await (const events of eachUntilAborted(watch(), this.#ending.signal)) {
        if (isFirst) this.#timing.askNow()
        isFirst = false
        await apply(events)
        if (this.#ending.signal.aborted) return
      }
      if (clock.monotonicMs() - begunMs >= longLifeMs) retryMs = firstRetryMs
      await pause(clock, retryMs, this.#ending.signal)
      retryMs = Math.min(retryMs * 2, lastRetryMs)
    })
  }

  /** Does it again and again until the end, waiting longer after each failure in a row. */
  async #persist(action: () => Promise<void>): Promise<void> {
    const { firstRetryMs, lastRetryMs } = this.#settings
    let retryMs = firstRetryMs
    while (!this.#ending.signal.aborted) {
      try {
        await action()
        retryMs = firstRetryMs
      } catch (error) {
        if (this.#ending.signal.aborted) return
        if (finalCodes.some((code) => PairduckError.is(error, code))) return this.#end(error)
        this.#mirror.report(error)
        await pause(this.#mirror.clock, retryMs * (0.75 + Math.random() / 2), this.#ending.signal)
        retryMs = Math.min(retryMs * 2, lastRetryMs)
      }
    }
  }
}
