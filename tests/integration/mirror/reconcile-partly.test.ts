import { describe, expect, it } from 'vitest'
import type { OrderInput } from '../../../src/mirror/model/order.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey } from '../../support/valkey.ts'

describe('reconcile, when a part of it fails', () => {
  it('writes the snapshot and all answers, and names the order that cannot be asked for', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await mirror.applyOrders(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => openOrder(id)))
    const asked: string[] = []
    let openWhenAsked: string[] = []
    const broken = new Error('fetchOrder() needs more arguments')
    const result = await mirror.reconcile({ openOrders: [openOrder('new')] }, async (id) => {
      openWhenAsked = (await mirror.listOpenOrders()).map((order) => order.id)
      asked.push(id)
      if (id === 'e') throw broken
      return openOrder(id, { status: 'canceled', lastUpdateTimestamp: 1_700_000_009_000 })
    })
    expect(openWhenAsked).toContain('new')
    expect(asked.sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect([result.written, result.unresolved]).toEqual([6, ['e']])
    expect([...result.failures]).toEqual([['e', broken]])
    expect((await mirror.listOpenOrders()).map(({ id }) => id).sort()).toEqual(['e', 'new'])
  })

  it('keeps the balance of an asset whose new one is refused; only what nobody names is gone', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await mirror.applyBalances(
      ['BTC', 'ETH', 'OLD'].map((asset) => ({ asset, free: '5', used: '0' })),
    )
    const { refused } = await mirror.reconcile({
      openOrders: [],
      balances: [
        { asset: 'BTC', free: Number.NaN, used: '0' },
        { asset: 'ETH', free: '1', used: '0' },
      ],
    })
    expect(refused.map(({ code }) => code)).toEqual(['INVALID_EVENT'])
    expect((await mirror.getBalances()).map(({ asset, free }) => [asset, free])).toEqual([
      ['BTC', '5'],
      ['ETH', '1'],
    ])
  })
})

const timeless = (price: string, amount: string): OrderInput =>
  openOrder('1', { price, amount, lastUpdateTimestamp: undefined })

describe('an order without a time of its update', () => {
  it('takes price and amount from the snapshot, each time, and drift sees what differs', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await mirror.applyOrder(timeless('2.5', '1'))
    for (const [price, amount] of [
      ['3.0', '4.0'],
      ['2.0', '5.0'],
    ] as const) {
      const snapshot = { openOrders: [timeless(price, amount)] }
      expect((await mirror.drift(snapshot)).map(({ field }) => field)).toEqual([
        'amount',
        'limitPrice',
      ])
      expect((await mirror.reconcile(snapshot)).written).toBe(1)
      expect(await mirror.getOrder('1')).toMatchObject({ limitPrice: price, amount })
      expect(await mirror.drift(snapshot)).toEqual([])
    }
  })

  it('has its drift told too when the snapshot is the older', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await mirror.applyOrder(
      openOrder('1', { filled: '0.5', cost: '1.25', lastUpdateTimestamp: 1_700_000_009_000 }),
    )
    const drift = await mirror.drift({ openOrders: [openOrder('1', { price: '3' })] })
    expect(drift.map(({ field }) => field)).toEqual(['limitPrice', 'filled', 'notional'])
  })
})

describe('drift', () => {
  it('names an order and a balance that cannot be mirrored, and compares the others', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await mirror.applyOrders([openOrder('1'), openOrder('2')])
    await mirror.applyBalances([{ asset: 'BTC', free: '5', used: '0' }])
    const drift = await mirror.drift({
      openOrders: [openOrder('1', { symbol: 'BTC/USDT:USDT' })],
      balances: [{ asset: 'BTC', free: Number.NaN, used: '0' }],
    })
    expect(drift).toMatchObject([
      { kind: 'order', id: '1', problem: 'refused', actual: { code: 'INVALID_ORDER' } },
      { kind: 'order', id: '2', problem: 'unexpected' },
      { kind: 'balance', id: 'BTC', problem: 'refused', actual: { code: 'INVALID_EVENT' } },
    ])
  })
})
