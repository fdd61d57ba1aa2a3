import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { CleanupPass, PairduckEvents } from '../../../src/index.ts'
import { StoreChild } from '../../support/store-child.ts'
import {
  countTicks,
  fileOf,
  nextEvent,
  openManager,
  someTicks,
  sql,
  temporaryFolder,
} from '../../support/store.ts'

const pair = 'x/spot/A'
const minute = 60_000
const start = Date.UTC(2026, 0, 5, 12)

/** A clock that stands where it was put. */
function clockAt(ms: number): { now: number; clock: () => number } {
  const hands = { now: ms, clock: () => hands.now }
  return hands
}

const candles = sql<{ timestamp: number; volume: number; tradeCount: number }>(
  'SELECT timestamp, volume, trade_count AS "tradeCount" FROM candles_5m ORDER BY 1',
)

describe('ticks', () => {
  it('that retention deleted change no candle when they come again', async () => {
    const time = clockAt(start + 40 * minute)
    const db = await openManager({ clock: time.clock, retention: { candles_5m: 'forever' } })
    // One tick a second for 40 minutes.
    const ticks = someTicks(2400, { from: start, stepMs: 1000 })
    await db.insertTicks(pair, ticks)
    const before = await db.query(pair, candles)
    expect(before.map(({ tradeCount }) => tradeCount)).toEqual([
      300, 300, 300, 300, 300, 300, 300, 300,
    ])
    const { deleted } = await db.cleanupPair(pair)
    // 15 of 40 minutes stay.
    expect(deleted.ticks).toBe(1500)
    expect(await db.query(pair, candles)).toEqual(before)
    // Within a second of the mark an old tick with the same id may be gone: nobody can know.
    expect(await db.insertTicks(pair, ticks)).toMatchObject({
      inserted: 0,
      duplicates: 900,
      expired: 1500,
    })
    expect(await db.query(pair, candles)).toEqual(before)
    expect(await countTicks(db, pair)).toBe(900)
    // Late ones that were not there before are stored, and counted once.
    const late = { ...ticks[2000]!, tradeId: 'late', timestamp: ticks[2000]!.timestamp + 500 }
    expect(await db.insertTicks(pair, [late])).toMatchObject({ inserted: 1, late: 1 })
    await db.cleanupPair(pair)
    const after = await db.query(pair, candles)
    expect(after.map(({ tradeCount }) => tradeCount)).toEqual([
      300, 300, 300, 300, 300, 300, 301, 300,
    ])
  })

  it('are rolled up when they are deleted, many passes of them at once, and bars stay whole', async () => {
    const time = clockAt(start)
    const db = await openManager({ clock: time.clock, retention: { candles_5m: 'forever' } })
    const rolled: number[] = []
    for (let pass = 0; pass < 12; pass++) {
      time.now += 5 * minute
      const times = { first: 300 * pass + 1, from: start + 5 * minute * pass, stepMs: 1000 }
      await db.insertTicks(pair, someTicks(300, times))
      await db.cleanupPair(pair)
      const [state] = await db.query(
        pair,
        sql<{ rolled: number; kept: number; oldest: number }>(
          `SELECT (SELECT rolled_until FROM pairduck_candle_state) AS rolled,
                  count(*) AS kept, min(timestamp) AS oldest FROM ticks`,
        ),
      )
      rolled.push(Math.max(0, (state!.rolled - start) / minute))
      // No tick is deleted that is in no bar.
      expect(state!.kept).toBe(Math.min(300 * (pass + 1), 900))
      expect(state!.rolled).toBeGreaterThanOrEqual(
        state!.oldest > start ? state!.oldest : -Infinity,
      )
    }
    expect(new Set(rolled).size).toBe(4)
    expect((await db.query(pair, candles)).map(({ tradeCount }) => tradeCount)).toEqual(
      Array.from({ length: 12 }, () => 300),
    )
  })

  it('are never taken back in by a clock that went back', async () => {
    const time = clockAt(start + 40 * minute)
    const db = await openManager({ clock: time.clock })
    await db.insertTicks(pair, someTicks(2400, { from: start, stepMs: 1000 }))
    const mark = async (): Promise<unknown> =>
      (await db.query(
        pair,
        sql(`FROM pairduck_marks WHERE relation NOT LIKE '%:visited' ORDER BY relation`),
      )) as unknown
    await db.cleanupPair(pair)
    const marks = await mark()
    expect(marks).toContainEqual({ relation: 'ticks', deleted_before: start + 25 * minute })
    time.now = start + 20 * minute
    expect((await db.cleanupPair(pair)).deleted).toEqual({})
    expect(await mark()).toEqual(marks)
    expect(await db.insertTicks(pair, someTicks(1, { from: start, first: 9999 }))).toMatchObject({
      expired: 1,
    })
  })

  it.each([0, 15 * minute])(
    'are taken in after a clock that jumped a year ahead (kept for %i ms)',
    async (keepMs) => {
      const time = clockAt(start + minute)
      const db = await openManager({ clock: time.clock, retention: { ticks: keepMs } })
      // The ids do not grow: nothing can be told from comparing them.
      const ticks = someTicks(60, { from: start, stepMs: 1000 }).map((tick, index) => ({
        ...tick,
        tradeId: `trade-${100 - index}`,
      }))
      await db.insertTicks(pair, ticks.slice(0, 20))
      time.now += 365 * 24 * 60 * minute
      // What it took for old is gone, and stays so.
      expect((await db.cleanupPair(pair)).deleted.ticks).toBe(20)
      time.now = start + minute
      expect(await db.insertTicks(pair, ticks.slice(0, 20))).toMatchObject({ expired: 20 })
      // The next came within a second of the last: each is new, before and after a restart.
      const soon = { ...ticks[19]!, timestamp: start + 19_500, tradeId: 'a-soon' }
      const tied = { ...soon, tradeId: 'a-tied' }
      expect(await db.insertTicks(pair, [soon])).toMatchObject({ inserted: 1 })
      await db.pool.release(pair)
      const before = { ...soon, timestamp: start + 19_400, tradeId: 'a-before' }
      expect(await db.insertTicks(pair, [tied, before])).toMatchObject({ inserted: 2, late: 1 })
      expect(await db.insertTicks(pair, [soon, tied, before])).toMatchObject({ duplicates: 3 })
      // With all ticks gone, what was the newest is told by the mark.
      await db.cleanupPair(pair, { now: start + 3600 * minute })
      await db.pool.release(pair)
      await db.cleanupPair(pair, { now: start + 3600 * minute })
      expect(await db.insertTicks(pair, [soon, tied, before])).toMatchObject({ expired: 3 })
      expect(await db.insertTicks(pair, ticks.slice(20))).toMatchObject({ inserted: 40, late: 0 })
      // And the bars that begin from then on are seen.
      time.now = start + 10 * minute
      const later = someTicks(3, { from: start + 5 * minute, first: 1000 })
      await db.insertTicks(pair, later)
      expect(await db.query(pair, candles)).toEqual([
        { timestamp: start + 5 * minute, volume: 6, tradeCount: 3 },
      ])
    },
  )

  it('can be kept for ever, or counted from the newest of them', async () => {
    const time = clockAt(start + 40 * minute)
    const kept = await openManager({ clock: time.clock, retention: { ticks: 'forever' } })
    await kept.insertTicks(pair, someTicks(2400, { from: start, stepMs: 1000 }))
    await kept.cleanupPair(pair, { now: start + 400 * minute })
    expect(await countTicks(kept, pair)).toBe(2400)

    const replay = await openManager({ clock: time.clock })
    await replay.insertTicks(pair, someTicks(2400, { from: start, stepMs: 1000 }))
    time.now = start + 4000 * minute
    const { deleted } = await replay.cleanupPair(pair, { now: 'newest-tick' })
    // The newest stands at 39:59; 15 minutes before it are 24:59, and 1,499 ticks are older.
    expect(deleted.ticks).toBe(1499)
    expect(await countTicks(replay, pair)).toBe(901)
    await replay.insertOrderFlow('x/spot/EMPTY', [])
    expect((await replay.cleanupPair('x/spot/EMPTY', { now: 'newest-tick' })).deleted).toEqual({})
  })

  it('are left with `dueOnly` until their five minutes have passed', async () => {
    const time = clockAt(start + 40 * minute)
    const db = await openManager({ clock: time.clock })
    await db.insertTicks(pair, someTicks(2400, { from: start, stepMs: 1000 }))
    const deleted = async (): Promise<number> =>
      (await db.cleanupPair(pair, { dueOnly: true })).deleted.ticks ?? 0
    expect(await deleted()).toBe(1500)
    time.now += 5 * minute - 1
    expect(await deleted()).toBe(0)
    // A pass that finds nothing due leaves the file and what is written beside it alone.
    const files = (): string[] =>
      ['trading.duckdb', 'trading.duckdb.wal', 'trading.state.json']
        .map((name) => fileOf(db.dataDir, pair).replace('trading.duckdb', name))
        .map((file) => (existsSync(file) ? readFileSync(file, 'base64') : ''))
    await db.insertTicks(pair, someTicks(5, { from: time.now, first: 5000 }))
    expect(await countTicks(db, pair)).toBe(905)
    const before = files()
    expect(await deleted()).toBe(0)
    expect(files()).toEqual(before)
    time.now += 1
    expect(await deleted()).toBe(300)
    // Nor is a closed pair opened for it.
    await db.pool.release(pair)
    const opened: unknown[] = []
    db.on('pairOpened', (event) => opened.push(event))
    time.now += 5 * minute - 1
    await db.cleanupAllPairs({ dueOnly: true })
    expect(opened).toEqual([])
    time.now += 1
    expect(await db.cleanupAllPairs({ dueOnly: true })).toMatchObject({ deletedRows: 300 })
  })
})

