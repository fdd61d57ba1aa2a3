import {
  addDecimal,
  compareDecimal,
  divideDecimal,
  formatDecimal,
  multiplyDecimal,
  parseDecimal,
  subtractDecimal,
} from './decimal.ts'
import type { Decimal, DecimalText } from './decimal.ts'

/** Digits after the point to which money is rounded where a division does not come out even. */
export const moneyScale = 12

/** A change of a holding: what came (negative: went), and what was paid for it, fees included. */
export interface PositionChange {
  readonly quantity: DecimalText
  readonly paid: DecimalText
}

/** A quantity and what it cost, fees included; of a short (negative), what was got for it. */
export interface Holding {
  readonly quantity: DecimalText
  readonly cost: DecimalText
}

/** What a change closed of the position. */
export interface Closing {
  /** Undefined when nothing was closed. */
  readonly pnl: DecimalText | undefined
  /** Sold, though nobody knows what it had cost. */
  readonly uncovered: DecimalText
}

/**
 * A holding at average cost. What closes part of it realises a profit or loss: what was got for
 * that part, less the same part of the cost. The part's cost is rounded to {@link moneyScale}
 * digits and exactly that is taken from the position, so that nothing is lost over many sales
 * and a position that is closed wholly leaves nothing behind.
 *
 * A spot position never goes below zero: what is sold beyond it (deposits, or trades before the
 * mirror's first) has no known cost and makes no profit. With `shorts` it opens a short.
 */
export class Position {
  readonly #shorts: boolean
  #quantity: Decimal = zero
  #cost: Decimal = zero

  /** Begins with nothing, or with what is held already. */
  constructor(shorts: boolean, held?: Holding) {
    this.#shorts = shorts
    if (held === undefined) return
    this.#quantity = parseDecimal(held.quantity)
    this.#cost = parseDecimal(held.cost)
  }

  /** What is held now. */
  get holding(): Holding {
    return { quantity: formatDecimal(this.#quantity), cost: formatDecimal(this.#cost) }
  }

  change({ quantity, paid }: PositionChange): Closing {
    const [moved, money] = [parseDecimal(quantity), parseDecimal(paid)]
    const held = this.#quantity.coefficient
    if (held === 0n || moved.coefficient < 0n === held < 0n) return this.#open(moved, money)
    const whole = compareDecimal(size(moved), size(this.#quantity)) <= 0
    const closed = whole ? moved : negated(this.#quantity)
    const paidForClosed = share(money, closed, moved)
    const cost = share(this.#cost, negated(closed), this.#quantity)
    this.#quantity = addDecimal(this.#quantity, closed)
    this.#cost = subtractDecimal(this.#cost, cost)
    const pnl = formatDecimal(negated(addDecimal(paidForClosed, cost)))
    if (whole) return { pnl, uncovered: '0' }
    const rest = this.#open(subtractDecimal(moved, closed), subtractDecimal(money, paidForClosed))
    return { pnl, uncovered: rest.uncovered }
  }

  #open(quantity: Decimal, paid: Decimal): Closing {
    if (quantity.coefficient < 0n && !this.#shorts)
      return { pnl: undefined, uncovered: formatDecimal(negated(quantity)) }
    this.#quantity = addDecimal(this.#quantity, quantity)
    this.#cost = addDecimal(this.#cost, paid)
    return { pnl: undefined, uncovered: '0' }
  }
}

const zero: Decimal = { coefficient: 0n, scale: 0 }

/** `amount × part / whole`; the amount itself, not rounded, when the part is the whole. */
function share(amount: Decimal, part: Decimal, whole: Decimal): Decimal {
  if (compareDecimal(part, whole) === 0) return amount
  return divideDecimal(multiplyDecimal(amount, part), whole, moneyScale)
}

function negated({ coefficient, scale }: Decimal): Decimal {
  return { coefficient: -coefficient, scale }
}

function size(amount: Decimal): Decimal {
  return amount.coefficient < 0n ? negated(amount) : amount
}
