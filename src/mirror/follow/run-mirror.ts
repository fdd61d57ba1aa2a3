import { setMaxListeners } from 'node:events'
import { PairduckError } from '../../errors.ts'
import type { AccountSnapshot, AccountSource } from '../model/account-source.ts'
import { checkSource } from '../model/checked-source.ts'
import { endedError, streamFrom } from '../model/checked-stream.ts'
import type { Streamed, StreamName } from '../model/checked-stream.ts'
import { pause } from '../model/clock.ts'
import { YieldTimer } from '../stored/yield-timer.ts'
import { eachUntilAborted, untilAborted } from '../../until-aborted.ts'
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
      clock: mirror.clock,
      call: (member, ask) => mirror.call({ source: source.name, member }, ask),
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
      if (this.#snapshots.lacksState) this.#timing.askSoon()
      await this.#timing.wait(this.#ending.signal)
    })
  }

  #watches(): Promise<void>[] {
    const mirror = this.#mirror
    return [
      this.#follow('watchOrders', (orders) => mirror.applyOrders(orders)),
      this.#follow('watchFills', async (fills) => {
        await mirror.applyFills(fills)
        this.#askLater()
      }),
      this.#follow('watchBalances', (held) => mirror.applyBalances(held)),
      this.#follow('watchTickers', (tickers) => mirror.applyTickers(tickers)),
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
  async #follow<Name extends StreamName>(
    member: Name,
    apply: (events: readonly Streamed<Name>[]) => Promise<unknown>,
  ): Promise<void> {
    if (this.#source[member] === undefined) return
    const { signal } = this.#ending
    const { maxAtOnce, clock } = this.#mirror
    // A stream that is ready with more each time must not keep the event loop from all else.
    const turns = new YieldTimer()
    await this.#persist(async () => {
      const begunMs = clock.monotonicMs()
      let isFirst = true
      this.#timing.askNow()
      const stream = streamFrom(this.#source, member, signal)
      for await (const events of eachUntilAborted(stream, signal)) {
        if (isFirst) this.#timing.askNow()
        isFirst = false
        for (let at = 0; at < events.length && !signal.aborted; at += maxAtOnce)
          await apply(events.slice(at, at + maxAtOnce))
        await turns.step()
        if (signal.aborted) return
      }
      if (clock.monotonicMs() - begunMs < longLifeMs) throw endedError(this.#source, member)
    }, longLifeMs)
  }

  /**
   * Does it again and again until the end, waiting longer after each failure in a row. What has
   * lasted for `longMs` did not fail at once; given that, its end is a failure too.
   */
  async #persist(action: () => Promise<void>, longMs?: number): Promise<void> {
    const { firstRetryMs, lastRetryMs } = this.#settings
    const { clock } = this.#mirror
    let retryMs = firstRetryMs
    while (!this.#ending.signal.aborted) {
      const begunMs = clock.monotonicMs()
      let hasFailed = longMs !== undefined
      try {
        await action()
      } catch (error) {
        if (this.#ending.signal.aborted) return
        if (finalCodes.some((code) => PairduckError.is(error, code))) return this.#end(error)
        this.#mirror.report(error)
        hasFailed = true
      }
      if (!hasFailed || clock.monotonicMs() - begunMs >= (longMs ?? Infinity))
        retryMs = firstRetryMs
      if (!hasFailed) continue
      await pause(clock, retryMs * (0.75 + Math.random() / 2), this.#ending.signal)
      retryMs = Math.min(retryMs * 2, lastRetryMs)
    }
  }
}
