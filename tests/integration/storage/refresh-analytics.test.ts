import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  DatabaseManager,
  query,
  type Gap,
  type ManagerOptions,
  type Tick,
  type Timeframe,
} from '../../../src/index.ts'
import { childProgram } from '../../support/child-program.ts'
import { oracleIsHere, oracleTrades } from '../../support/oracle.ts'
import { arrival, marketOpenMs } from '../../support/random-market.ts'
import { keptRows, type Kept } from '../../support/refreshing.ts'

const pair = 'binance/spot/BTCUSDT'
const candles: Timeframe[] = ['1s', '3m']
let folder: string
let db: DatabaseManager | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pairduck-analytics-'))
})
afterEach(async () => {
  await db?.close()
  db = undefined
  await rm(folder, { recursive: true, force: true })
})

async function opened(name: string, options: ManagerOptions = {}): Promise<DatabaseManager> {
  await db?.close()
  db = await DatabaseManager.open({ dataDir: join(folder, name), candles, ...options })
  return db
}

function kept(db: DatabaseManager): Promise<Kept> {
  return keptRows({ query: (value) => db.query(pair, value) })
}

function trade(afterMs: number, price: number, side: 'BUY' | 'SELL' = 'BUY'): Tick {
  return { timestamp: marketOpenMs + afterMs, price, volume: 1, side }
}

describe.runIf(oracleIsHere)('real trades, some of them late', () => {
  const trades = oracleIsHere ? arrival(oracleTrades('BTCUSDT'), [0, 0, 40, 0, 700, 0, 3]) : []
  const end = Math.max(...trades.map(({ timestamp }) => timestamp)) + 200_000

  let answer: Kept | undefined
  async function inOneGo(): Promise<Kept> {
    if (answer !== undefined) return answer
    const once = await opened('once')
    await once.insertTicks(pair, trades)
    await once.refreshAnalytics(pair, { now: end })
    return (answer = await kept(once))
  }

  test('refreshing once equals refreshing along the way, closed and opened again in between', async () => {
    const once = await inOneGo()
    expect(once.fair_value_gaps.length).toBeGreaterThan(50)
    expect(once.supply_demand_zones.length).toBeGreaterThan(9)
    let along = await opened('along')
    for (let at = 0; at < trades.length; at += 2500) {
      await along.insertTicks(pair, trades.slice(at, at + 2500))
      await along.refreshAnalytics(pair, { now: 'newest-tick' })
      if (at === 5000) along = await opened('along')
    }
    await along.refreshAnalytics(pair, { now: end })
    expect(await along.refreshAnalytics(pair, { now: end })).toEqual({
      pair,
      refreshed: [],
      dueAt: null,
    })
    expect(await kept(along)).toEqual(once)
  })

  test('killed in the middle of refreshes and run again: the same', async () => {
    const once = await inOneGo()
    const tradesFile = join(folder, 'trades.json')
    await writeFile(tradesFile, JSON.stringify({ trades, candles, pieceLength: 2500 }))
    for (const killAt of [2500, Infinity]) {
      const program = await childProgram(new URL('refreshing-child.ts', import.meta.url))
      const child = fork(program, [join(folder, 'killed'), tradesFile, pair])
      child.on('message', ({ refreshing }: { refreshing: number }) => {
        if (refreshing >= killAt) child.kill('SIGKILL')
      })
      const [code, signal] = (await ended(child)) as [number | null, string | null]
      expect(code ?? signal).toBe(killAt === Infinity ? 0 : 'SIGKILL')
    }
    const again = await opened('killed')
    await again.refreshAnalytics(pair, { now: end })
    expect(await kept(again)).toEqual(once)
  })
})