/** Ticks from here on stay in one minute, and their candle is one. */
const wholeMinuteAgo = (minutes: number) =>
  Math.floor(Date.now() / minute) * minute - minutes * minute
const zone = (index: number, strength: number, status: 'active' | 'broken' = 'active') => ({
  timestamp: start + index * minute,
  timeframe: '1m' as const,
  type: 'supply' as const,
  priceLow: index,
  priceHigh: index + 1,
  strength,
  status,
  knownAt: start + index * minute,
  touchedAt: null,
  brokenAt: null,
})
const gap = (index: number, at: number, filledAt?: number) => ({
  timestamp: at,
  timeframe: '1m' as const,
  type: 'bullish' as const,
  priceLow: index,
  priceHigh: index + 1,
  filledPct: filledAt === undefined ? 0 : 100,
  knownAt: at,
  touchedAt: null,
  midAt: null,
  filledAt: filledAt ?? null,
})
const kept = (table: string): ReturnType<typeof sql<{ low: number }>> =>
  sql(`SELECT price_low AS low FROM ${table} ORDER BY 1`)

describe('zones and gaps', () => {
  it('the 50 strongest zones stay, the newer first among equals; broken ones go', async () => {
    const db = await openManager({ clock: () => start + 500 * 24 * 60 * minute })
    await db.insertZones(pair, [
      // The strongest of all, but broken.
      zone(0, 99, 'broken'),
      ...Array.from({ length: 45 }, (_, index) => zone(index + 1, 9)),
      // 20 equals for the 5 places that are left: the newest five stay.
      ...Array.from({ length: 20 }, (_, index) => zone(index + 101, 5)),
    ])
    expect((await db.cleanupPair(pair)).deleted.supply_demand_zones).toBe(16)
    const lows = (await db.query(pair, kept('supply_demand_zones'))).map(({ low }) => low)
    expect(lows).toEqual([
      ...Array.from({ length: 45 }, (_, index) => index + 1),
      116,
      117,
      118,
      119,
      120,
    ])
    expect((await db.cleanupPair(pair)).deleted).toEqual({})
  })

  it('of a bar that is a high and a low in one, the supply zone stays where one place is left', async () => {
    const strong = Array.from({ length: 49 }, (_, index) => zone(index + 1, 9))
    const supply = { ...zone(101, 5), priceLow: 200 }
    const demand = { ...supply, type: 'demand' as const, priceLow: 100 }
    const orders = [
      [supply, demand],
      [demand, supply],
    ]
    for (const twins of orders) {
      const db = await openManager({ clock: () => start + 500 * 24 * 60 * minute })
      await db.insertZones(pair, [...twins, ...strong])
      expect((await db.cleanupPair(pair)).deleted.supply_demand_zones).toBe(1)
      const lows = (await db.query(pair, kept('supply_demand_zones'))).map(({ low }) => low)
      expect(lows.at(-1)).toBe(200)
      await db.close()
    }
  })

  it('gaps stay until they are filled, or for 24 hours', async () => {
    const now = start + 24 * 60 * minute
    const db = await openManager({ clock: () => now })
    await db.insertFairValueGaps(pair, [
      gap(1, start - 1),
      gap(2, start),
      gap(3, now - minute),
      gap(4, now - minute, now),
    ])
    expect((await db.cleanupPair(pair)).deleted.fair_value_gaps).toBe(2)
    expect(await db.query(pair, kept('fair_value_gaps'))).toEqual([{ low: 2 }, { low: 3 }])
  })

  it('go when their time has come after passes that left them, whoever wrote meanwhile', async () => {
    const time = clockAt(start)
    const db = await openManager({ clock: time.clock })
    await db.insertTicks(pair, someTicks(10, { from: start - minute }))
    await db.insertFairValueGaps(pair, [gap(1, start - 20), gap(2, start - 10), gap(3, start)])
    const deleted = async (atMs: number) => {
      time.now = atMs
      return (await db.cleanupPair(pair)).deleted
    }
    // From the second pass on it is known what the file holds.
    expect(await deleted(start)).toEqual({})
    expect(await deleted(start + minute)).toEqual({})
    await db.insertTicks(pair, someTicks(10, { from: start, first: 11 }))
    expect(await deleted(start + 20 * minute)).toMatchObject({ ticks: 20 })
    expect(await deleted(start - 15 + 24 * 60 * minute)).toMatchObject({ fair_value_gaps: 1 })
    const marks = sql(
      `SELECT deleted_before FROM pairduck_marks WHERE relation = 'fair_value_gaps'`,
    )
    expect(await db.query(pair, marks)).toEqual([{ deleted_before: start - 15 }])
    await db.withConnection(pair, async (lease) => {
      await lease.connection.run(
        'UPDATE fair_value_gaps SET timestamp = timestamp - INTERVAL 1 DAY WHERE price_low = 3',
      )
      // What the lease wrote is not known, also while it is out.
      expect(await deleted(start - 10 + 24 * 60 * minute)).toEqual({ fair_value_gaps: 1 })
    })
  })
})

