import type { CcxtTrade } from '../../../src/ccxt/ccxt-objects.ts'
import type { TradeExchange } from '../../../src/record/trade-exchange.ts'

/** A trade of an exchange's own list. */
export interface ListedTrade {
  readonly id: number
  readonly micros: number
}

/** How an exchange answers for a page of its history. */
export interface Paging {
  /** Which trades a page takes first: those of the lowest ids, or of the earliest times. */
  readonly order: 'id' | 'time'
  readonly pageTrades: number
  /** How many trades the next page has, at most `pageTrades`. */
  readonly nextSize: () => number
}

/** Kraken's history with its rules of paging, as ccxt hands it on. */
export function pagedHistory(trades: readonly ListedTrade[], paging: Paging): TradeExchange {
  const ordered = [...trades].sort((a, b) =>
    paging.order === 'id' ? a.id - b.id : a.micros - b.micros || a.id - b.id,
  )
  const fetchTrades = (
    _: string,
    _since?: number,
    _limit?: number,
    params: Readonly<Record<string, unknown>> = {},
  ): Promise<readonly CcxtTrade[]> => {
    const isAfter = ({ micros }: ListedTrade): boolean =>
      BigInt(micros) * 1000n > BigInt(params['since'] as string)
    const page = ordered.filter(isAfter).slice(0, paging.nextSize())
    const answers = page.map(({ id, micros }, index) => {
      const last = index === page.length - 1 ? [String(BigInt(micros) * 1000n)] : []
      const info = ['1', '1', micros / 1e6, 'b', 'l', '', id, ...last]
      return { id: String(id), timestamp: Math.floor(micros / 1000), info }
    })
    // ccxt sorts every answer.
    return Promise.resolve(answers.sort((a, b) => a.timestamp - b.timestamp))
  }
  return { id: 'paged', has: {}, loadMarkets: none, watchTrades: none, fetchTrades }
}

const none = (): Promise<never[]> => Promise.resolve([])
