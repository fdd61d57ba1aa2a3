import { LRUCache } from 'lru-cache'
import { parsePair, type Pair, type PairLike } from '../../pair.ts'

/** Checked pairs by what callers write: checking costs more than storing one tick does. */
export class PairNames {
  readonly #parsed = new LRUCache<string, Pair>({ max: 10_000 })

  /** Throws INVALID_PAIR. */
  parse(pair: PairLike): Pair {
    const key = typeof pair === 'string' ? pair : keyOf(pair)
    if (key === undefined) return parsePair(pair)
    let parsed = this.#parsed.get(key)
    if (parsed === undefined) this.#parsed.set(key, (parsed = parsePair(pair)))
    return parsed
  }
}

/** Undefined for what is no pair, or whose parts could be read in two ways. */
function keyOf(pair: Pair): string | undefined {
  const { exchange, market, symbol } = (pair ?? {}) as Partial<Pair>
  if (typeof exchange !== 'string' || typeof market !== 'string' || typeof symbol !== 'string')
    return undefined
  return exchange.includes('/') || market.includes('/')
    ? undefined
    : `${exchange}/${market}/${symbol}`
}
