import type { Instrument } from './instrument.ts'
import { makeRandom, type Random } from './random.ts'
import { TradeStream, type SimulatedTick } from './trade-stream.ts'

/** What one call of a feed brings for one pair. */
export interface TickBatch {
  /** The pair in its text form. */
  readonly pair: string
  /** In the order of arrival, which for late trades is not that of time. */
  readonly ticks: readonly SimulatedTick[]
  /** How many of them had been delivered before. */
  readonly replayed: number
}

export interface FeedOptions {
  readonly seed: string
  readonly ticksPerSecond: number
  readonly lateShare: number
  readonly reconnectEverySeconds: number
}

const longestLateMs = 5_000
const longestOutageMs = 3_000
/** How many delivered trades an exchange sends again after a reconnect, at most. */
const replayDepth = 200

/** One pair's connection: it delivers trades, holds some back, breaks, and replays. */
export class Feed {
  readonly #pair: string
  readonly #stream: TradeStream
  readonly #random: Random
  readonly #lateShare: number
  readonly #meanUptimeMs: number
  /** The newest delivered trades, as they arrived. */
  #delivered: SimulatedTick[] = []
  /** Trades that happened while the connection was down. */
  #missed: SimulatedTick[] = []
  #late: { readonly due: number; readonly tick: SimulatedTick }[] = []
  #downUntil: number | undefined

  constructor(instrument: Instrument, options: FeedOptions) {
    this.#pair = instrument.pair
    this.#stream = new TradeStream(instrument, options)
    this.#random = makeRandom(`${options.seed}:${instrument.pair}:feed`)
    this.#lateShare = options.lateShare
    this.#meanUptimeMs = options.reconnectEverySeconds * 1_000
  }

  /** What arrives between two moments, or undefined when nothing does. */
  deliver(fromMs: number, toMs: number): TickBatch | undefined {
    const happened: SimulatedTick[] = []
    this.#stream.advance(fromMs, toMs, happened)
    if (this.#downUntil !== undefined && toMs < this.#downUntil) {
      for (const tick of happened) this.#missed.push(tick)
      return undefined
    }
    const replay = this.#downUntil === undefined ? [] : this.#reconnect()
    const ticks = [...replay, ...this.#missed]
    this.#missed = []
    for (const tick of happened) this.#holdOrPush(tick, toMs, ticks)
    this.#releaseLate(toMs, ticks)
    this.#remember(ticks, replay.length)
    if (this.#random.next() < (toMs - fromMs) / this.#meanUptimeMs)
      this.#downUntil = toMs + this.#random.next() * longestOutageMs
    return this.#batch(ticks, replay.length)
  }

  /** What is still held back when the market closes. */
  finish(): TickBatch | undefined {
    const ticks = [...this.#missed, ...this.#late.map(({ tick }) => tick)]
    this.#missed = []
    this.#late = []
    return this.#batch(ticks, 0)
  }

  /** The exchange sends the last trades again: a random part of what it already sent. */
  #reconnect(): SimulatedTick[] {
    this.#downUntil = undefined
    const depth = Math.ceil(this.#random.next() * Math.min(replayDepth, this.#delivered.length))
    return this.#delivered.slice(this.#delivered.length - depth)
  }

  #holdOrPush(tick: SimulatedTick, nowMs: number, ticks: SimulatedTick[]): void {
    if (this.#lateShare > 0 && this.#random.next() < this.#lateShare)
      this.#late.push({ due: nowMs + this.#random.next() * longestLateMs, tick })
    else ticks.push(tick)
  }

  #releaseLate(nowMs: number, ticks: SimulatedTick[]): void {
    if (this.#late.length === 0) return
    for (const { due, tick } of this.#late) if (due <= nowMs) ticks.push(tick)
    this.#late = this.#late.filter(({ due }) => due > nowMs)
  }

  #remember(ticks: readonly SimulatedTick[], replayed: number): void {
    for (let index = replayed; index < ticks.length; index++) this.#delivered.push(ticks[index]!)
    if (this.#delivered.length > 4 * replayDepth)
      this.#delivered = this.#delivered.slice(-replayDepth)
  }

  #batch(ticks: readonly SimulatedTick[], replayed: number): TickBatch | undefined {
    return ticks.length === 0 ? undefined : { pair: this.#pair, ticks, replayed }
  }
}
