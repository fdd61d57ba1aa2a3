import type { TradeExchange } from '../../record/index.ts'
import { loadCcxt } from '../mirror/exchange-account.ts'
import { UsageError } from '../failure.ts'

type ExchangeClass = new (settings: Readonly<Record<string, unknown>>) => TradeExchange

/** Makes exchange objects of ccxt.pro for public data; they need no keys. */
export async function tradeExchange(name: string): Promise<() => TradeExchange> {
  const ccxt = await loadCcxt('recording an exchange')
  const Exchange = ccxt.pro[name] as unknown as ExchangeClass | undefined
  if (Exchange === undefined)
    throw new UsageError(
      `ccxt has no live data of ${name}; it has of ${Object.keys(ccxt.pro).join(', ')}`,
    )
  return () => new Exchange({ newUpdates: true, enableRateLimit: true })
}
