import type { Instrument } from './instrument.ts'
import { makeRandom, type Random } from './random.ts'

/** A trade as `insertTicks` takes it: Unix ms with microseconds in the fraction, taker's side. */
export interface SimulatedTick {
  readonly timestamp: number
  readonly price: number
  readonly volume: number
  readonly side: 'BUY' | 'SELL'
  readonly tradeId: string
}

export interface TradeStreamOptions {
  readonly seed: string
  /** Mean number of trades in a second; bursts come on top of a calmer base. */
  readonly ticksPerSecond: number
}

/** A volatility of about 1 % in an hour at 10 trades a second. */
const stepPerTrade = 0.000_02
const firstTradeId = 1_000_000
const sweepShare = 0.1
const shortestSweep = 2
const longestSweep = 12
/** A burst comes every 20 s on average, adds this much heat and fades with 4 s. */
const burstEveryMs = 20_000
const burstFadeMs = 4_000
const burstHeat = 8
const pressureFadeMs = 30_000
/** Trades that one at the base rate becomes on average: bursts times sweeps. */
const meanTrades =
  (1 + (burstHeat * burstFadeMs) / burstEveryMs) *
  (1 + sweepShare * ((shortestSweep + longestSweep) / 2 - 1))

/**
 * The trades of one instrument as they happen, in order: ids without a gap, pressure of buyers
 * and sellers that comes and goes and moves the price, bursts, and takers that sweep several
 * price levels in one instant.
 */
export class TradeStream {
  readonly #instrument: Instrument
  readonly #random: Random
  readonly #baseRate: number
  #mid: number
  #pressure = 0
  /** Times the base rate: 1 when calm, more in a burst that fades. */
  #heat = 1
  #nextId = firstTradeId

  constructor(instrument: Instrument, { seed, ticksPerSecond }: TradeStreamOptions) {
    this.#instrument = instrument
    this.#random = makeRandom(`${seed}:${instrument.pair}`)
    this.#baseRate = ticksPerSecond / 1_000 / meanTrades
    this.#mid = instrument.startPrice
  }

  /** The trades from one moment (Unix ms) up to another, appended to `into`. */
  advance(fromMs: number, toMs: number, into: SimulatedTick[]): void {
    const random = this.#random
    const stepMs = toMs - fromMs
    this.#heat = 1 + (this.#heat - 1) * Math.exp(-stepMs / burstFadeMs)
    if (random.next() < stepMs / burstEveryMs) this.#heat += burstHeat * random.exponential()
    this.#pressure =
      this.#pressure * Math.exp(-stepMs / pressureFadeMs) +
      random.normal() * Math.sqrt(stepMs / pressureFadeMs) * 0.35
    const mean = this.#baseRate * this.#heat
    for (
      let at = fromMs + random.exponential() / mean;
      at < toMs;
      at += random.exponential() / mean
    )
      this.#trade(Math.floor(at * 1000) / 1000, into)
  }

  /** One taker's order at one instant: a trade, sometimes several, each at a worse price. */
  #trade(timestamp: number, into: SimulatedTick[]): void {
    const random = this.#random
    const { ticksPerUnit, startPrice } = this.#instrument
    const isBuy = random.next() < 0.5 + Math.max(-0.4, Math.min(0.4, this.#pressure))
    const direction = isBuy ? 1 : -1
    this.#mid *= 1 + stepPerTrade * (direction * 0.35 + random.normal())
    // A weak pull to where it began: the demo's price should not wander off for ever.
    this.#mid += (startPrice - this.#mid) * 1e-6
    let level = Math.max(1, Math.round(this.#mid * ticksPerUnit) + (isBuy ? 1 : 0))
    const fills =
      random.next() < sweepShare
        ? shortestSweep + Math.floor(random.next() * (longestSweep - shortestSweep + 1))
        : 1
    for (let fill = 0; fill < fills; fill++) {
      into.push({
        timestamp,
        price: level / ticksPerUnit,
        volume: this.#volume(),
        side: isBuy ? 'BUY' : 'SELL',
        tradeId: String(this.#nextId++),
      })
      if (random.next() < 0.4) level = Math.max(1, level + direction)
    }
  }

  /** Many small trades, few large ones; never zero. */
  #volume(): number {
    const { typicalVolume, lotsPerUnit } = this.#instrument
    const volume = typicalVolume * Math.exp(this.#random.normal() * 1.4)
    return Math.max(1, Math.round(volume * lotsPerUnit)) / lotsPerUnit
  }
}
