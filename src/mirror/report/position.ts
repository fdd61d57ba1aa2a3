import {
  addText,
  compareText,
  divideText,
  isNegative,
  isZero,
  multiplyText,
  subtractText,
} from '../decimal.ts'
import type { DecimalText } from '../decimal.ts'
import { moneyScale } from './money.ts'

/** A change of a holding: what came (negative: went), and what was paid for it, fees included. */
export interface PositionChange {
  readonly quantity: DecimalText
  readonly paid: DecimalText
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
  #quantity: DecimalText = '0'
  #cost: DecimalText = '0'

  constructor(shorts: boolean) {
    this.#shorts = shorts
  }

  get quantity(): DecimalText {
    return this.#quantity
  }

  /** What the position cost, fees included; of a short (negative), what was got for it. */
  get cost(): DecimalText {
    return this.#cost
  }

  change({ quantity, paid }: PositionChange): Closing {
    const opposite = !isZero(this.#quantity) && isNegative(quantity) !== isNegative(this.#quantity)
    if (!opposite) return this.#open(quantity, paid, undefined)
    const whole = compareText(size(quantity), size(this.#quantity)) <= 0
    const closed = whole ? quantity : negated(this.#quantity)
    const paidForClosed = share(paid, closed, quantity)
    const cost = share(this.#cost, negated(closed), this.#quantity)
    this.#quantity = addText(this.#quantity, closed)
    this.#cost = subtractText(this.#cost, cost)
    const pnl = negated(addText(paidForClosed, cost))
    if (whole) return { pnl, uncovered: '0' }
    const rest = subtractText(quantity, closed)
    return this.#open(rest, subtractText(paid, paidForClosed), pnl)
  }

  #open(quantity: DecimalText, paid: DecimalText, pnl: DecimalText | undefined): Closing {
    if (isNegative(quantity) && !this.#shorts) return { pnl, uncovered: negated(quantity) }
    this.#quantity = addText(this.#quantity, quantity)
    this.#cost = addText(this.#cost, paid)
    return { pnl, uncovered: '0' }
  }
}

/** `amount × part / whole`; the amount itself, not rounded, when the part is the whole. */
function share(amount: DecimalText, part: DecimalText, whole: DecimalText): DecimalText {
  if (compareText(part, whole) === 0) return amount
  return divideText(multiplyText(amount, part), whole, moneyScale)!
}

function negated(amount: DecimalText): DecimalText {
  return subtractText('0', amount)
}

function size(amount: DecimalText): DecimalText {
  return isNegative(amount) ? negated(amount) : amount
}