test('a cleanup deletes filled gaps, and a late trade does not bring them back', async () => {
  const manager = await opened('cleaned', {
    retention: { ticks: 'forever', candles_1s: 'forever' },
  })
  // Gap 101–105 on second 1, filled in second 3, which opens none by itself.
  const ticks = [
    trade(0, 101),
    trade(1000, 103),
    trade(2000, 105),
    trade(3000, 103),
    trade(3100, 100),
  ]
  await manager.insertTicks(pair, ticks)
  const now = marketOpenMs + 10_000
  await manager.refreshAnalytics(pair, { now, timeframes: ['1s'] })
  expect((await kept(manager)).fair_value_gaps).toMatchObject([{ filled_pct: 1 }])
  await manager.cleanupPair(pair, { now })
  expect((await kept(manager)).fair_value_gaps).toEqual([])
  await manager.insertTicks(pair, [trade(500, 100.5)])
  const { refreshed } = await manager.refreshAnalytics(pair, { now, timeframes: ['1s'] })
  expect(refreshed).toMatchObject([{ timeframe: '1s', from: marketOpenMs }])
  const rows = await kept(manager)
  expect(rows.fair_value_gaps).toEqual([])
  expect(rows.order_flow).toMatchObject([{ delta: 2 }, { delta: 1 }, { delta: 1 }, { delta: 2 }])
  // What comes after the cleanup is found as ever.
  await manager.insertTicks(pair, [trade(10_000, 90), trade(11_000, 90), trade(12_000, 80)])
  await manager.refreshAnalytics(pair, { now: now + 5000, timeframes: ['1s'] })
  expect((await kept(manager)).fair_value_gaps).toMatchObject([
    { type: 'bearish', price_low: 90, price_high: 105 },
    { type: 'bearish', price_low: 90, price_high: 100 },
    { type: 'bearish', price_low: 80, price_high: 90 },
  ])
})

test('a zone that the cleanup dropped as too weak does not come back either', async () => {
  const manager = await opened('zones', {
    retention: {
      ticks: 'forever',
      candles_1s: 'forever',
      supply_demand_zones: { maxRows: 1, keepMs: 'forever' },
    },
  })
  // One trade a second at 100; at seconds 5 and 12 the high is 110 and 108, on 4 and 8 times the volume.
  const peaks = new Map([
    [5, { price: 110, volume: 4 }],
    [12, { price: 108, volume: 8 }],
  ])
  const ticks = Array.from({ length: 20 }, (_, second) => ({
    ...trade(second * 1000, 100),
    ...peaks.get(second),
  }))
  await manager.insertTicks(pair, ticks)
  const now = marketOpenMs + 30_000
  const prices = async (): Promise<unknown[]> =>
    (await kept(manager)).supply_demand_zones.map(({ price_high }) => price_high)
  await manager.refreshAnalytics(pair, { now, timeframes: ['1s'] })
  expect(await prices()).toEqual([110, 108])
  await manager.cleanupPair(pair, { now })
  expect(await prices()).toEqual([108])
  await manager.insertTicks(pair, [trade(2500, 101)])
  expect(
    (await manager.refreshAnalytics(pair, { now, timeframes: ['1s'] })).refreshed,
  ).toHaveLength(1)
  expect(await prices()).toEqual([108])
})

test('a candle given for a processed bar changes what was made of it', async () => {
  const manager = await opened('given')
  await manager.insertTicks(pair, [trade(0, 101), trade(1000, 103), trade(2000, 105)])
  const now = marketOpenMs + 5000
  await manager.refreshAnalytics(pair, { now })
  const candle = {
    open: 101,
    high: 103,
    low: 100,
    close: 101,
    volume: 5,
    buyVolume: 4,
    sellVolume: 1,
  }
  await manager.insertCandles(pair, '1s', [{ timestamp: marketOpenMs, ...candle }])
  const { refreshed } = await manager.refreshAnalytics(pair, { now })
  expect(refreshed).toMatchObject([{ timeframe: '1s', from: marketOpenMs }])
  const rows = await kept(manager)
  expect(rows.fair_value_gaps).toMatchObject([{ price_low: 103, price_high: 105 }])
  expect(rows.order_flow[0]).toMatchObject({ delta: 3, imbalance_ratio: 4 })
})

