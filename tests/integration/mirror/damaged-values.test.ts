import { describe, expect, it } from 'vitest'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { startValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

const timestamp = 1_700_000_000_000
const fill = {
  id: 'f',
  order: '9',
  symbol: 'BTC/USDT',
  side: 'buy',
  price: '2.5',
  amount: '1',
  timestamp,
} as const
const deposit = { id: 'd', type: 'deposit', currency: 'BTC', amount: '5', timestamp } as const

describe.each(['garbage', '{}', '[1]', 'null', '{"asset":"XXX","free":"x","used":1,"total":1}'])(
  'stored values damaged to %s',
  (damage) => {
    it('stop neither open nor readers nor the writer, who writes over them', async () => {
      await using server = await startValkey()
      await using raw = await readWhole(server.port)
      await using first = await ValkeyMirror.open({ url: server.url })
      await first.applyOrders([openOrder('8'), openOrder('9')])
      await first.applyFills([fill])
      await first.applyTransfers([deposit])
      await first.applyBalances([{ asset: 'BTC', free: '1', used: '0' }])
      await raw.send('HSET', 'orders', '9', damage)
      await raw.send('HSET', 'balances', 'XXX', damage)
      await raw.send('HSET', 'mirror:fills:BTC/USDT', 'g', damage)
      await raw.send('HSET', 'mirror:transfers', 'deposit:e', damage)
      await using mirror = await ValkeyMirror.open({ url: server.url })

      expect((await mirror.listOpenOrders()).map(({ id }) => id)).toEqual(['8'])
      expect((await mirror.getBalances()).map(({ asset }) => asset)).toEqual(['BTC'])
      expect((await mirror.listFills()).map(({ id }) => id)).toEqual(['f'])
      expect((await mirror.listTransfers()).map(({ id }) => id)).toEqual(['d'])
      await expect(mirror.getOrder('9')).rejects.toMatchObject({
        code: 'VALKEY_WRONG_TYPE',
        details: { key: 'orders', id: '9' },
      })
      const watching = new AbortController()
      for await (const event of mirror.watch({ signal: watching.signal })) {
        expect(event).toMatchObject({ openOrders: [{ id: '8' }], balances: [{ asset: 'BTC' }] })
        watching.abort()
      }

      expect(await mirror.applyOrders([openOrder('8'), openOrder('9')])).toMatchObject({
        written: 1,
        unchanged: 1,
      })
      expect(await mirror.getOrder('9')).toMatchObject({ status: 'new' })
      expect(await mirror.applyFills([{ ...fill, id: 'g' }])).toMatchObject({ written: 1 })
      expect(await mirror.applyTransfers([{ ...deposit, id: 'e' }])).toMatchObject({ written: 1 })
      expect(await mirror.getTradeStats()).toMatchObject([{ amount: { USDT: '2' } }])
      expect(await mirror.reconcile({ openOrders: [openOrder('8')] })).toMatchObject({
        repaired: 1,
        refused: [],
      })
      expect(await raw.send('HKEYS', 'balances')).toEqual(['BTC'])
      expect(await mirror.drift()).toEqual([])
    })
  },
)

it('what stands under the name of another is written over', async () => {
  await using server = await startValkey()
  await using raw = await readWhole(server.port)
  {
    await using first = await ValkeyMirror.open({ url: server.url })
    await first.applyOrders([openOrder('8'), openOrder('9', { status: 'canceled' })])
    await first.applyFills([fill])
    const trade = String(await raw.send('HGET', 'mirror:fills:BTC/USDT', 'f'))
    await raw.send('HSET', 'orders', '7', String(await raw.send('HGET', 'orders', '9')))
    await raw.send('HSET', 'mirror:fills:BTC/USDT', 'g', trade)
    await raw.send('HSET', 'mirror:traded', 'BTC/USDT buy 7', 'garbage')
  }
  await using mirror = await ValkeyMirror.open({ url: server.url })
  const trades = [{ ...fill, id: 'g', order: '7' }, fill]
  expect(await mirror.applyFills(trades)).toMatchObject({ written: 1, unchanged: 1 })
  expect(await mirror.applyOrder(openOrder('7'))).toMatchObject({ written: 1 })
  expect((await mirror.listFills()).map(({ id }) => id).sort()).toEqual(['f', 'g'])
  expect((await mirror.listOpenOrders()).map(({ id }) => id).sort()).toEqual(['7', '8'])
  expect(await mirror.getTradeStats()).toMatchObject([
    { count: { USDT: 2 }, amount: { USDT: '2' } },
  ])
})
