import { afterAll, beforeAll, expect, it } from 'vitest'
import type { FillInput } from '../../../src/mirror/model/fill.ts'
import { readDailyReport } from '../../../src/mirror/report/read-daily-report.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { startValkey } from '../../support/valkey.ts'
import type { TestServer } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'
import type { WholeReader } from '../../support/whole-mirror.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const startMs = Date.UTC(2025, 5, 2)
const symbols = ['BTC/USDT', 'ETH/USDT', 'BTC/EUR'] as const

let server: TestServer
let reader: WholeReader
beforeAll(async () => {
  server = await startValkey()
  reader = await readWhole(server.port)
})
afterAll(async () => {
  await reader[Symbol.asyncDispose]()
  await server.stop()
})

/** The n-th of a day's trades: of orders with several each, fees in three currencies. */
function fillAt(n: number): FillInput {
  const cents = 1_000 + ((n * 7_919) % 500)
  return {
    id: `t${n}`,
    order: n % 5 === 0 ? null : `o${Math.floor(n / 9)}`,
    symbol: symbols[n % 3]!,
    side: n % 4 < 2 ? 'buy' : 'sell',
    price: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`,
    amount: `0.${String(1 + ((n * 104_729) % 9_999)).padStart(4, '0')}`,
    fee: { cost: '0.0010', currency: ['USDT', 'BNB', 'BTC'][n % 7 < 3 ? n % 3 : 0]! },
    timestamp: startMs + n * 60_000,
  }
}

/** A quarter of one long order. */
function quarter(n: number, timestamp: number): FillInput {
  const fee = { cost: '0.01', currency: 'BNB' }
  return { ...fillAt(0), id: `p${n}`, order: 'long', amount: '0.25', fee, timestamp }
}

const deposit = (id: string, timestamp: number): object => ({
  id,
  type: 'deposit',
  currency: 'BTC',
  amount: '0.50',
  timestamp,
})

const fills = Array.from({ length: 1_440 }, (_, n) => fillAt(n))
const retention = { retainFillsMs: hourMs, retainClosedMs: hourMs }

it('fills go with their statistics kept and profits exact, and count once however often they are told', async () => {
  const clock = new ManualClock(startMs)
  const options = { url: server.url, clock }
  await using whole = await ValkeyMirror.open({ ...options, keyPrefix: 'whole:' })
  let pruned = await ValkeyMirror.open({ ...options, ...retention, keyPrefix: 'pruned:' })
  const prices = symbols.map((symbol) => ({ symbol, last: '11', timestamp: startMs }))
  for (const mirror of [whole, pruned])
    for (const ticker of [...prices, { symbol: 'BNB/USDT', last: '600.5', timestamp: startMs }])
      await mirror.applyTicker(ticker)
  for (let hour = 0; hour < 24; hour++) {
    const ofHour = fills.slice(hour * 60, hour * 60 + 60)
    // What was told in the last two hours comes again, partly after it was removed.
    const told = fills.slice(Math.max(0, hour - 2) * 60, hour * 60 + 60)
    await whole.applyFills(ofHour)
    expect((await pruned.applyFills(told)).written).toBe(60)
    clock.set(clock.now() + hourMs)
    await pruned.prune()
    // Another writer knows nothing but what is stored.
    if (hour % 6 === 5) {
      await pruned.close()
      pruned = await ValkeyMirror.open({ ...options, ...retention, keyPrefix: 'pruned:' })
    }
  }
  expect(await pruned.getTradeStats()).toEqual(await whole.getTradeStats())
  expect((await pruned.listFills()).length).toBeLessThanOrEqual(61)
  expect((await whole.listFills()).length).toBe(fills.length)
  // What is sold afterwards has the cost that the trades which are gone had.
  const later = fills.slice(0, 60).map((fill, n) => ({
    ...fill,
    id: `l${n}`,
    side: 'sell',
    timestamp: startMs + dayMs + n,
  }))
  for (const mirror of [whole, pruned]) await mirror.applyFills(later)
  clock.set(clock.now() + hourMs)
  const day = startMs + dayMs
  const report = { currency: 'USDT', rates: { EUR: '1.1' }, writtenAt: day }
  const truth = await readDailyReport(whole, day, report)
  const found = await readDailyReport(pruned, day, report)
  expect(Number(found.trades.pnl)).toBeCloseTo(Number(truth.trades.pnl), 9)
  expect(Number(truth.trades.pnl)).not.toBe(0)
  expect(found.soldWithoutCost).toEqual(truth.soldWithoutCost)
  // The day before lacks its trades, and says so.
  expect((await readDailyReport(pruned, startMs, report)).removedBefore).toBeGreaterThan(startMs)
  expect(await readDailyReport(whole, startMs, report)).not.toHaveProperty('removedBefore')
  await pruned.close()
})

it('an order whose trades go while it is open counts once, and keeps its fee', async () => {
  const clock = new ManualClock(startMs)
  const options = { url: server.url, clock, keyPrefix: 'order:', ...retention }
  for (let n = 0; n < 4; n++) {
    await using mirror = await ValkeyMirror.open(options)
    const now = startMs + n * dayMs
    await mirror.applyFills([quarter(n, now)])
    await mirror.applyOrder(
      openOrder('long', {
        filled: `${(n + 1) / 4}`,
        status: n === 3 ? 'closed' : 'open',
        timestamp: startMs,
        lastUpdateTimestamp: now,
      }),
    )
    clock.set(clock.now() + dayMs)
    // What was paid so far, those trades that are gone included.
    expect((await mirror.getOrder('long'))?.fee).toBe(`0.0${n + 1}`)
    expect((await mirror.prune()).fills).toBe(1)
    expect(await mirror.getTradeStats()).toMatchObject([{ count: { USDT: 1 } }])
  }
  // It has ended and is gone: nothing of it is left but what it added to the sums.
  expect(await reader.send('EXISTS', 'order:orders', 'order:mirror:traded')).toBe(0)
  expect(await reader.send('EXISTS', 'order:mirror:fills:BTC/USDT')).toBe(0)
})

it('trades stay until a snapshot has told all of their time, so that a missed one counts', async () => {
  const clock = new ManualClock(startMs)
  const options = { url: server.url, clock, keyPrefix: 'missed:', ...retention }
  await using mirror = await ValkeyMirror.open(options)
  const none = { openOrders: [], fills: [] }
  await mirror.reconcile({ ...none, completeToMs: startMs })
  const [missed, seen] = [
    fillAt(0),
    { ...fillAt(3), id: 'seen', order: null, side: 'buy' as const },
  ]
  await mirror.applyFills([{ ...seen, timestamp: startMs + 1000 }])
  clock.set(startMs + 2 * hourMs)
  expect((await mirror.prune()).fills).toBe(0)
  const told = { ...missed, timestamp: startMs + 500 }
  await mirror.reconcile({ ...none, fills: [told], completeToMs: startMs + hourMs })
  expect(await mirror.getTradeStats()).toMatchObject([{ count: { USDT: 2 } }])
  expect((await mirror.prune()).fills).toBe(2)
  expect(await mirror.getTradeStats()).toMatchObject([{ count: { USDT: 2 } }])
})

it('transfers go after a month, when their worth is known, and stay in the sums', async () => {
  const clock = new ManualClock(startMs)
  const options = { url: server.url, clock, keyPrefix: 'transfers:', ...retention }
  await using mirror = await ValkeyMirror.open(options)
  await mirror.applyTransfers([deposit('1', startMs), deposit('2', startMs + 1)])
  clock.set(clock.now() + 31 * dayMs)
  expect((await mirror.prune()).transfers).toBe(0)
  await expect(mirror.prune({ retainFillsMs: -1 })).rejects.toThrow(/prune.*retainFillsMs/)
  await mirror.applyTicker({ symbol: 'BTC/USDT', last: '4', timestamp: startMs })
  expect((await mirror.prune()).transfers).toBe(2)
  expect(await mirror.applyTransfers([deposit('1', startMs)])).toMatchObject({ written: 0 })
  await mirror.applyTransfers([deposit('3', startMs + 31 * dayMs)])
  expect(await reader.send('HGETALL', 'transfers:deposits:BTC')).toEqual([
    'ref_symbol',
    'USDT',
    'asset_quantity',
    '1.50',
    'ref_value',
    '6.00',
  ])
  expect(await mirror.listTransfers()).toMatchObject([{ id: '3' }])
})

it('of a server that lost them trades count once all the same, of one that went back they are there', async () => {
  const options = { url: server.url, keyPrefix: 'lost:' }
  await (async () => {
    await using first = await ValkeyMirror.open(options)
    await first.applyFills(fills.slice(0, 100))
  })()
  await using whole = await ValkeyMirror.open({ ...options, keyPrefix: 'never:' })
  await whole.applyFills(fills.slice(0, 130))
  await using mirror = await ValkeyMirror.open(options)
  await mirror.applyFills(fills.slice(100, 110))
  // As after a failover to a replica that had not got the last write.
  await reader.send('SET', 'lost:mirror:sequence', '1')
  await mirror.applyFills(fills.slice(110, 120))
  expect([await mirror.listCarried(), (await mirror.listFills()).length]).toEqual([[], 120])
  await reader.send('DEL', ...((await reader.send('KEYS', 'lost:*')) as string[]))
  await mirror.applyFills(fills.slice(120, 130))
  // This writer remembers what it has written itself.
  expect((await mirror.listFills()).length).toBe(30)
  expect(await mirror.applyFills(fills.slice(0, 130))).toMatchObject({ written: 0, unchanged: 130 })
  expect(await mirror.getTradeStats()).toEqual(await whole.getTradeStats())
  expect((await mirror.listCarried()).map(({ symbol }) => symbol).sort()).toEqual(
    [...symbols].sort(),
  )
})

it('a mirror from before there were sums is taken up with all its trades and transfers', async () => {
  const options = { url: server.url, keyPrefix: 'old:' }
  const some = fills.slice(0, 700)
  {
    await using mirror = await ValkeyMirror.open(options)
    await mirror.applyFills(some)
    await mirror.applyTransfers([
      { id: '1', type: 'deposit', currency: 'BTC', amount: '1', timestamp: startMs },
    ])
  }
  const ours = ['sums', 'traded', 'transfer-times', ...symbols.map((each) => `fill-times:${each}`)]
  await reader.send('DEL', ...ours.map((key) => `old:mirror:${key}`))
  await reader.send('HDEL', 'old:mirror:since', 'indexed')
  await using mirror = await ValkeyMirror.open(options)
  const before = await mirror.getTradeStats()
  expect((await mirror.listFills()).length).toBe(some.length)
  expect((await mirror.listTransfers()).length).toBe(1)
  expect(await mirror.applyFills(some)).toMatchObject({ written: 0, unchanged: some.length })
  await mirror.applyFills(fills)
  await using whole = await ValkeyMirror.open({ ...options, keyPrefix: 'new:' })
  await whole.applyFills(some)
  expect(before).toEqual(await whole.getTradeStats())
  await whole.applyFills(fills)
  expect(await mirror.getTradeStats()).toEqual(await whole.getTradeStats())
})
