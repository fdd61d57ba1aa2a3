import { expect, it } from 'vitest'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { startValkey } from '../../support/valkey.ts'

it('an event older than what was known before an untimed snapshot changes nothing', async () => {
  await using server = await startValkey()
  await using mirror = await ValkeyMirror.open({ url: server.url })
  const btc = { asset: 'BTC', used: '0' }
  await mirror.applyBalances([{ ...btc, free: '5', timestamp: 200 }])
  await mirror.reconcile({ openOrders: [], balances: [{ ...btc, free: '3' }] })
  expect(await mirror.applyBalances([{ ...btc, free: '9', timestamp: 100 }])).toMatchObject({
    written: 0,
  })
  await mirror.applyBalances([{ ...btc, free: '4', timestamp: 300 }])
  expect(await mirror.getBalances()).toMatchObject([{ free: '4' }])
})

it('an event older than the fetch of an untimed snapshot changes nothing, a newer one does', async () => {
  await using server = await startValkey()
  await using mirror = await ValkeyMirror.open({ url: server.url })
  const btc = { asset: 'BTC', used: '0' }
  const startMs = Date.now()
  let fetchedMs = 0
  await mirror.reconcile(async () => {
    fetchedMs = Date.now()
    return { openOrders: [], balances: [{ ...btc, free: '3' }] }
  })
  await mirror.applyBalances([{ ...btc, free: '9', timestamp: startMs - 1 }])
  expect(await mirror.getBalances()).toMatchObject([{ free: '3' }])
  await mirror.applyBalances([{ ...btc, free: '4', timestamp: fetchedMs }])
  expect(await mirror.getBalances()).toMatchObject([{ free: '4' }])

  // The exchange's clock goes before this one: what it said last is not newer than the snapshot.
  await mirror.applyBalances([{ ...btc, free: '5', timestamp: Date.now() + 60_000 }])
  await mirror.reconcile(async () => ({ openOrders: [], balances: [{ ...btc, free: '6' }] }))
  expect(await mirror.getBalances()).toMatchObject([{ free: '6' }])
  // And what it said before that is still older.
  await mirror.applyBalances([{ ...btc, free: '7', timestamp: Date.now() + 30_000 }])
  expect(await mirror.getBalances()).toMatchObject([{ free: '6' }])
})