describe('a pass over all pairs', () => {
  it('does not open a closed pair in which nothing is due', async () => {
    const dataDir = temporaryFolder()
    const time = clockAt(start + 10 * minute)
    const db = await openManager({ dataDir, clock: time.clock })
    await db.insertTicks(pair, someTicks(600, { from: start, stepMs: 1000 }))
    await db.pool.release(pair)
    const opened: string[] = []
    db.on('pairOpened', (event) => opened.push(event.pair))
    const written = statSync(fileOf(dataDir, pair)).mtimeMs
    expect(await db.cleanupAllPairs()).toMatchObject({ pairs: 1, skipped: 0, deletedRows: 0 })
    expect(opened).toEqual([])
    expect(statSync(fileOf(dataDir, pair)).mtimeMs).toBe(written)
    // One tick and one candle are older than 15 minutes now.
    time.now = start + 15 * minute + 1
    expect(await db.cleanupAllPairs()).toMatchObject({ deletedRows: 2 })
    expect(opened).toEqual([pair])
    expect(db.stats().size).toBe(0)
    // A WAL beside the file, or no state: then it has to be looked into.
    await db.cleanupAllPairs({ now: start + 15 * minute })
    expect(opened).toHaveLength(1)
  })

  it('skips what another process holds, counts it, and cleans the others', async () => {
    const dataDir = temporaryFolder()
    const child = await StoreChild.start({ dataDir })
    const old = someTicks(100, { from: wholeMinuteAgo(30) })
    await child.call('insertTicks', 'x/spot/BUSY', old)
    await child.hold('x/spot/BUSY', 'SELECT 1')
    const db = await openManager({ dataDir })
    await db.insertTicks(pair, old)
    const told = nextEvent(db, 'cleanupDone')
    const pass = await db.cleanupAllPairs()
    expect(pass).toMatchObject({ pairs: 2, skipped: 1, deletedRows: 101 })
    expect(pass.results.find(({ skipped }) => skipped !== undefined)).toMatchObject({
      pair: 'x/spot/BUSY',
      skipped: expect.stringContaining(`open in process ${child.pid}`),
    })
    expect(await told).toEqual(pass)
  })

  it('beside a running manager cleans what is idle there', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir, idleCloseMs: 200 })
    const evicted = nextEvent(db, 'pairEvicted')
    const old = someTicks(100, { from: wholeMinuteAgo(30) })
    await db.insertTicks(pair, old)
    const child = await StoreChild.start({ dataDir })
    await evicted
    const pass = await child.call<CleanupPass>('cleanupAllPairs')
    // 100 ticks and the candle of their minute.
    expect(pass).toMatchObject({ pairs: 1, skipped: 0, deletedRows: 101 })
    expect(await child.close()).toBe(0)
    expect(await countTicks(db, pair)).toBe(0)
    expect(await db.insertTicks(pair, old)).toMatchObject({ expired: 100 })
  })

  it('ends after the pair it is at when its signal says so', async () => {
    const db = await openManager()
    for (const letter of ['A', 'B', 'C']) await db.insertTicks(`x/spot/${letter}`, someTicks(1))
    const abort = new AbortController()
    abort.abort()
    expect(await db.cleanupAllPairs({ signal: abort.signal })).toMatchObject({ pairs: 0 })
  })

  it('gives the space back to the disk, when nobody uses the pair', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir })
    const from = Date.now() - 60 * minute
    for (const first of [0, 90_000])
      await db.insertTicks(pair, someTicks(90_000, { from: from + first, first: first + 1 }))
    // What stays was written last: behind all that goes.
    await db.insertTicks(pair, someTicks(10, { first: 200_000 }))
    await db.cleanupPair(pair, { now: start })
    const lease = await db.acquire(pair)
    const { bytesBefore, bytesAfter, deleted } = await db.cleanupPair(pair)
    expect(deleted.ticks).toBe(180_000)
    expect(bytesBefore).toBeGreaterThan(2_000_000)
    expect(bytesAfter).toBeGreaterThan(2_000_000)
    await lease.release()
    const again = await db.cleanupPair(pair)
    expect(again.bytesAfter).toBeLessThan(200_000)
    expect(statSync(fileOf(dataDir, pair)).size).toBe(again.bytesAfter)
    expect(await db.verify(pair)).toMatchObject({ ok: true, rows: { ticks: 10 } })
    expect(await db.insertTicks(pair, someTicks(1, { from, first: 7 }))).toMatchObject({
      expired: 1,
    })
    await db.pool.release(pair)
    const opened: string[] = []
    db.on('pairOpened', (event) => opened.push(event.pair))
    await db.cleanupAllPairs()
    expect(opened).toEqual([])
    expect(readdirSync(`${dataDir}/.pairduck`).sort()).toEqual([
      'log',
      `manager-${process.pid}.lock`,
      'sockets',
    ])
  })
})