test('the clock visits pairs with new ticks, and waits for the bar to close', async () => {
  let now = marketOpenMs + 1500
  const manager = await opened('clock', { clock: () => now })
  await manager.insertTicks(pair, [trade(0, 101), trade(1000, 102)])
  const first = once(manager, 'analyticsRefreshed')
  manager.startAnalytics({ everyMs: 10, pairs: [pair], timeframes: ['1s'] })
  expect(await first).toEqual([
    {
      pair,
      refreshed: [{ timeframe: '1s', from: null, until: marketOpenMs + 1000 }],
      dueAt: marketOpenMs + 2000,
    },
  ])
  const second = once(manager, 'analyticsRefreshed')
  now = marketOpenMs + 2000
  expect(await second).toMatchObject([{ refreshed: [{ until: marketOpenMs + 2000 }], dueAt: null }])
  const third = once(manager, 'analyticsRefreshed')
  now = marketOpenMs + 4000
  await manager.insertTicks(pair, [trade(3000, 103)])
  expect(await third).toMatchObject([{ refreshed: [{ until: marketOpenMs + 4000 }] }])
  // A pair that gets no ticks is looked at once, and of those that do each is visited alone.
  const fourth = once(manager, 'analyticsRefreshed')
  await manager.insertTicks('binance/spot/OTHER', [trade(3000, 103)])
  now = marketOpenMs + 9000
  await manager.insertTicks(pair, [trade(8000, 103)])
  expect(await fourth).toMatchObject([{ pair }])
  await manager.stopAnalytics()
  const flow = await manager.query(
    pair,
    query<{ n: number }>('n', 'SELECT count(*)::INTEGER AS n FROM order_flow'),
  )
  expect(flow).toEqual([{ n: 4 }])
})

test('the clock sees candles too: a pair of nothing else, and one given for a processed bar', async () => {
  const now = marketOpenMs + 1000
  const manager = await opened('clock-candles', { clock: () => now })
  const flat = { open: 100, high: 100, low: 100, close: 100 }
  const given = { ...flat, timestamp: marketOpenMs, volume: 5, buyVolume: 4, sellVolume: 1 }
  const told: unknown[] = []
  manager.on('candlesStored', (event) => told.push(event))
  // The first round finds no pair; after it the clock is all ears.
  manager.startAnalytics({ everyMs: 10, timeframes: ['1s'] })
  const hello = once(manager, 'analyticsRefreshed')
  await manager.insertTicks('binance/spot/HELLO', [trade(0, 1)])
  await hello
  const first = once(manager, 'analyticsRefreshed')
  await manager.insertCandles(pair, '1s', [given])
  expect(await first).toMatchObject([{ pair, refreshed: [{ until: now }] }])
  const mended = once(manager, 'analyticsRefreshed')
  await manager.insertCandles(pair, '1s', [{ ...given, buyVolume: 2, sellVolume: 3 }])
  expect(await mended).toMatchObject([{ pair, refreshed: [{ from: marketOpenMs, until: now }] }])
  await manager.stopAnalytics()
  expect((await kept(manager)).order_flow).toMatchObject([{ delta: -1 }])
  // Nothing stored, nothing told.
  await manager.insertCandles(pair, '1s', [])
  const counts = { inserted: 1, replaced: 0, expired: 0 }
  expect(told).toEqual([
    { pair, timeframe: '1s', counts, oldest: marketOpenMs },
    {
      pair,
      timeframe: '1s',
      counts: { ...counts, inserted: 0, replaced: 1 },
      oldest: marketOpenMs,
    },
  ])
})

