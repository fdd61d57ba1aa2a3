import type { CcxtTrade } from '../ccxt/ccxt-objects.ts'
import { tradeTimeMs } from '../ccxt/trade-time.ts'
import type { Gap } from '../schema/gaps.ts'
import { IdRanges } from '../storage/write/id-ranges.ts'
import { idStep, sequenceOf, type ExchangeRule } from './exchange-rule.ts'
import type { PageRange } from './trade-pages.ts'

/** An exchange that answers, and still lacks the trades, is asked so often before they count as gone. */
const triesUntilGone = 3
/** Where the exchange's clock went back, trades of a hole lie before it: each try begins earlier. */
const earlierMs = 60_000

/** Sees which trades of a hole have come, by their ids, and what is still missing. */
export class HoleWalk {
  readonly range: PageRange
  readonly #gap: Gap
  readonly #rule: ExchangeRule
  readonly #ids = new IdRanges()
  readonly #before: bigint | undefined
  readonly #after: bigint | undefined
  /** The exchange gave the trade after the hole, or a later one: it has answered to the end. */
  #reached = false

  constructor(gap: Gap, rule: ExchangeRule) {
    this.#gap = gap
    this.#rule = rule
    this.range = {
      fromId: gap.fromId,
      fromTime: gap.fromTime - (gap.tries - 1) * earlierMs,
      toId: gap.toId,
      toTime: (gap.toTime ?? gap.fromTime) + earlierMs,
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

  /** Every id of the hole has come. */
  get isComplete(): boolean {
    return this.#reached && this.#missing()?.length === 0
  }

  /** What the ledger is to say now. */
  outcome(): Gap[] {
    const missing = this.#missing()
    if (missing === undefined) return [{ ...this.#gap, state: 'unproved' }]
    const isGone = this.#reached && this.#gap.tries >= triesUntilGone
    if (!this.isComplete && !isGone) return [this.#gap]
    return [
      { ...this.#gap, state: 'filled', closedAt: Date.now() },
      ...missing.map(([first, last]): Gap => ({
        ...this.#gap,
        fromId: String(first - 1n),
        toId: String(last + 1n),
        state: 'unfillable',
        reason: 'the exchange does not give these trades any more',
      })),
    ]
  }

  /** Undefined where ids prove nothing. Of a hole without a beginning: from the first that came. */
  #missing(): [bigint, bigint][] | undefined {
    if (this.#before === undefined) return undefined
    const after = this.#after ?? (this.#ids.first ?? this.#before) - 1n
    return this.#ids.missing(after, this.#before)
  }

  #isInTime(trade: CcxtTrade): boolean {
    const time = tradeTimeMs(trade)!
    return time >= this.#gap.fromTime && time <= (this.#gap.toTime ?? Infinity)
  }
}

function wholeNumber(id: string | null): bigint | undefined {
  return id !== null && /^\d+$/.test(id) ? BigInt(id) : undefined
}