describe('a lease with an open transaction', () => {
  it('defers the checkpoint and is named; the next pass makes it', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(50_000, { from: Date.now() - 30 * minute }))
    await db.cleanupPair(pair, { now: start })
    const lease = await db.acquire(pair)
    await lease.execute('BEGIN')
    await lease.execute('CREATE TABLE mine (x INTEGER)')
    const deferred = await db.cleanupPair(pair)
    expect(deferred.deleted.ticks).toBe(50_000)
    expect(deferred.skipped).toContain(
      `a lease acquired ${new Date(lease.acquiredAt).toISOString()}`,
    )
    expect(await countTicks(db, pair)).toBe(0)
    const wal = `${fileOf(db.dataDir, pair)}.wal`
    expect(statSync(wal).size).toBeGreaterThan(0)
    await lease.execute('COMMIT')
    await lease.release()
    const freed = await db.cleanupPair(pair)
    expect(freed.skipped).toBeUndefined()
    expect(existsSync(wal) ? statSync(wal).size : 0).toBe(0)
  })

  it('that only reads defers it too: what it sees must stay where it is', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(10))
    const lease = await db.acquire(pair)
    await lease.execute('BEGIN')
    await lease.execute('SELECT * FROM ticks')
    expect((await db.cleanupPair(pair)).skipped).toContain('a lease acquired')
    await lease.release()
    expect((await db.cleanupPair(pair)).skipped).toBeUndefined()
  })
})

