import { setTimeout } from 'node:timers/promises'
import { PairduckError } from '../../errors.ts'
import { integer, optional, resolveOptions, signalRule } from '../../options.ts'
import type { AccountSnapshot, AccountSource } from '../model/account-source.ts'
import type { OrderInput } from '../model/order.ts'
import { eachUntilAborted, untilAborted } from './until-aborted.ts'
import type { FollowingMirror } from './following-mirror.ts'

export interface RunOptions {
  /** Ends the run; it then resolves. */
  readonly signal?: AbortSignal
  /** Time between two reconciles. Default 60,000. */
  readonly reconcileEveryMs?: number
  /**
   * Fills and transfers from then on are fetched first. Default: a day back, or from where the
   * last complete fetch ended, if that is longer ago.
   */
  readonly sinceMs?: number
  /** First and longest wait after a failure; it doubles in between. Default 1,000 and 60,000. */
  readonly firstRetryMs?: number
  readonly lastRetryMs?: number
}

const dayMs = 86_400_000
/** What is fetched again of the time before the last fetch: exchanges list trades late. */
const overlapMs = 600_000

/** Failures that no waiting mends. */
const finalCodes = ['FENCED', 'CLOSED', 'VALKEY_AUTH', 'VALKEY_WRONG_TYPE'] as const

const rules = {
  signal: signalRule,
  reconcileEveryMs: integer(10, dayMs, 60_000),
  sinceMs: optional(integer(0, Number.MAX_SAFE_INTEGER, 0)),
  firstRetryMs: integer(1, dayMs, 1_000),
  lastRetryMs: integer(1, dayMs, 60_000),
}

/** Keeps a mirror in step with a source until the signal, or until nothing can be done. */
export async function runMirror(
  mirror: FollowingMirror,
  source: AccountSource,
  options: RunOptions,
  completeToMs: number | undefined,
): Promise<void> {
  await new Run(mirror, source, options, completeToMs).run()
}

class Run {
  readonly #mirror: FollowingMirror
  readonly #source: AccountSource
  readonly #settings: ReturnType<typeof resolveOptions<typeof rules>>
  readonly #ending = new AbortController()
  #failure: unknown
  #sinceMs: number
  /** Lists that the exchange can't give whole. */
  readonly #incomplete = new Set<string>()
  #due = true
  #endPause: () => void = () => undefined

  constructor(
    mirror: FollowingMirror,
    source: AccountSource,
    options: RunOptions,
    completeToMs: number = Infinity,
  ) {
    this.#mirror = mirror
    this.#source = source
    this.#settings = resolveOptions('ValkeyMirror.run', options, rules)
    this.#sinceMs = this.#settings.sinceMs ?? Math.min(Date.now() - dayMs, completeToMs - overlapMs)
  }

  async run(): Promise<void> {
    const { signal } = this.#settings
    const end = (): void => this.#end(undefined)
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted === true) end()
    const stops = [
      this.#mirror.on('rewritten', () => this.#reconcileNow()),
      this.#mirror.on('snapshotNeeded', () => this.#reconcileNow()),
      this.#mirror.on('fenced', (error) => this.#end(error)),
    ]
    try {
      await Promise.all([this.#reconciles(), ...this.#watches()])
    } finally {
      for (const stop of stops) stop()
      signal?.removeEventListener('abort', end)
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #reconcileNow(): void {
    this.#due = true
    this.#endPause()
  }

  #end(failure: unknown): void {
    this.#failure ??= failure
    this.#ending.abort()
  }

  /** Snapshot after snapshot: at once, periodically, and when something asks for one. */
  async #reconciles(): Promise<void> {
    await this.#persist(async () => {
      const startMs = Date.now()
      this.#due = false
      let isWhole = false
      const take = async (): Promise<AccountSnapshot> => {
        const snapshot = await untilAborted(this.#snapshot(startMs), this.#ending.signal)
        isWhole = snapshot.completeToMs !== undefined
        return snapshot
      }
      await this.#mirror.reconcile(take, (id, symbol) =>
        untilAborted(this.#source.fetchOrder(id, symbol), this.#ending.signal),
      )
      if (isWhole) this.#sinceMs = Math.max(this.#sinceMs, startMs - overlapMs)
      if (this.#due) return
      const asked = new Promise<void>((resolve) => {
        this.#endPause = resolve
      })
      await this.#pause(this.#settings.reconcileEveryMs, asked)
    })
  }

