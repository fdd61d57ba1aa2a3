import type { CcxtTrade } from '../ccxt/ccxt-objects.ts'
import { tradeTimeMs } from '../ccxt/trade-time.ts'
import type { Gap } from '../schema/gaps.ts'
import { IdRanges } from '../storage/write/id-ranges.ts'
import { idStep, sequenceOf, type ExchangeRule } from './exchange-rule.ts'
import type { PageRange } from './page-range.ts'
import { clockErrorMs } from './page-search.ts'

/** An exchange that answers, and still lacks the trades, is asked so often before they count as gone. */
const triesUntilGone = 3

const gone = {
  state: 'unfillable',
  reason: 'the exchange does not give these trades any more',
} as const

/** Sees which trades of a hole have come, by their ids, and what is still missing. */
export class HoleWalk {
  readonly range: PageRange
  readonly #gap: Gap
  readonly #rule: ExchangeRule
  readonly #ids = new IdRanges()
  readonly #before: bigint | undefined
  readonly #after: bigint | undefined
  /** The exchange gave the trade after the hole, or a later one, or said that it has no others. */
  #reached = false
  /** Stretches that the exchange was asked for to the end and has not given. */
  readonly #notGiven = new IdRanges()

  constructor(gap: Gap, rule: ExchangeRule) {
    this.#gap = gap
    this.#rule = rule
    this.range = {
      fromId: gap.fromId,
      // Where the exchange's clock went back, trades of a hole lie before it: each try begins earlier.
      fromTime: gap.fromTime - (gap.tries - 1) * clockErrorMs,
      toId: gap.toId,
      toTime: (gap.toTime ?? gap.fromTime) + clockErrorMs,
    }
    const countsIds = rule.sequence === 'id'
    this.#after = countsIds ? wholeNumber(gap.fromId) : undefined
    this.#before = countsIds ? wholeNumber(gap.toId) : undefined
  }

  /** The page's trades that belong into the hole. */
  take(page: readonly CcxtTrade[]): CcxtTrade[] {
    return page.filter((trade) => {
      const id = sequenceOf(this.#rule, trade)
      if (id === undefined || this.#before === undefined) return this.#isInTime(trade)
      if (id >= this.#before) this.#reached = true
      const isInside =
        id < this.#before && (this.#after === undefined ? this.#isInTime(trade) : id > this.#after)
      if (isInside) this.#ids.add(id - idStep(this.#rule, trade) + 1n, id)
      return isInside
    })
  }

  /** Every id of the hole has come; of one without a beginning when the exchange has said all. */
  get isComplete(): boolean {
    return (this.#after !== undefined || this.#reached) && this.missing()?.length === 0
  }

  get isReached(): boolean {
    return this.#reached
  }

  /** The exchange has answered to the end. */
  reach(): void {
    this.#reached = true
  }

  /** The stretches that have not come. Undefined where ids prove nothing. */
  missing(): [first: bigint, last: bigint][] | undefined {
    if (this.#before === undefined) return undefined
    // Of a hole without a beginning: from the first that came.
    const after = this.#after ?? (this.#ids.first ?? this.#before) - 1n
    return this.#ids.missing(after, this.#before)
  }

  /** The exchange was asked for a stretch to the end, and does not give it. */
  notGiven(first: bigint, last: bigint): void {
    this.#notGiven.add(first, last)
  }

  /** What the ledger is to say now: what has not come stays a hole of its own, if only a part has. */
  outcome(): Gap[] {
    const missing = this.missing()
    if (missing === undefined) return [{ ...this.#gap, state: 'unproved' }]
    if (this.#after === undefined && !this.#reached) return [this.#gap]
    const rest = missing.map(([first, last]): Gap => ({
      ...this.#gap,
      fromId: String(first - 1n),
      toId: String(last + 1n),
      ...(this.#isGone(first, last) && gone),
    }))
    if (rest.length > 0 && rest.every(({ state }) => state === 'open')) return [this.#gap]
    return [{ ...this.#gap, state: 'filled', closedAt: Date.now() }, ...rest]
  }

  #isGone(first: bigint, last: bigint): boolean {
    return (
      this.#gap.tries >= triesUntilGone &&
      this.#notGiven.missing(first - 1n, last + 1n).length === 0
    )
  }

  #isInTime(trade: CcxtTrade): boolean {
    const time = tradeTimeMs(trade)!
    return time >= this.#gap.fromTime && time <= (this.#gap.toTime ?? Infinity)
  }
}

function wholeNumber(id: string | null): bigint | undefined {
  return id !== null && /^\d+$/.test(id) ? BigInt(id) : undefined
}