describe('the timer', () => {
  it('cleans by the clock, and stopping waits for the pass in flight', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(100, { from: Date.now() - 30 * minute }))
    const done = nextEvent(db, 'cleanupDone')
    db.startCleanup({ everyMs: 1 })
    expect(await done).toMatchObject({ results: [{ pair, deleted: { ticks: 100 } }] })
    await db.stopCleanup()
    const later: unknown[] = []
    db.on('cleanupDone', (event) => later.push(event))
    await db.cleanupAllPairs()
    expect(later).toHaveLength(1)
  })
})

describe('events', () => {
  it('are told to listeners and on diagnostics channels, and a listener that throws harms nobody', async () => {
    const channels: [string, unknown][] = []
    for (const name of ['ticksStored', 'pairOpened', 'cleanupDone', 'pairEvicted', 'conflict']) {
      const listener = (event: unknown): void => void channels.push([name, event])
      subscribe(`pairduck:${name}`, listener)
      onTestFinished(() => void unsubscribe(`pairduck:${name}`, listener))
    }
    const db = await openManager()
    const errors: PairduckEvents['error'][0][] = []
    db.on('error', (event) => errors.push(event))
    db.on('ticksStored', () => {
      throw new Error('mine')
    })
    const [tick] = someTicks(1)
    await db.insertTicks(pair, [tick!, { ...tick!, price: 5 }])
    await db.cleanupAllPairs()
    await db.pool.release(pair)
    expect(errors).toEqual([{ error: new Error('mine') }])
    expect(channels.map(([name]) => name)).toEqual([
      'pairOpened',
      'conflict',
      'ticksStored',
      'cleanupDone',
      'pairEvicted',
    ])
    expect(channels[2]![1]).toMatchObject({ pair, counts: { inserted: 1, conflicts: 1 } })
  })
})

describe('the state file', () => {
  it('says what the file held, at a cleanup and when it was closed', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir })
    const state = fileOf(dataDir, pair).replace('trading.duckdb', 'trading.state.json')
    const from = Date.now() - minute
    await db.insertTicks(pair, someTicks(5, { from }))
    expect(existsSync(state)).toBe(false)
    await db.cleanupPair(pair)
    const ticks = { rows: 5, oldest: from, newest: from + 4 }
    expect(JSON.parse(readFileSync(state, 'utf8'))).toMatchObject({
      clean: false,
      relations: { ticks },
    })
    await db.insertTicks(pair, someTicks(1, { from: from + 10, first: 10 }))
    await db.pool.release(pair)
    expect(JSON.parse(readFileSync(state, 'utf8'))).toMatchObject({
      clean: true,
      relations: { ticks: { ...ticks, rows: 6, newest: from + 10 } },
    })
  })
})