  /** Fills and transfers that can't be had keep orders and balances from nothing. */
  async #snapshot(startMs: number): Promise<AccountSnapshot> {
    const source = this.#source
    let completeToMs: number | undefined = startMs
    const orLater = async <Item>(name: string, fetch?: () => Promise<readonly Item[]>) => {
      if (fetch === undefined) return []
      try {
        if (!this.#incomplete.has(name)) return await fetch()
      } catch (error) {
        this.#tell(name, error)
      }
      completeToMs = undefined
      return []
    }
    const [openOrders, balances, fills, transfers] = await Promise.all([
      this.#openOrders(),
      source.fetchBalances(),
      orLater('fills', source.fetchFills?.bind(source, this.#sinceMs)),
      orLater('transfers', source.fetchTransfers?.bind(source, this.#sinceMs)),
    ])
    return { openOrders, balances, fills, transfers, completeToMs }
  }

  /** Where an exchange lists no more than a part, that part: what it lacks is asked for by id. */
  async #openOrders(): Promise<readonly OrderInput[]> {
    try {
      return await this.#source.fetchOpenOrders()
    } catch (error) {
      const part = PairduckError.is(error, 'EXCHANGE_INCOMPLETE') && error.details['openOrders']
      if (!Array.isArray(part)) throw error
      this.#tell('open orders', error)
      return part as OrderInput[]
    }
  }

  /** A list that is incomplete stays so however often it is asked for: that is told once. */
  #tell(list: string, error: unknown): void {
    if (this.#ending.signal.aborted || this.#incomplete.has(list)) return
    if (PairduckError.is(error, 'EXCHANGE_INCOMPLETE')) this.#incomplete.add(list)
    this.#mirror.report(error)
  }

  #watches(): Promise<void>[] {
    const { signal } = this.#ending
    const source = this.#source
    const mirror = this.#mirror
    return [
      this.#follow(source.watchOrders?.bind(source, signal), (orders) =>
        mirror.applyOrders(orders),
      ),
      this.#follow(source.watchFills?.bind(source, signal), (fills) => mirror.applyFills(fills)),
      this.#follow(source.watchBalances?.bind(source, signal), (held) =>
        mirror.applyBalances(held),
      ),
      this.#follow(source.watchTickers?.bind(source, signal), async (tickers) => {
        await Promise.all(tickers.map((ticker) => mirror.applyTicker(ticker)))
      }),
    ]
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
    await this.#persist(async () => {
      let isFirst = true
      this.#reconcileNow()
      for await (const events of eachUntilAborted(watch(), this.#ending.signal)) {
        if (isFirst) this.#reconcileNow()
        isFirst = false
        await apply(events)
        if (this.#ending.signal.aborted) return
      }
      await this.#pause(this.#settings.firstRetryMs)
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
        await this.#pause(retryMs * (0.75 + Math.random() / 2))
        retryMs = Math.min(retryMs * 2, lastRetryMs)
      }
    }
  }

  /** Waits until the time is over, the run ends, or the given promise resolves. */
  async #pause(ms: number, sooner?: Promise<void>): Promise<void> {
    const { signal } = this.#ending
    const done = new AbortController()
    const timer = setTimeout(ms, undefined, { signal: AbortSignal.any([signal, done.signal]) })
    try {
      await (sooner === undefined ? timer : Promise.race([timer, sooner]))
    } catch {
      // The end of the run is the end of the pause.
    } finally {
      done.abort()
      await timer.catch(() => undefined)
    }
  }
}
