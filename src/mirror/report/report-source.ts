import type { CarriedPosition } from '../model/carried-position.ts'
import type { Balance } from '../model/balance.ts'
import { divideText } from '../model/decimal.ts'
import { parseSymbol } from '../model/symbol.ts'
import type { Ticker } from '../model/ticker.ts'
import type { Rates } from './exchange-rates.ts'
import type { ReportFill } from './trade-history.ts'

/** Where a report comes from: any reader of a mirrored account. */
export interface ReportSource {
  /** All fills, from the account's first on, or from where `listCarried` ends. */
  listFills(): Promise<readonly ReportFill[]>
  /** What fills that are removed left behind. */
  listCarried?(): Promise<readonly CarriedPosition[]>
  getBalances(): Promise<readonly Pick<Balance, 'asset' | 'free' | 'used'>[]>
  listTickers(): Promise<readonly Pick<Ticker, 'symbol' | 'price'>[]>
}

/** An inverse price keeps as many digits as a price of a million needs. */
const inverseScale = 24

/**
 * What tickers say one unit of each asset is worth in `currency`: the price of `ASSET/currency`,
 * else one divided by that of `currency/ASSET`. Nothing is chained through a third asset.
 */
export function ratesFromTickers(
  tickers: Iterable<Pick<Ticker, 'symbol' | 'price'>>,
  currency: string,
): Rates {
  const rates: Record<string, string> = {}
  const inverse: Record<string, string> = {}
  for (const { symbol, price } of tickers) {
    const market = parseSymbol(symbol)
    if (market === undefined || market.settle !== undefined) continue
    if (market.quote === currency) rates[market.base] = price
    else if (market.base === currency)
      inverse[market.quote] = divideText('1', price, inverseScale) ?? '0'
  }
  return { ...inverse, ...rates }
}
