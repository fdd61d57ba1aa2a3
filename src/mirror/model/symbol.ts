import { LRUCache } from 'lru-cache'

/** A market symbol taken apart: `BTC/USDT`, or with a settlement part `BTC/USDT:USDT`. */
export interface MarketSymbol {
  readonly base: string
  readonly quote: string
  readonly settle: string | undefined
}

/**
 * Whatever can be printed, but for the characters that have a meaning in keys: `:` and `/` part
 * them, braces would move a key to another slot of a cluster. Of the invisible ones only the two
 * that join what is written are a part of names.
 */
const name = String.raw`(?:[^\p{Cc}\p{Cf}\p{Cs}\p{Z}:\/{}]|[\u200c\u200d]){1,64}`
const symbolPattern = new RegExp(
  `^(?<base>${name})/(?<quote>${name})(?::(?<settle>${name}))?$`,
  'u',
)
const assetPattern = new RegExp(`^${name}$`, 'u')
/** Names with which a key would meet another one: `open:set`, `deposits:index`. */
const reserved: ReadonlySet<string> = new Set(['set', 'index', '__proto__'])
/** Every event names a symbol, and there are few. */
const parsed = new LRUCache<string, MarketSymbol>({ max: 1_000 })
/** What an error says that a name had to be. */
export const assetForm = 'an asset’s name without blanks, `:`, `/` and braces'

/**
 * Takes a symbol apart, or gives undefined for one that may not become part of a key.
 */
export function parseSymbol(symbol: unknown): MarketSymbol | undefined {
  if (typeof symbol !== 'string') return undefined
  const known = parsed.get(symbol)
  if (known !== undefined) return known
  const groups = symbolPattern.exec(symbol)?.groups
  if (groups === undefined) return undefined
  const market = { base: groups['base']!, quote: groups['quote']!, settle: groups['settle'] }
  if ([market.base, market.quote, market.settle].some((part) => reserved.has(part ?? '')))
    return undefined
  parsed.set(symbol, market)
  return market
}

/** Whether a text can name an asset (`BTC`): also a part of keys. */
export function isAsset(asset: unknown): asset is string {
  return typeof asset === 'string' && assetPattern.test(asset) && !reserved.has(asset)
}
