import type { CcxtTrade } from '../ccxt/ccxt-objects.ts'
import type { Gap } from '../schema/gaps.ts'
import { HoleWalk } from './hole-walk.ts'
import { rangeOfAll } from './page-range.ts'
import { PageSearch } from './page-search.ts'
import { tradePages, type TradeHistory, type TradePage } from './trade-pages.ts'

/** An exchange gives a page a second: one try asks for so many beyond those that it walks through. */
const searchedPages = 200

/**
 * One try at holes that lie near each other: hands their trades to `store`, and gives what the
 * ledger is to say of them. A stretch is `unfillable` only where the exchange has shown that it
 * lacks the trades, at each of three tries.
 */
export async function fetchHoles(
  history: TradeHistory,
  gaps: readonly Gap[],
  store: (trades: readonly CcxtTrade[]) => Promise<unknown>,
): Promise<Gap[]> {
  const walks = gaps.map((gap) => new HoleWalk({ ...gap, tries: gap.tries + 1 }, history.rule))
  const range = rangeOfAll(walks.map((walk) => walk.range))
  const search = new PageSearch(history, range)
  const take = async (page: TradePage): Promise<void> => {
    search.learn(page)
    const trades = walks.flatMap((walk) => walk.take(page.trades))
    if (trades.length > 0) await store(trades)
  }
  let isDone = false
  for await (const page of tradePages(history, range)) {
    await take(page)
    isDone = walks.every(({ isComplete }) => isComplete)
    if (isDone) break
  }
  if (!isDone) {
    if (history.rule.pages === 'before-id') for (const walk of walks) walk.reach()
    if (search.isNeeded) await searchMissing(walks, search, take)
    else for (const walk of walks) if (walk.isReached) noneGiven(walk)
  }
  return walks.flatMap((walk) => walk.outcome())
}

function noneGiven(walk: HoleWalk): void {
  for (const [first, last] of walk.missing() ?? []) walk.notGiven(first, last)
}

/** Looks for what the pages one after the other left out, as far as one try goes. */
async function searchMissing(
  walks: readonly HoleWalk[],
  search: PageSearch,
  take: (page: TradePage) => Promise<void>,
): Promise<void> {
  let pages = 0
  for (const walk of walks) {
    let stretch = walk.missing()?.[0]
    while (stretch !== undefined) {
      const [first] = stretch
      const steps = search.pages(first)
      let step = await steps.next()
      while (step.done !== true && pages++ < searchedPages) {
        await take(step.value)
        if (!walk.missing()!.some(([id]) => id === first)) break
        step = await steps.next()
      }
      const now = walk.missing()!
      const still = now.find(([id]) => id === first)
      const isShown = step.done === true && (step.value || walk.isReached)
      if (isShown && still !== undefined) walk.notGiven(...still)
      stretch = pages < searchedPages ? now.find(([id]) => id > first) : undefined
    }
  }
}
