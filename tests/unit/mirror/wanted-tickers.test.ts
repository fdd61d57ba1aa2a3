import { expect, test } from 'vitest'
import { ccxtSource } from '../../../src/mirror/ccxt/ccxt-source.ts'
import type { CcxtExchange } from '../../../src/mirror/ccxt/ccxt-exchange.ts'
import { wantedTickers } from '../../../src/mirror/model/wanted-tickers.ts'
import { openOrder } from '../../support/sample-orders.ts'

test('all that an overview of the account asks for: its markets, and what each asset is worth', () => {
  const snapshot = {
    openOrders: [openOrder('1', { symbol: 'ETH/BTC' })],
    balances: [
      { asset: 'SOL', free: '1', used: '0' },
      { asset: 'USDT', free: '1', used: '0' },
    ],
  }
  expect(wantedTickers(snapshot, ['XRP/EUR'], 'USDT')).toEqual([
    'ETH/BTC',
    'ETH/USDT',
    'SOL/USDT',
    'XRP/EUR',
    'XRP/USDT',
  ])
})

test('those that the exchange trades are fetched by default, the named ones, or none', async () => {
  const asked: unknown[] = []
  const exchange = {
    id: 'any',
    has: { fetchTickers: true, watchTickers: true },
    markets: { 'BTC/USDT': {}, 'ETH/USDT': {} },
    fetchTickers: async (symbols: readonly string[]) => {
      asked.push(symbols)
      // An exchange may answer with more than it was asked for.
      return Object.fromEntries(
        [...symbols, 'DOGE/USDT'].map((symbol) => [symbol, { symbol, last: '1' }]),
      )
    },
  } as unknown as CcxtExchange
  const wanted = ['BTC/USDT', 'NONE/USDT']
  const all = await ccxtSource(exchange).fetchTickers!(wanted)
  expect(all.map(({ symbol }) => symbol)).toEqual(['BTC/USDT'])
  await ccxtSource(exchange, { tickers: ['ETH/USDT'] }).fetchTickers!(wanted)
  expect(asked).toEqual([['BTC/USDT'], ['ETH/USDT']])
  const none = Object.keys(ccxtSource(exchange, { tickers: false }))
  expect(none.filter((member) => member.endsWith('Tickers'))).toEqual([])
})
