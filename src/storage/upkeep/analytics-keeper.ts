import { formatPair, parsePair, type Pair, type PairLike } from '../../pair.ts'
import { integer, resolveOptions, rule } from '../../options.ts'
import type { Clock } from '../../time.ts'
import { refreshDatabase, refreshRules, type RefreshOptions } from './analytics-refresh.ts'
import { RepeatingTask } from './repeating-task.ts'
import type { Events } from '../events/events.ts'
import type { RefreshResult } from '../events/outcomes.ts'
import type { Maintenance } from './maintenance.ts'

/** Options of `startAnalytics`. */
export interface AnalyticsOptions extends RefreshOptions {
  /** Time between two rounds, in ms. Default 5,000. */
  readonly everyMs?: number | undefined
  /** Default: every pair of the data directory. */
  readonly pairs?: readonly PairLike[] | undefined
}

const startRules = {
  ...refreshRules,
  everyMs: integer(10, 86_400_000, 5000),
  pairs: rule<readonly PairLike[] | undefined>('a list of pairs', Array.isArray, undefined),
}

/** After these there may be something to do. */
const storedEvents = ['ticksStored', 'candlesStored', 'gapsStored'] as const

/** A pair that another process holds is not asked for every few seconds. */
const retryAfterMs = 60_000

/** How the keeper gets at the pairs' files; {@link Maintenance} is the implementation. */
type PairFilesAccess = Pick<Maintenance, 'onFile' | 'listPairs'>

/** Keeps analytics up to date: on request, or by a clock that visits pairs with new ticks or candles. */
export class AnalyticsKeeper {
  readonly #files: PairFilesAccess
  readonly #events: Events
  readonly #clock: Clock
  readonly #timer: RepeatingTask
  readonly #notice: (event: { readonly pair: string }) => void
  /** Pairs to visit, by name, and not before when (Unix ms). */
  readonly #waiting = new Map<string, number>()
  #options: RefreshOptions = {}
  #chosen: ReadonlySet<string> | undefined
  #begun = false

  constructor(files: PairFilesAccess, events: Events, clock: Clock) {
    this.#files = files
    this.#events = events
    this.#clock = clock
    this.#timer = new RepeatingTask(
      (signal) => this.#round(signal),
      (error) => events.tell('error', { error }),
    )
    this.#notice = ({ pair }) => {
      if (this.#chosen?.has(pair) !== false) this.#waiting.set(pair, -Infinity)
    }
  }

  async refresh(pair: Pair, options: RefreshOptions | undefined): Promise<RefreshResult> {
    const resolved = resolveOptions('refreshAnalytics', options, refreshRules)
    const result = await this.#files.onFile(pair, (database) =>
      refreshDatabase(database, resolved, this.#clock),
    )
    if (result.refreshed.length > 0) this.#events.tell('analyticsRefreshed', result)
    return result
  }

  start(given: AnalyticsOptions | undefined): void {
    const { everyMs, pairs, ...options } = resolveOptions('startAnalytics', given, startRules)
    this.#options = options
    this.#chosen = pairs && new Set(pairs.map((pair) => formatPair(parsePair(pair))))
    this.#begun = false
    this.#waiting.clear()
    this.#unlisten()
    for (const name of storedEvents) this.#events.on(name, this.#notice)
    this.#timer.start(everyMs)
  }

  stop(): Promise<void> {
    this.#unlisten()
    return this.#timer.stop()
  }

  #unlisten(): void {
    for (const name of storedEvents) this.#events.off(name, this.#notice)
  }

  /** The first round looks at every pair, for what was stored before; later ones where something came. */
  async #round(signal: AbortSignal): Promise<void> {
    if (!this.#begun) {
      for (const pair of await this.#files.listPairs()) this.#notice({ pair: formatPair(pair) })
      this.#begun = true
    }
    const now = this.#clock()
    const due = [...this.#waiting].filter(([, dueAt]) => dueAt <= now)
    for (const [name] of due) {
      if (signal.aborted) return
      // Ticks and candles that come while it is at work make it come again.
      this.#waiting.delete(name)
      await this.#visit(name)
    }
  }

  /** What stands in a pair's way is told and stops nobody else; it is tried again after a minute. */
  async #visit(name: string): Promise<void> {
    let again: number | null = this.#clock() + retryAfterMs
    try {
      const { dueAt } = await this.refresh(parsePair(name), this.#options)
      // By a time that stands still, only what comes makes a bar close.
      again = this.#options.now === undefined ? dueAt : null
    } catch (error) {
      this.#events.tell('error', { pair: name, error })
    }
    if (again !== null && !this.#waiting.has(name)) this.#waiting.set(name, again)
  }
}
