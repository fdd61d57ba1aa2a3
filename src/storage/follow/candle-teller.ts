import type { Query } from '../../queries/query.ts'
import { isTimeframe, type Timeframe } from '../../time.ts'
import {
  candleEventNames,
  isHeard,
  watchCommits,
  type Events,
  type PairduckEvents,
} from '../events/events.ts'
import { ClosedBars } from './closed-candles.ts'
import { joined, type Brought } from './follow.ts'
import type { QuerySource } from './replay.ts'

/** Of each pair and length; enough for what is stored while a bar is read. */
const keptBars = 10

/** Tells `candleClosed` and `candleCorrected` of every pair while somebody listens; else it costs nothing. */
export class CandleTeller {
  readonly #db: QuerySource
  readonly #events: Events
  readonly #waiting = new Map<string, Brought>()
  readonly #bars = new Map<string, ReadonlyMap<Timeframe, ClosedBars>>()
  #telling: Promise<void> | undefined
  /** How many pairs were told of, or could not be. */
  #told = 0
  #ended = false

  constructor(db: QuerySource, events: Events) {
    this.#db = db
    this.#events = events
    watchCommits(events, (event) => this.#stored(event))
  }

  /**
   * What is stored by now is told when it resolves, and nothing is later. `waits` gives up after a while: it ends
   * when no pair is told of for so long. Of pairs whose files are closed each takes its time.
   */
  async end(waits: (work: Promise<void>) => Promise<unknown>): Promise<void> {
    for (let seen = -1; this.#telling !== undefined && seen < this.#told;) {
      seen = this.#told
      await waits(this.#telling)
    }
    this.#ended = true
  }

  #stored(event: PairduckEvents['ticksStored'][0]): void {
    if (this.#ended) return
    if (!candleEventNames.some((name) => isHeard(this.#events, name))) {
      this.#bars.clear()
      return
    }
    this.#waiting.set(event.pair, joined(this.#waiting.get(event.pair), event))
    this.#telling ??= this.#tellWaiting()
  }

  /** One pair after the other: a bar closes in all of them at once. */
  async #tellWaiting(): Promise<void> {
    for (const [pair, brought] of this.#waiting) {
      this.#waiting.delete(pair)
      try {
        const bars = this.#bars.get(pair) ?? (await this.#barsOf(pair))
        for (const [timeframe, closed] of bars)
          for await (const { type, candle } of closed.after(brought))
            this.#events.tell(type, { pair, timeframe, candle })
      } catch (error) {
        this.#events.tell('error', { pair, error })
      }
      this.#told++
    }
    // At once: what is stored from now on begins anew.
    this.#telling = undefined
  }

  async #barsOf(pair: string): Promise<ReadonlyMap<Timeframe, ClosedBars>> {
    const rows = await this.#db.query(pair, keptCandles)
    const kept = rows.map(({ name }) => name.replace('candles_', '')).filter(isTimeframe)
    const bars = new Map(
      kept.map((timeframe) => [timeframe, new ClosedBars(this.#db, pair, timeframe, keptBars)]),
    )
    this.#bars.set(pair, bars)
    return bars
  }
}

const keptCandles: Query<{ name: string }> = {
  name: 'keptCandles',
  sql: `SELECT table_name AS "name" FROM information_schema.tables
    WHERE starts_with(table_name, 'candles_')`,
  params: {},
}
