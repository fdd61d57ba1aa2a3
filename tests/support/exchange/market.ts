import { makeRandom, type Random } from '../../../src/simulator/random.ts'

/** A trade as the stand-in's own list has it: the oracle of what has to be stored. */
export interface MadeTrade {
  readonly id: string
  readonly micros: number
  readonly price: string
  readonly amount: string
  readonly side: 'BUY' | 'SELL'
  /** The trades inside an aggregate. */
  readonly first: number
  readonly last: number
}

const firstId = 93_800_001n

/** One market of the stand-in: makes trades, keeps them all. */
export class MadeMarket {
  readonly trades: MadeTrade[] = []
  readonly #random: Random
  #price = 64_000
  #inner = 1
  /** Some of them may be forgotten. */
  #made = 0
  #micros: number
  /** Added to the time of what is made: the exchange's clock lies. */
  clockErrorMs = 0

  constructor(seed: number, startMs: number) {
    this.#random = makeRandom(`market ${seed}`)
    this.#micros = startMs * 1000
  }

  make(nowMs: number): MadeTrade {
    this.#micros = Math.max(this.#micros + 1 + Math.floor(this.#random.next() * 500), nowMs * 1000)
    this.#price = Math.max(1, this.#price + Math.round((this.#random.next() - 0.5) * 20) / 10)
    const count = 1 + Math.floor(this.#random.next() * 3)
    const trade: MadeTrade = {
      id: String(firstId + BigInt(this.#made++)),
      micros: this.#micros + this.clockErrorMs * 1000,
      price: this.#price.toFixed(1),
      amount: (0.001 + Math.round(this.#random.next() * 1000) / 1000).toFixed(3),
      side: this.#random.next() < 0.5 ? 'BUY' : 'SELL',
      first: this.#inner,
      last: this.#inner + count - 1,
    }
    this.#inner += count
    this.trades.push(trade)
    return trade
  }
}