test('rows computed over a hole are marked, and computed again when it is filled', async () => {
  const now = marketOpenMs + 60_000
  const manager = await opened('holes', { clock: () => now })
  const marks = async (): Promise<unknown[]> => {
    const rows = await kept(manager)
    const marksOf = (table: keyof Kept): unknown[] => rows[table].map(({ complete }) => complete)
    return [marksOf('order_flow'), marksOf('market_profile'), marksOf('fair_value_gaps')]
  }
  const trades = [0, 1000, 2500, 4000, 9000].map((after, at) => ({
    ...trade(after, 100 + after / 100),
    tradeId: `${at + 1}`,
  }))
  const [first, second, missing, fourth, last] = trades as [Tick, Tick, Tick, Tick, Tick]
  await manager.insertTicks(pair, [first, second])
  const refresh = { timeframes: ['1s'] } as const
  await manager.refreshAnalytics(pair, refresh)
  expect(await marks()).toEqual([[true, true], [true, true], []])
  // What was computed before anybody knew of the hole is looked at again: second 1 has a part of it.
  const hole: Gap = {
    fromTime: second.timestamp,
    toTime: fourth.timestamp,
    fromId: '2',
    toId: '4',
    state: 'open',
    reason: 'the line was cut',
    tries: 0,
    openedAt: now,
    closedAt: null,
  }
  await manager.insertTicks(pair, [fourth, last], { gaps: [hole] })
  await manager.refreshAnalytics(pair, refresh)
  // Gaps in price: of seconds 0 to 4, and of 1 to 9, which the hole reaches as well.
  expect(await marks()).toEqual([
    [true, false, false, true],
    [true, false, false, true],
    [false, false],
  ])
  const filled = once(manager, 'analyticsRefreshed')
  manager.startAnalytics({ everyMs: 10, pairs: [pair], ...refresh })
  const { gaps } = await manager.backfill(pair, () => [missing])
  expect(gaps).toMatchObject([{ state: 'filled' }])
  expect(await filled).toMatchObject([{ refreshed: [{ from: marketOpenMs + 1000 }] }])
  await manager.stopAnalytics()
  await manager.refreshAnalytics(pair, refresh)
  const all = Array.from({ length: 5 }, () => true)
  expect(await marks()).toEqual([all, all, [true, true, true]])
  // A hole that nobody can fill marks rows without any new trade, and the clock hears of it.
  const heard = once(manager, 'analyticsRefreshed')
  manager.startAnalytics({ everyMs: 10, pairs: [pair], ...refresh })
  await manager.insertTicks(pair, [], {
    gaps: [
      {
        ...hole,
        fromTime: fourth.timestamp,
        fromId: '4',
        toTime: null,
        toId: null,
        state: 'unproved',
      },
    ],
  })
  await heard
  await manager.stopAnalytics()
  expect((await marks())[0]).toEqual([true, true, true, false, false])
})

test('refuses timeframes that the pair does not keep, and unknown pairs', async () => {
  const manager = await opened('refused')
  await manager.insertTicks(pair, [trade(0, 100)])
  await expect(manager.refreshAnalytics(pair, { timeframes: ['1d'] })).rejects.toThrow(
    'keeps candles of 1s 3m',
  )
  await expect(manager.refreshAnalytics('binance/spot/NONE')).rejects.toThrow('no file')
  await expect(manager.refreshAnalytics(pair, { bins: 1 } as never)).rejects.toThrow(
    'unknown option',
  )
  await manager.close()
  await expect(manager.refreshAnalytics(pair)).rejects.toMatchObject({ code: 'CLOSED' })
})

function ended(child: ReturnType<typeof fork>): Promise<unknown[]> {
  return once(child, 'exit')
}

test('a late trade after retention has deleted candles changes what is still there, and ends nothing', async () => {
  let now = marketOpenMs
  const store = await opened('late', { candles: ['1m'], clock: () => now, localSocket: false })
  const minutes = 180
  for (let at = 0; at < minutes; at++) {
    now = marketOpenMs + at * 60_000 + 59_000
    await store.insertTicks(pair, [trade(at * 60_000, 100), trade(at * 60_000 + 1000, 100, 'SELL')])
  }
  await store.refreshAnalytics(pair)
  expect((await store.cleanupPair(pair)).deleted).toMatchObject({ candles_1m: expect.any(Number) })
  const flow = async (): Promise<number[]> => {
    const text = `SELECT cvd FROM order_flow WHERE timeframe = '1m' ORDER BY timestamp`
    return (await store.query(pair, query<{ cvd: number }>('flow', text))).map(({ cvd }) => cvd)
  }
  const before = await flow()
  await store.insertTicks(pair, [trade((minutes - 5) * 60_000 + 500, 100)])
  now += 60_000
  await store.insertTicks(pair, [trade(minutes * 60_000, 100)])
  await store.refreshAnalytics(pair)
  const after = await flow()
  expect(after.length).toBeGreaterThanOrEqual(before.length)
  // The late one counts from its bar on.
  expect(after.slice(-4)).toEqual([1, 1, 1, 1])
  expect(after.slice(0, -6).every((cvd) => cvd === 0)).toBe(true)
  await store.refreshAnalytics(pair)
  expect(await flow()).toEqual(after)
})
