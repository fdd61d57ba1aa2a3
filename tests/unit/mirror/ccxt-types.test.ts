import { binance, pro } from 'ccxt'
import { describe, expect, it } from 'vitest'
import { ccxtSource } from '../../../src/mirror/ccxt/ccxt-source.ts'

describe('ccxtSource', () => {
  it('takes the exchange objects of the real package, with and without streams', () => {
    const rest = ccxtSource(new binance(), { symbols: ['BTC/USDT'] })
    expect(rest.name).toBe('binance')
    expect('watchOrders' in rest).toBe(false)
    expect('fetchFills' in rest).toBe(true)
    const live = ccxtSource(new pro.kraken(), { tickers: ['BTC/USD'] })
    expect('watchOrders' in live).toBe(true)
    expect('watchTickers' in live).toBe(true)
  })
})
