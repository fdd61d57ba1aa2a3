import { LRUCache } from 'lru-cache'

/** A market symbol taken apart: `BTC/USDT`, or with a settlement part `BTC/USDT:USDT`. */
export interface MarketSymbol {
  readonly base: string
  readonly quote: string
  readonly settle: string | undefined
}

const symbolPattern =
  /^(?<base>[A-Z0-9._-]{1,30})\/(?<quote>[A-Z0-9._-]{1,30})(?::(?<settle>[A-Z0-9._-]{1,30}))?$/
/** Every event names a symbol, and there are few. */
const parsed = new LRUCache<string, MarketSymbol>({ max: 1_000 })
const assetPattern = /^[A-Z0-9._-]{1,30}$/

/**
 * Takes a symbol apart, or gives undefined for one that may not become part of a key: one named
 * `set` would meet `open:set`, and braces would move a key to another slot of a cluster.
 */
export function parseSymbol(symbol: unknown): MarketSymbol | undefined {
  if (typeof symbol !== 'string') return undefined
  const known = parsed.get(symbol)
  if (known !== undefined) return known
  const groups = symbolPattern.exec(symbol)?.groups
  if (groups === undefined) return undefined
  const market = { base: groups['base']!, quote: groups['quote']!, settle: groups['settle'] }
  parsed.set(symbol, market)
  return market
}

/** Whether a text can name an asset (`BTC`): also a part of keys. */
export function isAsset(asset: unknown): asset is string {
  return typeof asset === 'string' && assetPattern.test(asset)
}
