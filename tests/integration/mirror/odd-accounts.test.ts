import { expect, it } from 'vitest'
import { ccxtSource } from '../../../src/mirror/ccxt/ccxt-source.ts'
import type { CcxtExchange } from '../../../src/mirror/ccxt/ccxt-exchange.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { mirrorAcl } from '../../support/mirror-acl.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { startValkey } from '../../support/valkey.ts'

const held = { free: '5000', used: '0', total: '5000' }

it('names in any script are mirrored with the least rights; what can’t be is told', async () => {
  await using server = await startValkey({ acl: mirrorAcl('secret') })
  const url = server.url.replace('://', '://mirror:secret@')
  await using mirror = await ValkeyMirror.open({ url })
  const told: string[] = []
  mirror.on('refused', (error) => told.push(error.message))
  const exchange = {
    id: 'binance',
    has: { fetchBalance: true, fetchOpenOrders: true },
    markets: {},
    fetchBalance: async () => ({ info: {}, 币安人生: held, 'quo"te': held, 'b lank': held }),
    fetchOpenOrders: async () => [
      openOrder('1', { symbol: '币安人生/USDT' }),
      openOrder('2', { symbol: 'kPEPE/USDC', price: '5.0E-7' }),
      openOrder('3', { symbol: 'set/USDC' }),
    ],
  }
  const stop = new AbortController()
  mirror.on('reconciled', () => stop.abort())
  await mirror.run(ccxtSource(exchange as unknown as CcxtExchange), { signal: stop.signal })
  expect((await mirror.getBalances()).map(({ asset }) => asset)).toEqual(['quo"te', '币安人生'])
  expect(await mirror.listOpenOrders('kPEPE/USDC')).toMatchObject([{ limitPrice: '0.0000005' }])
  expect(await mirror.listOpenOrders('币安人生/USDT')).toHaveLength(1)
  expect(told.map((text) => text.split(':')[0]!).sort()).toEqual([
    'balance of `"b lank"` (string)',
    'order `"3"` (string)',
  ])
  const fill = {
    id: 9,
    order: 1,
    side: 'buy',
    price: '1',
    amount: '2',
    timestamp: 1_700_000_000_000,
  }
  await mirror.applyFills([
    { ...fill, symbol: '币安人生/USDT', fee: { cost: '1', currency: 'quo"te' } },
  ])
  expect(await mirror.getTradeStats('币安人生')).toMatchObject([
    { count: { USDT: 1 }, fee: { 'quo"te': '1' } },
  ])
  expect(await mirror.listFills()).toMatchObject([{ id: '9', orderId: '1', feeCurrency: 'quo"te' }])
})

it('more fills at once than a call has arguments overflow nothing, taken or refused', async () => {
  const fills = Array.from({ length: 130_000 }, (_, index) => ({
    id: index,
    symbol: 'BTC/USDT',
    side: 'buy',
    price: '1',
    timestamp: 1_700_000_000_000 + index,
  }))
  const exchange = {
    id: 'any',
    has: { fetchMyTrades: true },
    features: { spot: { fetchMyTrades: { limit: 1e9 } } },
    fetchMyTrades: async () => fills,
  } as unknown as CcxtExchange
  const told = await ccxtSource(exchange).fetchFills!(0)
  expect(told).toHaveLength(fills.length)
  await using server = await startValkey()
  await using mirror = await ValkeyMirror.open({ url: server.url })
  // So many stack traces would take longer than all else.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const { refused } = await mirror
    .reconcile({ openOrders: [], fills: told })
    .finally(() => (Error.stackTraceLimit = stackTraceLimit))
  expect(refused).toHaveLength(fills.length)
})
