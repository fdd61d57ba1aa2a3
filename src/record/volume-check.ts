import { setTimeout as sleep } from 'node:timers/promises'
import { getCandlesQuery } from '../queries/candles.ts'
import type { Gap } from '../schema/gaps.ts'
import type { DatabaseManager } from '../storage/database-manager.ts'
import type { GapFiller } from './gap-filler.ts'
import type { RecordListener } from './record-events.ts'
import type { TradeExchange } from './trade-exchange.ts'
import type { TradeStore } from './trade-store.ts'

const minuteMs = 60_000
/** An exchange's candle of a minute is taken as final so long after its end. */
const finalAfterMs = 5_000
/** Minutes of one question. */
const askedMinutes = 200
/** Sums of the same numbers in another order differ by less. */
const tolerance = 1e-6

/**
 * Compares what is stored of each whole minute with the exchange's own candle, where ids prove
 * nothing: a difference is a hole with both volumes as its reason. That they are equal proves
 * no single trade, and changes nothing in the ledger.
 */
export class VolumeCheck {
  readonly #exchange: TradeExchange
  readonly #symbol: string
  readonly #db: DatabaseManager
  readonly #store: TradeStore
  readonly #filler: GapFiller
  readonly #tell: RecordListener
  /** The first minute that was not compared; none before the one in which recording began is whole. */
  #next: number | undefined
  #newest = 0
  #wake: () => void = () => undefined

  constructor(of: {
    exchange: TradeExchange
    symbol: string
    db: DatabaseManager
    store: TradeStore
    filler: GapFiller
    tell: RecordListener
  }) {
    this.#exchange = of.exchange
    this.#symbol = of.symbol
    this.#db = of.db
    this.#store = of.store
    this.#filler = of.filler
    this.#tell = of.tell
  }

  /** A trade of this time (Unix ms) is stored. */
  stored(time: number): void {
    this.#next ??= Math.ceil(time / minuteMs) * minuteMs
    this.#newest = Math.max(this.#newest, time)
    if (this.#isDue()) this.#wake()
  }

  /** Compares minute after minute until the signal fires. */
  async checkUntil(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    if (this.#exchange.fetchOHLCV === undefined) return
    while (!signal.aborted) {
      if (!this.#isDue()) {
        await new Promise<void>((resolve) => (this.#wake = resolve))
        continue
      }
      const until = Math.floor(this.#newest / minuteMs) * minuteMs
      await sleep(Math.max(0, until + finalAfterMs - Date.now()), undefined, { signal }).catch(
        () => undefined,
      )
      if (signal.aborted) return
      try {
        this.#next = await this.#compare(this.#next!, until)
      } catch (error) {
        this.#tell({ type: 'error', pair: this.#store.pair, error })
        await sleep(minuteMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  #isDue(): boolean {
    return this.#next !== undefined && this.#newest >= this.#next + minuteMs
  }

  /** Gives the first minute that is still to be compared. */
  async #compare(from: number, until: number): Promise<number> {
    const to = Math.min(until, from + askedMinutes * minuteMs)
    const limit = (to - from) / minuteMs
    const theirs = await this.#exchange.fetchOHLCV!(this.#symbol, '1m', from, limit)
    const window = { timeframe: '1m', source: 'ticks', from, to } as const
    const bars = await this.#db.query(this.#store.pair, getCandlesQuery(window))
    const ours = new Map(bars.map(({ timestamp, volume }) => [timestamp, volume]))
    const gaps = theirs.flatMap(([time, , , , , volume]) => {
      const [minute, wanted] = [Number(time), Number(volume)]
      if (!(minute >= from && minute < to && wanted >= 0)) return []
      return differs(wanted, ours.get(minute) ?? 0)
        ? [holeOf(minute, wanted, ours.get(minute) ?? 0)]
        : []
    })
    if (gaps.length > 0) await this.#store.store([], gaps)
    for (const gap of gaps) this.#filler.add(gap)
    return to
  }
}

function differs(a: number, b: number): boolean {
  return Math.abs(a - b) > tolerance * Math.max(a, b)
}

function holeOf(minute: number, theirs: number, ours: number): Gap {
  return {
    fromTime: minute,
    toTime: minute + minuteMs,
    fromId: null,
    toId: null,
    state: 'open',
    reason: `the exchange's own candle of this minute has a volume of ${theirs}, stored was ${Number(ours.toPrecision(12))}`,
    tries: 0,
    openedAt: Date.now(),
    closedAt: null,
  }
}
