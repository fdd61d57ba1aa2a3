import { ticksFromCcxt } from '../ccxt/ticks-from-ccxt.ts'
import type { Gap } from '../schema/gaps.ts'
import { BackOff } from './back-off.ts'
import type { ExchangeRule } from './exchange-rule.ts'
import { HoleWalk } from './hole-walk.ts'
import type { RecordListener } from './record-events.ts'
import type { TradeExchange } from './trade-exchange.ts'
import { tradePages } from './trade-pages.ts'
import type { TradeStore } from './trade-store.ts'

/** Fetches what is missing of one pair, one hole after the other, and says in the ledger what became of it. */
export class GapFiller {
  readonly #exchange: () => TradeExchange
  readonly #symbol: string
  readonly #rule: ExchangeRule
  readonly #store: TradeStore
  readonly #tell: RecordListener
  readonly #maxFillMs: number
  readonly #waiting: Gap[] = []
  #wake: () => void = () => undefined

  constructor(of: {
    exchange: () => TradeExchange
    symbol: string
    rule: ExchangeRule
    store: TradeStore
    tell: RecordListener
    maxFillMs: number
  }) {
    this.#exchange = of.exchange
    this.#symbol = of.symbol
    this.#rule = of.rule
    this.#store = of.store
    this.#tell = of.tell
    this.#maxFillMs = of.maxFillMs
  }

  /** Takes a hole that is in the ledger; one without an end, or that was closed, is left. */
  add(gap: Gap): void {
    if (gap.toTime === null || gap.state === 'filled' || gap.state === 'unfillable') return
    if (gap.toTime - gap.fromTime > this.#maxFillMs) return
    this.#waiting.push(gap)
    this.#wake()
  }

  /** Fills what was added until the signal fires. What is not filled by then stays open. */
  async fillUntil(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    const backOff = new BackOff()
    while (!signal.aborted) {
      const gap = this.#waiting.shift()
      if (gap === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve))
        continue
      }
      const after = await this.#try(gap)
      if (after === undefined) backOff.reset()
      else {
        this.#waiting.push(after)
        await backOff.wait(signal)
      }
    }
  }

  /** One try; gives the hole back when another one is worth it. */
  async #try(gap: Gap): Promise<Gap | undefined> {
    const tried = { ...gap, tries: gap.tries + 1 }
    try {
      const walk = new HoleWalk(tried, this.#rule)
      for await (const page of tradePages(this.#exchange(), this.#symbol, this.#rule, walk.range)) {
        await this.#store.storeAll(ticksFromCcxt(walk.take(page)))
        if (walk.isComplete) break
      }
      const rows = walk.outcome()
      await this.#store.store([], rows)
      return rows.some(({ state }) => state === 'open') ? tried : undefined
    } catch (error) {
      this.#tell({ type: 'error', pair: this.#store.pair, error })
      return tried
    }
  }
}
