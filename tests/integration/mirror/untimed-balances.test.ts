import { expect, it } from 'vitest'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { emptyValkey } from '../../support/valkey.ts'

it('an event older than what was known before an untimed snapshot changes nothing', async () => {
  await using server = await emptyValkey()
  await using mirror = await ValkeyMirror.open({ url: server.url })
  const btc = { asset: 'BTC', used: '0' }
  await mirror.applyBalances([{ ...btc, free: '5', timestamp: 1_700_000_000_200 }])
  await mirror.reconcile({ openOrders: [], balances: [{ ...btc, free: '3' }] })
  expect(
    await mirror.applyBalances([{ ...btc, free: '9', timestamp: 1_700_000_000_100 }]),
  ).toMatchObject({
    written: 0,
  })
  await mirror.applyBalances([{ ...btc, free: '4', timestamp: 1_700_000_000_300 }])
  expect(await mirror.getBalances()).toMatchObject([{ free: '4' }])
})

it('an untimed snapshot comes after all that the exchange had told when it was begun', async () => {
  await using server = await emptyValkey()
  await using mirror = await ValkeyMirror.open({ url: server.url })
  const btc = { asset: 'BTC', used: '0' }
  const free = async (): Promise<string> => (await mirror.getBalances())[0]!.free
  await mirror.applyBalances([{ asset: 'ETH', free: '1', used: '0', timestamp: 1_700_000_000_300 }])
  await mirror.reconcile(async () => ({
    openOrders: [],
    balances: [
      { ...btc, free: '3' },
      { asset: 'ETH', free: '1', used: '0' },
    ],
  }))
  // Of BTC nothing had been told; but 300 was, and the snapshot was taken later.
  await mirror.applyBalances([{ ...btc, free: '9', timestamp: 1_700_000_000_300 }])
  expect(await free()).toBe('3')
  await mirror.applyBalances([{ ...btc, free: '4', timestamp: 1_700_000_000_301 }])
  expect(await free()).toBe('4')
})

it("takes ccxt's map of balances, and names what else it was given", async () => {
  await using server = await emptyValkey()
  await using mirror = await ValkeyMirror.open({ url: server.url })
  const btc = { free: '1.50', used: '0.25', total: '1.75' }
  const account = { BTC: btc, free: { BTC: '1.50' }, used: { BTC: '0.25' }, total: { BTC: '1.75' } }
  const map = {
    ...account,
    info: {},
    timestamp: 1_700_000_000_200,
    datetime: '2023-11-14T22:13:20.200Z',
  }
  expect(await mirror.applyBalances(map)).toMatchObject({ written: 1, refused: [] })
  expect(await mirror.getBalances()).toMatchObject([{ asset: 'BTC', ...btc }])
  // Its time counts as that of each of its assets.
  expect(
    await mirror.applyBalances({
      ...map,
      BTC: { ...btc, free: '9' },
      timestamp: 1_700_000_000_100,
    }),
  ).toEqual({ written: 0, unchanged: 1, refused: [] })
  for (const wrong of [{ asset: 'BTC', ...btc }, null, 5])
    await expect(mirror.applyBalances(wrong as never)).rejects.toThrow(
      /^expected balances to be a list/,
    )
  await expect(mirror.applyOrders({} as never)).rejects.toThrow(
    new TypeError('expected a list, got `[object Object]` (object)'),
  )
})
