import { ticksFromCcxt } from '../ccxt/ticks-from-ccxt.ts'
import type { Gap } from '../schema/gaps.ts'
import { BackOff } from './back-off.ts'
import type { ExchangeRule } from './exchange-rule.ts'
import { fetchHoles } from './hole-fetch.ts'
import type { RecordListener } from './record-events.ts'
import type { TradeExchange } from './trade-exchange.ts'
import type { TradeStore } from './trade-store.ts'

/** Holes within a minute of each other are filled by one walk: an exchange gives a page a second. */
const nearMs = 60_000

/** Fetches what is missing of one pair, neighbouring holes by the same pages, and says in the ledger what became of each. */
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
      const gaps = this.#takeNeighbours()
      if (gaps.length === 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve))
        continue
      }
      const open = await this.#try(gaps)
      this.#waiting.push(...open)
      if (open.length === 0) backOff.reset()
      else await backOff.wait(signal)
    }
  }

  /** The hole that waits longest, and those so near to it that the pages around it hold them too. */
  #takeNeighbours(): Gap[] {
    const [first] = this.#waiting
    if (first === undefined) return []
    const near = (gap: Gap): boolean =>
      gap.fromTime <= first.toTime! + nearMs && gap.toTime! >= first.fromTime - nearMs
    const taken = this.#waiting.filter(near)
    this.#waiting.splice(0, Infinity, ...this.#waiting.filter((gap) => !near(gap)))
    return taken
  }

  /** One try at holes; gives those back that another one is worth. */
  async #try(gaps: readonly Gap[]): Promise<Gap[]> {
    const history = { exchange: this.#exchange(), symbol: this.#symbol, rule: this.#rule }
    try {
      const rows = await fetchHoles(history, gaps, (trades) =>
        this.#store.storeAll(ticksFromCcxt(trades)),
      )
      await this.#store.store([], rows)
      return rows.filter(({ state }) => state === 'open')
    } catch (error) {
      this.#tell({ type: 'error', pair: this.#store.pair, error })
      return gaps.map((gap) => ({ ...gap, tries: gap.tries + 1 }))
    }
  }
}
