import type { PageRange } from './page-range.ts'
import {
  highestOf,
  microsecondNs,
  tradePage,
  type TradeHistory,
  type TradePage,
} from './trade-pages.ts'

/** An exchange's clock is taken to err by no more than this. */
export const clockErrorMs = 60_000
/** A short page that ends before a trade says nothing of it, until it has come so often. */
const shortPages = 8

/** What a page from one moment on said of all trades: those up to `highest` that it lacks are older. */
interface Asked {
  readonly micros: number
  readonly highest: bigint
  readonly isFull: boolean
}

/**
 * Trades that pages by time leave out. An exchange gives those after a moment in the order of its
 * count, as many as a page takes; where its clock went back at the end of a page, the next ones have
 * a time before the moment that the next page is asked from. The later the moment, the fewer
 * trades come before the wanted one, until the moment is after it: so it is found by halving.
 */
export class PageSearch {
  readonly #history: TradeHistory
  readonly #range: PageRange
  /** Kraken's times have microseconds: whole numbers of them are halved. */
  readonly #begin: number
  readonly #end: number
  readonly #asked: Asked[] = []

  constructor(history: TradeHistory, range: PageRange) {
    this.#history = history
    this.#range = range
    this.#begin = Math.floor(range.fromTime - clockErrorMs) * 1000
    this.#end = Math.ceil(range.toTime + clockErrorMs) * 1000
  }

  /** Whether this exchange's pages can leave out a trade that its ids show to be missing. */
  get isNeeded(): boolean {
    return this.#history.rule.pages === 'since-nanoseconds'
  }

  /** Takes what a page says, whoever asked for it. */
  learn({ from, trades }: TradePage): void {
    const highest = highestOf(trades, this.#history.rule)
    if (!this.isNeeded || highest === undefined) return
    const isFull = trades.length >= this.#history.rule.pageTrades
    this.#asked.push({ micros: Number(BigInt(from) / microsecondNs), highest, isFull })
  }

  /**
   * Pages that come nearer and nearer to a trade, until the caller has it and stops. Ends when the
   * exchange has shown that it lacks the trade: with true where a page that could not leave it out has
   * later ones, with false where it only gave nothing again and again.
   */
  async *pages(id: bigint): AsyncGenerator<TradePage, boolean, undefined> {
    // A moment whose page was short: there are no later trades, or the exchange cut it short.
    let doubt = Infinity
    let doubted = 0
    for (;;) {
      const { early, late } = this.#around(id)
      const end = Math.min(late, doubt)
      const isFound = end <= this.#begin || end - early <= 1
      if (isFound && (late <= doubt || doubted++ === shortPages)) return late <= doubt
      const micros = isFound ? doubt : this.#between(early, end)
      const from = String(BigInt(micros) * microsecondNs)
      const page = await tradePage(this.#history, this.#range, from)
      this.learn(page)
      yield page
      if (this.#isShortBefore(page, id)) doubt = micros
      else if (isFound) [doubt, doubted] = [Infinity, 0]
    }
  }

  /** From the earliest moment on one page says all where trades are few. */
  #between(early: number, late: number): number {
    if (early === -Infinity) return this.#begin
    return Math.floor((early + Math.min(late, Math.max(early + 2, this.#end))) / 2)
  }

  #isShortBefore({ trades }: TradePage, id: bigint): boolean {
    const { rule } = this.#history
    return trades.length < rule.pageTrades && (highestOf(trades, rule) ?? 0n) < id
  }

  /** The latest moment that is too early, since the page is full before the trade; the earliest that is too late. */
  #around(id: bigint): { readonly early: number; readonly late: number } {
    let [early, late] = [-Infinity, Infinity]
    for (const { micros, highest, isFull } of this.#asked) {
      if (highest > id) late = Math.min(late, micros)
      else if (isFull) early = Math.max(early, micros)
    }
    return { early, late }
  }
}
