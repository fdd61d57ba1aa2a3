import type { CcxtTrade } from '../ccxt/ccxt-objects.ts'
import { ticksFromCcxt } from '../ccxt/ticks-from-ccxt.ts'
import { tradeTimeMs } from '../ccxt/trade-time.ts'
import type { Gap } from '../schema/gaps.ts'
import type { Tick } from '../schema/rows.ts'
import { continuity, sequenceOf, type ExchangeRule } from './exchange-rule.ts'
import type { GapFiller } from './gap-filler.ts'
import { holeBetween } from './hole.ts'
import type { RecordListener } from './record-events.ts'
import type { KnownTrades } from './known-trades.ts'
import { inOrder } from './trade-order.ts'
import type { TradeStore } from './trade-store.ts'
import type { VolumeCheck } from './volume-check.ts'

/** What a line received and the file does not have yet. */
interface Received {
  ticks: Tick[]
  gaps: Gap[]
}

/**
 * One pair while it is recorded. {@link take} only looks at ids and queues; storing is another
 * loop, so that a slow disk never makes ccxt's own cache drop trades.
 */
export class PairRecorder {
  readonly symbol: string
  readonly #rule: ExchangeRule
  readonly #store: TradeStore
  readonly #filler: GapFiller
  readonly #tell: RecordListener
  readonly #maxQueued: number
  readonly #check: VolumeCheck | undefined
  /** The newest trade by the exchange's count, stored or waiting. */
  #previous: CcxtTrade | undefined
  /** A line was cut, or there was none: ids have to prove that nothing is missing, or nothing does. */
  #uncertain = true
  /** Since when nothing can be proved; null end. */
  #endless: Gap | undefined
  /** Where nothing is stored: the time from which on trades are wanted. */
  readonly #beginning: number | undefined
  #overflowed = false
  #received: Received = { ticks: [], gaps: [] }
  #wake: () => void = () => undefined

  constructor(of: {
    symbol: string
    rule: ExchangeRule
    store: TradeStore
    filler: GapFiller
    tell: RecordListener
    maxQueued: number
    known: KnownTrades
    check: VolumeCheck | undefined
  }) {
    this.symbol = of.symbol
    this.#rule = of.rule
    this.#store = of.store
    this.#filler = of.filler
    this.#tell = of.tell
    this.#maxQueued = of.maxQueued
    this.#check = of.check
    this.#previous = of.known.newest
    this.#endless = of.known.gaps.find(({ toTime }) => toTime === null)
    this.#beginning = of.known.beginning
  }

  get pair(): string {
    return this.#store.pair
  }

  /** Queues what a line gave; never waits. */
  take(trades: readonly CcxtTrade[]): void {
    for (const trade of inOrder(trades, this.#rule)) {
      const tick = this.#tickOf(trade)
      if (tick === undefined) continue
      if (this.#received.ticks.length >= this.#maxQueued) {
        this.#overflowed = true
        this.#uncertain = true
        continue
      }
      this.#noteHoles(trade, tick)
      this.#received.ticks.push(tick)
    }
    this.#wake()
  }

  /** The line was cut: what comes next may come after a hole. */
  cut(): void {
    this.#uncertain = true
  }

  /** Stores what is queued until the signal fires and nothing waits any more. */
  async storeUntil(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    for (;;) {
      const { ticks, gaps } = this.#received
      this.#received = { ticks: [], gaps: [] }
      if (ticks.length > 0) await this.#storeReceived(ticks, gaps)
      else if (signal.aborted) break
      else await this.#something()
    }
    await this.#endUnproved()
  }

  #something(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.#received.ticks.length > 0) resolve()
    })
  }

  async #storeReceived(ticks: readonly Tick[], gaps: readonly Gap[]): Promise<void> {
    const counts = await this.#store.store(ticks, gaps)
    const newest = ticks.at(-1)!
    this.#tell({
      type: 'stored',
      pair: this.pair,
      counts,
      lastPrice: newest.price,
      lagMs: Math.max(0, Date.now() - newest.timestamp),
    })
    for (const gap of gaps) this.#filler.add(gap)
    for (const { timestamp } of [ticks[0]!, newest]) this.#check?.stored(timestamp)
  }

  #tickOf(trade: CcxtTrade): Tick | undefined {
    try {
      return ticksFromCcxt([trade])[0]
    } catch (error) {
      // Not stored and not counted as seen: the next one then shows that one is missing.
      this.#tell({ type: 'rejected', pair: this.pair, reason: (error as Error).message })
      return undefined
    }
  }

  #noteHoles(trade: CcxtTrade, tick: Tick): void {
    const previous = this.#previous
    const follows = previous === undefined ? 'first' : continuity(this.#rule, previous, trade)
    if (follows === 'same') return
    const reason = this.#reason()
    if (follows === 'first' && this.#beginning !== undefined)
      this.#note(holeBetween({ timestamp: this.#beginning }, trade, 'open', 'before recording'))
    if (follows === 'gap') this.#note(this.#hole(previous!, trade, reason))
    if (follows === 'unknown' && this.#uncertain)
      this.#note(holeBetween(previous!, trade, 'unproved', reason))
    if (this.#rule.sequence === null && this.#endless === undefined) {
      const why = 'the ids of this exchange do not tell whether a trade is missing'
      this.#endless = {
        ...holeBetween({ ...trade, timestamp: tick.timestamp }, trade, 'unproved', why),
        toTime: null,
        toId: null,
      }
      this.#note(this.#endless)
    }
    this.#uncertain = false
    this.#overflowed = false
    this.#previous = trade
  }

  /** Between neighbours of the count something is missing that has no place in it: nobody gives that. */
  #hole(previous: CcxtTrade, trade: CcxtTrade, reason: string): Gap {
    const step = sequenceOf(this.#rule, trade)! - sequenceOf(this.#rule, previous)!
    return step === 1n
      ? holeBetween(previous, trade, 'unfillable', 'trades are missing inside the aggregates')
      : holeBetween(previous, trade, 'open', reason)
  }

  #note(gap: Gap): void {
    this.#received.gaps.push(gap)
  }

  #reason(): string {
    if (this.#overflowed) return 'more came than could be stored'
    return this.#uncertain ? 'the line was cut' : 'not received'
  }

  /** From the end on nobody records, so nothing is unproved. */
  async #endUnproved(): Promise<void> {
    if (this.#endless === undefined || this.#previous === undefined) return
    const toTime = tradeTimeMs(this.#previous) ?? this.#endless.fromTime
    await this.#store.store(
      [],
      [
        {
          ...this.#endless,
          toTime: Math.max(toTime, this.#endless.fromTime),
          toId: this.#previous.id?.toString() ?? null,
        },
      ],
    )
  }
}
