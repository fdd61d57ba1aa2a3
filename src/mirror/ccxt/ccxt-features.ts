import type { CcxtExchange } from './ccxt-exchange.ts'
import type { PageLimits } from './ccxt-pages.ts'

const dayMs = 86_400_000
/** Where ccxt doesn't tell: no exchange's page is smaller, and no window of time shorter. */
const unknownPage = 20
const unknownWindowMs = 7 * dayMs
const maxUnknownWindows = 50

interface MethodFeatures {
  readonly limit?: number
  readonly untilDays?: number
}

/** How much one answer of a method holds; `limit` is what to ask for so that it does. */
export function pageLimits(
  exchange: CcxtExchange,
  method: string,
  symbol: string | undefined,
  sinceMs: number,
): PageLimits & { readonly limit: number | undefined } {
  const features = methodFeatures(exchange, method, symbol)
  const coarse = Math.max(unknownWindowMs, (Date.now() - sinceMs) / maxUnknownWindows)
  return {
    limit: features?.limit,
    fullPage: features?.limit ?? unknownPage,
    windowMs: features?.untilDays === undefined ? coarse : features.untilDays * dayMs,
  }
}

export function methodFeatures(
  { features }: CcxtExchange,
  method: string,
  symbol: string | undefined,
): MethodFeatures | undefined {
  const kinds = symbol?.includes(':') === true ? ['swap', 'linear'] : ['spot']
  let found: unknown = features
  for (const name of [...kinds, method]) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Readonly<Record<string, unknown>>)[name]
  }
  return typeof found === 'object' && found !== null ? found : undefined
}
