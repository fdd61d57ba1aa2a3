import { expect, it } from 'vitest'
import type { FillInput } from '../../../src/mirror/model/fill.ts'
import type { OrderInput } from '../../../src/mirror/model/order.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey, startValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

const hourMs = 3_600_000
const startMs = 1_750_000_000_000
const ended = (id: string, lastUpdateTimestamp: number): OrderInput =>
  openOrder(id, {
    status: 'closed',
    filled: '1.00000000',
    cost: '2.5',
    timestamp: lastUpdateTimestamp,
    lastUpdateTimestamp,
  })
const fillOf = ({ id, lastUpdateTimestamp: timestamp }: OrderInput): FillInput => ({
  id: `t${String(id)}`,
  order: id,
  symbol: 'BTC/USDT',
  side: 'buy',
  price: '2.5',
  amount: '1.00000000',
  timestamp,
})

it('closed orders go in time, open ones and statistics stay, and what has gone does not come back', async () => {
  await using server = await startValkey()
  await using reader = await readWhole(server.port)
  const clock = new ManualClock(startMs)
  const options = { url: server.url, clock, retainClosedMs: hourMs }
  const stored = async (): Promise<string[]> =>
    [...(await reader.read(['BTC/USDT'])).orders.keys()].sort()
  const old = Array.from({ length: 1_200 }, (_, index) => ended(`a${index}`, startMs + index))
  {
    await using mirror = await ValkeyMirror.open(options)
    await mirror.applyOrders([...old, openOrder('open'), ended('late', startMs + hourMs)])
    await mirror.applyFills(old.map(fillOf))
    const before = await mirror.getTradeStats()
    clock.advance(hourMs / 2)
    expect(await mirror.prune()).toEqual({ orders: 0, fills: 0, transfers: 0 })
    // By its own timer, in units between which changes come.
    const count = async (): Promise<number> => Number(await reader.send('HLEN', 'orders'))
    await clock.until(async () => (await count()) < 1_000, 60_000)
    await clock.until(async () => (await count()) === 2, 1_000)
    expect(await stored()).toEqual(['late', 'open'])
    expect(await mirror.getTradeStats()).toEqual(before)
    expect(await mirror.drift()).toEqual([])
    // Trades go with their orders, as nothing else is said of them.
    expect([await mirror.listFills(), await reader.send('EXISTS', 'mirror:traded')]).toEqual([
      [],
      0,
    ])
    expect(await mirror.listCarried()).toMatchObject([
      { symbol: 'BTC/USDT', quantity: '1200.00000000' },
    ])
    // Lists and streams tell it again.
    expect(await mirror.applyOrders(old)).toMatchObject({ written: 0, unchanged: 1_200 })
  }
  await using next = await ValkeyMirror.open({ ...options, retainClosedMs: 2 * hourMs })
  const snapshot = {
    openOrders: [openOrder('open')],
    closedOrders: [...old, ended('unseen', startMs + hourMs)],
    fills: old.map(fillOf),
  }
  expect((await next.reconcile(snapshot, async () => undefined)).absent).toEqual([])
  expect(await stored()).toEqual(['late', 'open', 'unseen'])
  // An order that only a trade told of, and that ended before what is kept, is no order that lacks.
  await next.applyFills([{ ...fillOf(ended('ghost', startMs)), timestamp: startMs }])
  const asked = await next.reconcile({ openOrders: [openOrder('open')] }, async (id) =>
    ended(id, startMs),
  )
  expect([asked.absent, await next.drift()]).toEqual([[], []])
  expect(await reader.send('ZCARD', 'mirror:closed')).toBe(2)
})

it('closed orders of a mirror from before there was an index of them go in time too', async () => {
  await using server = await emptyValkey()
  await using reader = await readWhole(server.port)
  const clock = new ManualClock(startMs)
  const old = Array.from({ length: 1_300 }, (_, index) => ended(`a${index}`, startMs + index))
  {
    await using mirror = await ValkeyMirror.open({ url: server.url, clock })
    await mirror.applyOrders([...old, openOrder('open'), ended('late', startMs + 2 * hourMs)])
  }
  // As 0.1 left it, and a value that nobody can read.
  await reader.send('DEL', 'mirror:closed')
  await reader.send('HSET', 'orders', 'odd', '{')
  clock.advance(2 * hourMs)
  await using mirror = await ValkeyMirror.open({ url: server.url, clock, retainClosedMs: hourMs })
  expect((await mirror.prune()).orders).toBe(1_300)
  expect(((await reader.send('HKEYS', 'orders')) as string[]).sort()).toEqual([
    'late',
    'odd',
    'open',
  ])
  expect(await reader.send('ZRANGE', 'mirror:closed', '0', '-1')).toEqual(['late'])
  expect(await reader.send('HGET', 'mirror:since', 'closed')).toBe('1')
})
