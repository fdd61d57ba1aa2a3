import { expect, test } from 'vitest'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { startValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

test('a writer that starts knows the tickers: an older one changes nothing, a transfer is valued', async () => {
  await using server = await startValkey()
  {
    await using first = await ValkeyMirror.open({ url: server.url })
    await first.applyTicker({ symbol: 'ETH/USDT', price: '2000', timestamp: 200 })
  }
  await using second = await ValkeyMirror.open({ url: server.url })
  await second.applyTicker({ symbol: 'ETH/USDT', price: '1', timestamp: 100 })
  expect(await second.getTicker('ETH/USDT')).toMatchObject({ price: '2000', timestamp: 200 })
  await second.applyTransfers([
    { id: 't', type: 'deposit', currency: 'ETH', amount: '2', timestamp: 1_700_000_000_000 },
  ])
  await using plain = await readWhole(server.port)
  expect(await plain.send('HGETALL', 'deposits:ETH')).toEqual(
    expect.arrayContaining(['ref_value', '4000']),
  )
})

test('more tickers than commands may wait are read, also by a writer that starts', async () => {
  await using server = await startValkey()
  const options = { url: server.url, maxQueuedCommands: 200 }
  await using first = await ValkeyMirror.open(options)
  const tickers = Array.from({ length: 450 }, (_, index) => ({
    symbol: `A${index}/USDT`,
    price: '1',
    timestamp: 200,
  }))
  for (const ticker of tickers) await first.applyTicker(ticker)
  expect(await first.listTickers()).toHaveLength(450)
  await using second = await ValkeyMirror.open(options)
  await second.applyTicker({ symbol: 'A449/USDT', price: '2', timestamp: 100 })
  expect(await second.getTicker('A449/USDT')).toMatchObject({ price: '1' })
})
