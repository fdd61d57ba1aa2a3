import { expect, it } from 'vitest'
import type { FillInput } from '../../../src/mirror/model/fill.ts'
import type { OrderInput } from '../../../src/mirror/model/order.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { mirrorAcl } from '../../support/mirror-acl.ts'
import { emptyValkey, startValkey } from '../../support/valkey.ts'
import { connectValkey } from '../../../src/valkey/connect.ts'
import type { ValkeyClient } from '../../../src/valkey/valkey-client.ts'
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

/** 1,300 closed orders as 0.1 left them, without an index. */
async function unindexed(url: string, clock: ManualClock): Promise<void> {
  const old = Array.from({ length: 1_300 }, (_, index) => ended(`a${index}`, startMs + index))
  await using mirror = await ValkeyMirror.open({ url, clock })
  await mirror.applyOrders([...old, openOrder('open')])
}

/** A connection on which something happens after each page of orders. */
async function pagedClient(url: string, paged: () => Promise<unknown>): Promise<ValkeyClient> {
  const client = await connectValkey({ url, socketTimeoutMs: 1_000 })
  return {
    command: async (args) => {
      const reply = await client.command(args)
      if (args[0] === 'HSCAN') await paged()
      return reply
    },
    script: (script, keys, args) => client.script(script, keys, args),
    subscribe: (channel, listener) => client.subscribe(channel, listener),
    onReconnect: (listener) => client.onReconnect(listener),
    close: () => client.close(),
  }
}

it('a server restarted while closed orders get their index leaves none of them out', async () => {
  await using server = await startValkey({ persist: true })
  await unindexed(server.url, new ManualClock(startMs))
  {
    await using raw = await readWhole(server.port)
    await raw.send('DEL', 'mirror:closed')
  }
  let pages = 0
  const client = await pagedClient(server.url, async () => {
    if ((pages += 1) === 1) await server.restart()
  })
  const mirror = await ValkeyMirror.open({ client, retainClosedMs: hourMs })
  try {
    // The writer finds the server again by itself; a search that failed begins anew.
    await expect
      .poll(() =>
        mirror.prune().then(
          ({ orders }) => orders,
          () => 0,
        ),
      )
      .not.toBe(0)
    await using raw = await readWhole(server.port)
    expect(await raw.send('HKEYS', 'orders')).toEqual(['open'])
    expect(await raw.send('ZCARD', 'mirror:closed')).toBe(0)
  } finally {
    await mirror.close()
    await client.close()
  }
})

it('a writer that ends while closed orders get their index leaves the rest to the next one', async () => {
  await using server = await emptyValkey()
  await using reader = await readWhole(server.port)
  const clock = new ManualClock(startMs)
  await unindexed(server.url, clock)
  await reader.send('DEL', 'mirror:closed')
  clock.advance(2 * hourMs)
  const options = { clock, retainClosedMs: hourMs }
  let pages = 0
  const client = await pagedClient(server.url, async () => {
    // The first page is written, the second is not.
    if ((pages += 1) === 2) throw new Error('cut short')
  })
  {
    await using mirror = await ValkeyMirror.open({ ...options, client })
    await expect(mirror.prune()).rejects.toThrow('cut short')
    expect(await reader.send('HGET', 'mirror:since', 'closed')).toBeNull()
    const indexed = Number(await reader.send('ZCARD', 'mirror:closed'))
    expect(indexed).toBeGreaterThan(0)
    expect(indexed).toBeLessThan(1_300)
  }
  await client.close()
  await using next = await ValkeyMirror.open({ ...options, url: server.url })
  expect((await next.prune()).orders).toBe(1_300)
  expect(await reader.send('HKEYS', 'orders')).toEqual(['open'])
})

it('a user who lacks a right is told which one to be given', async () => {
  const [off, user] = mirrorAcl('secret')
  await using server = await startValkey({ acl: [off!, user!.replace(' +hscan', '')] })
  const login = { username: 'mirror', password: 'secret', retainClosedMs: hourMs }
  await using mirror = await ValkeyMirror.open({ url: server.url, ...login })
  await mirror.applyOrder(ended('a', Date.now() - 2 * hourMs))
  await expect(mirror.prune()).rejects.toMatchObject({
    code: 'VALKEY_AUTH',
    message: expect.stringMatching(/'hscan' command – give the user \+hscan$/),
    details: { permission: '+hscan' },
  })
})
