import { describe, expect, it } from 'vitest'
import { MirrorReader } from '../../../src/mirror/mirror-reader.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { startProxy } from '../../support/reply-dropping-proxy.ts'
import type { ReplyDroppingProxy } from '../../support/reply-dropping-proxy.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey } from '../../support/valkey.ts'

const timestamp = 1_700_000_000_000
const partly = openOrder('1', { filled: '0.4', lastUpdateTimestamp: timestamp + 50 })
const filled = openOrder('1', {
  status: 'closed',
  filled: '1.00000000',
  lastUpdateTimestamp: timestamp + 100,
})

/** A mirror whose calls give up long before its server can be reached again. */
async function openThrough(proxy: ReplyDroppingProxy): Promise<ValkeyMirror> {
  return await ValkeyMirror.open({ url: proxy.url, writeTimeoutMs: 200 })
}

/** Calls while the reply is lost and the server out of reach for longer than a call waits. */
async function unanswered(proxy: ReplyDroppingProxy, call: () => Promise<unknown>): Promise<void> {
  proxy.dropNextReplyAndRefuse()
  await expect(call()).rejects.toMatchObject({ code: 'VALKEY_UNREACHABLE' })
  proxy.accept()
}

/** Resolves when the writer has looked after the server, as it does by itself on a reconnect. */
async function settled(mirror: ValkeyMirror): Promise<void> {
  await expect
    .poll(
      () =>
        mirror.applyBalances([{ asset: 'X', free: 1, used: 0 }]).then(
          () => 1,
          () => 0,
        ),
      {
        timeout: 10_000,
      },
    )
    .toBe(1)
}

async function orderSeen(reader: MirrorReader): Promise<unknown[]> {
  const order = await reader.getOrder('1')
  return [order?.status, order?.filled, (await reader.listOpenOrders()).map(({ id }) => id)]
}

describe('a unit that was executed while its call was rejected', () => {
  it('is not undone by the writer: an order stays filled', async () => {
    await using server = await emptyValkey()
    await using proxy = await startProxy(server.port)
    await using reader = await MirrorReader.open({ url: server.url })
    await using mirror = await openThrough(proxy)
    await mirror.applyOrder(openOrder('1'))
    await unanswered(proxy, () => mirror.applyOrder(filled))
    expect(await orderSeen(reader)).toEqual(['filled', '1.00000000', []])
    await settled(mirror)
    expect(await orderSeen(reader)).toEqual(['filled', '1.00000000', []])
    // An older event is known to be one.
    expect(await mirror.applyOrder(partly)).toMatchObject({ written: 0 })
    expect(await mirror.drift()).toEqual([])
    expect(await orderSeen(reader)).toEqual(['filled', '1.00000000', []])
  })

  it('is not undone by a reconcile whose source does not know the order any more', async () => {
    await using server = await emptyValkey()
    await using proxy = await startProxy(server.port)
    await using reader = await MirrorReader.open({ url: server.url })
    await using mirror = await openThrough(proxy)
    await mirror.applyOrder(openOrder('1'))
    await unanswered(proxy, () => mirror.applyOrder(filled))
    const reconcile = (): Promise<unknown> =>
      mirror
        .reconcile({ openOrders: [] }, async () => undefined)
        .then(
          ({ unresolved }) => unresolved,
          (error: { code: string }) => error.code,
        )
    await expect.poll(reconcile, { timeout: 10_000 }).toEqual([])
    expect(await orderSeen(reader)).toEqual(['filled', '1.00000000', []])
  })

  it('is not undone: balance, ticker, fill and transfer stay, and count once', async () => {
    await using server = await emptyValkey()
    await using proxy = await startProxy(server.port)
    await using reader = await MirrorReader.open({ url: server.url })
    await using mirror = await openThrough(proxy)
    const fill = (id: string) =>
      ({
        id,
        symbol: 'BTC/USDT',
        side: 'buy',
        price: '100',
        amount: '1',
        timestamp,
      }) as const
    await mirror.applyFills([fill('1')])
    await mirror.applyBalances([{ asset: 'USDT', free: '900', used: '0', timestamp }])
    await mirror.applyTicker({ symbol: 'ETH/USDT', last: '10', timestamp })
    await unanswered(proxy, () => mirror.applyFills([fill('2')]))
    await settled(mirror)
    await mirror.applyFills([fill('3')])
    const usdt = { asset: 'USDT', free: '500', used: '0', timestamp: timestamp + 2 }
    await unanswered(proxy, () => mirror.applyBalances([usdt]))
    await settled(mirror)
    // Older than what was executed, newer than what was answered.
    const older = { ...usdt, free: '700', timestamp: timestamp + 1 }
    expect(await mirror.applyBalances([older])).toMatchObject({ written: 0 })
    await unanswered(proxy, () =>
      mirror.applyTicker({ symbol: 'ETH/USDT', last: '12', timestamp: timestamp + 2 }),
    )
    await settled(mirror)
    await mirror.applyTicker({ symbol: 'ETH/USDT', last: '11', timestamp: timestamp + 1 })
    const deposit = { id: 'd', type: 'deposit', currency: 'USDT', amount: '5', timestamp }
    // Without it, the reply that gets lost is that of reading the transfers.
    await mirror.applyTransfers([{ ...deposit, id: 'c' }])
    await unanswered(proxy, () => mirror.applyTransfers([deposit]))
    await settled(mirror)
    expect(await mirror.applyTransfers([deposit])).toMatchObject({ written: 0 })
    await mirror.applyTransfers([{ ...deposit, id: 'e' }])
    expect((await reader.listFills()).map(({ id }) => id).sort()).toEqual(['1', '2', '3'])
    expect(await reader.getTradeStats('BTC')).toMatchObject([
      { count: { USDT: 3 }, amount: { USDT: '3' }, notional: { USDT: '300' } },
    ])
    expect((await reader.getBalances())[0]).toMatchObject({ asset: 'USDT', free: '500' })
    expect(await reader.getTicker('ETH/USDT')).toMatchObject({ price: '12' })
    expect((await reader.listTransfers()).map(({ id }) => id).sort()).toEqual(['c', 'd', 'e'])
  })
})
