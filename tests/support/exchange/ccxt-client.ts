import { pro } from 'ccxt'
import type { TradeExchange } from '../../../src/record/index.ts'
import type { ExchangeName } from './wire-formats.ts'

/** The part of ccxt's object that is pointed elsewhere. */
interface Pointed {
  urls: { api: Record<string, unknown> & { ws: Record<string, unknown> } }
  has: Record<string, unknown>
  loadHttpProxyAgent(): Promise<unknown>
}

/** ccxt's real pro class of an exchange, pointed at a stand-in. */
export async function ccxtClient(name: ExchangeName, port: number): Promise<TradeExchange> {
  const exchange = new pro[name]({
    newUpdates: true,
    enableRateLimit: false,
    options: {
      defaultType: 'spot',
      fetchMarkets: { types: ['spot'] },
      fetchMargins: false,
      fetchCurrencies: false,
    },
  })
  const pointed = exchange as unknown as Pointed
  const [http, ws] = [`http://127.0.0.1:${port}`, `ws://127.0.0.1:${port}`]
  const { api } = pointed.urls
  if (name === 'binance') {
    api['public'] = `${http}/api/v3`
    api.ws['spot'] = `${ws}/ws`
  } else if (name === 'kraken') {
    api['public'] = http
    api.ws['publicV2'] = `${ws}/v2`
  } else {
    for (const base of Object.keys(api)) if (typeof api[base] === 'string') api[base] = http
    ;(api.ws['public'] as Record<string, unknown>)['spot'] = `${ws}/v5/public/spot`
  }
  pointed.has['fetchCurrencies'] = false
  // Without it every ws:// address is refused.
  await pointed.loadHttpProxyAgent()
  return exchange
}
