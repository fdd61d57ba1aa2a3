import type { Instrument } from './instrument.ts'

/** Amounts of any asset are counted in units of 10^-12, so that sums and products stay exact. */
export const unitDigits = 12
const unitsPerOne = 10n ** BigInt(unitDigits)

/** A maker's fee of 0.1 %, taken from what is received. */
const feeDivisor = 1_000n

export type OrderStatus = 'open' | 'closed' | 'canceled'

/** An order as an exchange reports it; decimals as text. */
export interface OrderReport {
  readonly id: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly type: 'limit'
  readonly status: OrderStatus
  readonly price: string
  readonly amount: string
  readonly filled: string
  /** Filled, in quote currency. */
  readonly cost: string
  readonly average: string | null
  readonly fee: { readonly cost: string; readonly currency: string }
  readonly timestamp: number
  readonly lastUpdateTimestamp: number
}

/** One of the account's own trades. */
export interface FillReport {
  readonly id: string
  readonly order: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: string
  readonly amount: string
  readonly cost: string
  readonly fee: { readonly cost: string; readonly currency: string }
  readonly takerOrMaker: 'maker'
  readonly timestamp: number
}

/** Where an order trades: base and quote, and the sizes of a price step and of a lot. */
export interface SimulatedMarket extends Instrument {
  readonly symbol: string
  readonly base: string
  readonly quote: string
}

export interface NewOrder {
  readonly id: string
  readonly market: SimulatedMarket
  readonly side: 'buy' | 'sell'
  /** In steps of the market's price. */
  readonly price: number
  /** In lots. */
  readonly lots: number
  readonly placedMs: number
}

/** A maker's limit order; it fills at its price or not at all. */
export class SimulatedOrder {
  readonly id: string
  readonly market: SimulatedMarket
  readonly side: 'buy' | 'sell'
  readonly price: number
  readonly lots: number
  #filledLots = 0
  #fee = 0n
  #status: OrderStatus = 'open'
  readonly #placedMs: number
  #updatedMs: number

  constructor({ id, market, side, price, lots, placedMs }: NewOrder) {
    this.id = id
    this.market = market
    this.side = side
    this.price = price
    this.lots = lots
    this.#placedMs = placedMs
    this.#updatedMs = placedMs
  }

  get isOpen(): boolean {
    return this.#status === 'open'
  }

  get remainingLots(): number {
    return this.lots - this.#filledLots
  }

  /** What the open rest locks: quote currency of a purchase, base of a sale. */
  get locked(): bigint {
    return this.isOpen ? this.given(this.remainingLots) : 0n
  }

  /** What so many lots take from the account. */
  given(lots: number): bigint {
    return this.side === 'buy' ? this.#notional(lots) : this.#base(lots)
  }

  /** Fills so many lots; what the account receives, the fee taken off, and the report. */
  fill(lots: number, id: string, timestamp: number): { received: bigint; report: FillReport } {
    const gross = this.side === 'buy' ? this.#base(lots) : this.#notional(lots)
    const fee = gross / feeDivisor
    this.#filledLots += lots
    this.#fee += fee
    this.#updatedMs = timestamp
    if (this.remainingLots === 0) this.#status = 'closed'
    const report: FillReport = {
      id,
      order: this.id,
      symbol: this.market.symbol,
      side: this.side,
      price: this.#priceText,
      amount: unitText(this.#base(lots)),
      cost: unitText(this.#notional(lots)),
      fee: { cost: unitText(fee), currency: this.#received },
      takerOrMaker: 'maker',
      timestamp,
    }
    return { received: gross - fee, report }
  }

  cancel(timestamp: number): void {
    this.#status = 'canceled'
    this.#updatedMs = timestamp
  }

  report(): OrderReport {
    return {
      id: this.id,
      symbol: this.market.symbol,
      side: this.side,
      type: 'limit',
      status: this.#status,
      price: this.#priceText,
      amount: unitText(this.#base(this.lots)),
      filled: unitText(this.#base(this.#filledLots)),
      cost: unitText(this.#notional(this.#filledLots)),
      average: this.#filledLots === 0 ? null : this.#priceText,
      fee: { cost: unitText(this.#fee), currency: this.#received },
      timestamp: this.#placedMs,
      lastUpdateTimestamp: this.#updatedMs,
    }
  }

  get #received(): string {
    return this.side === 'buy' ? this.market.base : this.market.quote
  }

  get #priceText(): string {
    return unitText((BigInt(this.price) * unitsPerOne) / BigInt(this.market.ticksPerUnit))
  }

  #base(lots: number): bigint {
    return (BigInt(lots) * unitsPerOne) / BigInt(this.market.lotsPerUnit)
  }

  #notional(lots: number): bigint {
    const { ticksPerUnit, lotsPerUnit } = this.market
    return (BigInt(this.price) * BigInt(lots) * unitsPerOne) / BigInt(ticksPerUnit * lotsPerUnit)
  }
}

/** Units as decimal text with at least two digits after the point. */
export function unitText(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(unitDigits + 1, '0')
  const whole = digits.slice(0, -unitDigits)
  const fraction = digits.slice(-unitDigits).replace(/0{1,10}$/, '')
  return `${units < 0n ? '-' : ''}${whole}.${fraction}`
}

export function unitsOf(whole: number): bigint {
  return BigInt(whole) * unitsPerOne
}
