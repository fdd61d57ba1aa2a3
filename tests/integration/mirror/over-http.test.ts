import { expect, it } from 'vitest'
import { MirrorReader } from '../../../src/mirror/mirror-reader.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { json, served } from '../../support/http.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { openManager } from '../../support/store.ts'
import { startValkey } from '../../support/valkey.ts'

it('answers over HTTP as its reader does, and in the form of the order-book server of old', async () => {
  await using server = await startValkey()
  await using mirror = await ValkeyMirror.open({ url: server.url })
  await mirror.reconcile(async () => ({
    openOrders: [
      openOrder('123', { price: '91202', amount: '0.02', filled: '0.00906' }),
      openOrder('124', { price: '91202', amount: '1' }),
      openOrder('abc', { price: '91000.5', amount: '3' }),
      openOrder('125', { side: 'sell', price: '92000', amount: '2' }),
      openOrder('126', { side: 'sell', price: '91500', amount: '2' }),
      openOrder('127', { symbol: 'ETH/USDT' }),
    ],
    balances: [{ asset: 'BTC', free: '1.5', used: '0.5' }],
  }))
  await using reader = await MirrorReader.open({ url: server.url })
  const url = await served(await openManager(), { mirror: reader })
  const symbol = 'symbol=BTC%2FUSDT'
  expect(await json(`${url}/api/orderbook?${symbol}`)).toEqual({
    bids: [
      {
        price: 91_202,
        orders: [
          { id: 124, quantity: 1 },
          { id: 123, quantity: 0.01094 },
        ].sort((a, b) => a.id - b.id),
      },
      { price: 91_000.5, orders: [{ id: 'abc', quantity: 3 }] },
    ],
    asks: [
      { price: 91_500, orders: [{ id: 126, quantity: 2 }] },
      { price: 92_000, orders: [{ id: 125, quantity: 2 }] },
    ],
  })
  const answers: Readonly<Record<string, unknown>> = {
    orders: await reader.listOpenOrders(),
    [`orders?${symbol}`]: await reader.listOpenOrders('BTC/USDT'),
    balances: await reader.getBalances(),
    [`book?${symbol}`]: await reader.getOrderBook('BTC/USDT'),
    fills: await reader.listFills(),
    transfers: await reader.listTransfers(),
    tickers: await reader.listTickers(),
    symbols: await reader.listSymbols(),
  }
  for (const [path, answer] of Object.entries(answers))
    expect(await json(`${url}/api/v1/mirror/${path}`)).toEqual(JSON.parse(JSON.stringify(answer)))
  expect((await fetch(`${url}/api/orderbook`)).status).toBe(400)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toMatch(/^pairduck_mirror_lag_seconds \d/m)
  expect(metrics).toContain('pairduck_mirror_writing 1')
  const none = await served(await openManager())
  expect(await (await fetch(`${none}/api/orderbook?${symbol}`)).text()).toContain('no mirror')
})
