import { expect, it } from 'vitest'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { emptyValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

const timestamp = 1_700_000_000_000
const deposit = (id: string, currency: string, amount: string): object => ({
  id,
  type: 'deposit',
  currency,
  amount,
  timestamp,
})

it('values transfers at the first price that comes after them, once', async () => {
  await using server = await emptyValkey()
  await using plain = await readWhole(server.port)
  const worth = async (asset: string): Promise<unknown> =>
    plain.send('HGET', `deposits:${asset}`, 'ref_value')
  {
    await using first = await ValkeyMirror.open({ url: server.url })
    await first.applyTransfers([deposit('a', 'ETH', '2'), deposit('b', 'ETH', '0.5')])
    await first.applyTransfers([deposit('c', 'BTC', '1')])
    expect(await worth('ETH')).toBe('0')
  }
  // Also those that a writer before this one has mirrored.
  await using mirror = await ValkeyMirror.open({ url: server.url })
  await mirror.applyTicker({ symbol: 'ETH/BTC', price: '0.05', timestamp })
  expect(await worth('ETH')).toBe('0')
  await mirror.applyTicker({ symbol: 'ETH/USDT', price: '2000.00', timestamp })
  // 2 × 2000.00 + 0.5 × 2000.00
  expect(await worth('ETH')).toBe('5000.000')
  expect(await worth('BTC')).toBe('0')
  await mirror.applyTicker({ symbol: 'ETH/USDT', price: '3000.00', timestamp: timestamp + 1 })
  expect(await worth('ETH')).toBe('5000.000')
  expect(await mirror.listTransfers()).toMatchObject([
    { id: 'a', refValue: '4000.00' },
    { id: 'b', refValue: '1000.000' },
    { id: 'c', refValue: null },
  ])
  // In one unit with the price, whichever comes first.
  await Promise.all([
    mirror.applyBalances([{ asset: 'SOL', free: '1', used: '0' }]),
    mirror.applyTransfers([deposit('d', 'SOL', '3')]),
    mirror.applyTicker({ symbol: 'SOL/USDT', price: '10', timestamp }),
    mirror.applyTransfers([deposit('e', 'SOL', '4')]),
  ])
  expect(await worth('SOL')).toBe('70')
})

it.each([
  { price: 'cheap', timestamp: '5' },
  { price: '', timestamp: '5' },
  { price: '-1', timestamp: '5' },
  { price: '0.0', timestamp: '5' },
  { price: '1', timestamp: 'now' },
  { price: '1' },
  { timestamp: '5' },
])('a ticker that somebody else wrote as %j is none', async (fields) => {
  await using server = await emptyValkey()
  await using plain = await readWhole(server.port)
  await plain.send('HSET', 'tickers:ETH/USDT', ...Object.entries(fields).flat())
  await plain.send('HSET', 'tickers:BTC/USDT', 'price', '1e-7', 'timestamp', '5', 'bid', 'x')
  await plain.send('SADD', 'mirror:tickers', 'ETH/USDT', 'BTC/USDT')
  await using mirror = await ValkeyMirror.open({ url: server.url })
  expect(await mirror.getTicker('ETH/USDT')).toBeUndefined()
  expect(await mirror.listTickers()).toMatchObject([
    { symbol: 'BTC/USDT', price: '0.0000001', bid: null, timestamp: 5 },
  ])
  expect(await mirror.applyTransfers([deposit('a', 'ETH', '2')])).toMatchObject({ written: 1 })
  expect(await mirror.applyTicker({ symbol: 'ETH/USDT', price: '2', timestamp })).toMatchObject({
    written: 1,
  })
})
