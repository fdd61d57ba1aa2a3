import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DatabaseManager, type Gap, type Tick } from '../../../src/index.ts'
import { candleDifferences, foldCandles } from '../../support/candle-fold.ts'
import { logsIn } from '../../support/log-crashes.ts'
import { expectLogCrashSafe } from '../../support/log-kill-loop.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { rotatingSeed } from '../../support/rotating-seed.ts'
import { storedCandles, storedTicks } from '../../support/store-rows.ts'
import {
  countTicks,
  fileOf,
  memoryFolder,
  openManager,
  someTicks,
  sql,
} from '../../support/store.ts'
import { StoreChild } from '../../support/store-child.ts'

const minute = 60_000
const start = Date.UTC(2024, 7, 8, 11, 56)
const pairs = Array.from({ length: 5 }, (_, index) => `rest/spot/P${index}`)
const retention = { ticks: 4 * minute, candles_1m: 20 * minute }

const tick: fc.Arbitrary<Tick> = fc.record({
  timestamp: fc
    .tuple(fc.integer({ min: 0, max: 12 }), fc.constantFrom(0, 0.5, 499.5, 1000, 1500, 59_999))
    .map(([minutes, ms]) => start + minutes * minute + ms),
  price: fc.constantFrom(1, 2, 3),
  volume: fc.constantFrom(1, 0.5, 4),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  tradeId: fc.constantFrom(undefined, '1', '2', '9', '10', '99', '100', 'é', 'abc'),
})

/** As a feed is: in order, with growing ids. */
const feed = fc
  .record({ minutes: fc.integer({ min: 0, max: 12 }), firstId: fc.nat(400), count: fc.nat(25) })
  .map(({ minutes, firstId, count }) =>
    Array.from({ length: count }, (_, index): Tick => ({
      timestamp: start + minutes * minute + index * 700,
      price: 1 + (index % 4),
      volume: 1,
      side: 'SELL',
      tradeId: String(1000 + firstId + index),
    })),
  )

const inserted = fc.record({
  of: fc.nat(pairs.length - 1),
  ticks: fc.oneof(fc.array(tick, { maxLength: 12 }), feed),
})

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ insert: fc.array(inserted, { minLength: 1, maxLength: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ candleOf: fc.nat(pairs.length - 1), at: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ read: fc.nat(pairs.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ release: fc.nat(pairs.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ cleanupAt: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 1, arbitrary: fc.constant({ reopen: true as const }) },
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** A manager that is opened anew now and then. */
class Store {
  readonly #options: { dataDir: string; maxConnections: number }
  db!: DatabaseManager
  readonly told: unknown[] = []

  constructor(maxConnections: number) {
    this.#options = { dataDir: memoryFolder(), maxConnections }
  }

  async open(): Promise<void> {
    await this.db?.close()
    this.db = await DatabaseManager.open({ ...this.#options, retention, localSocket: false })
    this.db.on('error', ({ error }) => this.told.push(error))
  }

  /** What a step answers. */
  async take(each: Step): Promise<unknown> {
    const { db } = this
    if ('insert' in each)
      return Promise.all(each.insert.map(({ of, ticks }) => db.insertTicks(pairs[of]!, ticks)))
    if ('candleOf' in each) return this.#candle(pairs[each.candleOf]!, start + each.at * minute)
    if ('read' in each) return this.count(pairs[each.read]!)
    if ('release' in each) return db.pool.release(pairs[each.release]!)
    if ('reopen' in each) return this.open()
    // One by one: a pass does not even open a closed file of which nothing is to be deleted.
    const deleted: unknown[] = []
    for (const pair of await db.listPairs())
      deleted.push((await db.cleanupPair(pair, { now: start + each.cleanupAt * minute })).deleted)
    return deleted
  }

  /** Calls with ticks and with a candle, none of which waits for another. */
  #candle(pair: string, timestamp: number): Promise<unknown> {
    const { db } = this
    const candle = { timestamp, open: 5, high: 6, low: 4, close: 5, volume: 9 }
    const ticks = (first: number) => someTicks(3, { from: timestamp + first, first })
    return Promise.all([
      db.insertTicks(pair, ticks(1)),
      db.insertCandles(pair, '1m', [candle]),
      db.insertTicks(pair, ticks(3)),
    ])
  }

  async count(pair: string): Promise<number> {
    return countTicks(this.db, pair).catch(() => 0)
  }
}

function hole(at: number): Gap {
  return {
    fromTime: start + at,
    toTime: start + at + 1,
    fromId: `${at}`,
    toId: `${at + 1}`,
    state: 'open',
    reason: 'the line was cut',
    tries: 0,
    openedAt: start,
    closedAt: null,
  }
}

describe('pairs beyond the places of the pool', () => {
  it('count, keep and fold what pairs with a place of their own do', async () => {
    let rested = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 4, maxLength: 16, size: 'max' }),
        async (steps) => {
          const [few, many] = [new Store(2), new Store(50)]
          await Promise.all([few.open(), many.open()])
          try {
            for (const each of steps) {
              expect(await few.take(each)).toEqual(await many.take(each))
              rested += few.db.stats().restingPairs.length
            }
            expect(many.db.stats().restingPairs).toEqual([])
            for (const pair of pairs) {
              if ((await many.count(pair)) === 0) continue
              expect(await storedTicks(few.db, pair)).toEqual(await storedTicks(many.db, pair))
              const [found, wanted] = await Promise.all(
                [few, many].map(({ db }) => storedCandles(db, pair, '1m')),
              )
              expect(candleDifferences(found!, wanted!)).toEqual([])
            }
          } finally {
            await Promise.all([few.db.close(), many.db.close()])
          }
          expect([...few.told, ...logsIn(few.db.dataDir)]).toEqual([])
        },
      ),
      { numRuns: propertyRuns(2), interruptAfterTimeLimit: 90_000, endOnFailure: true },
    )
    expect(rested).toBeGreaterThan(0)
  }, 600_000)

  it('take what is new without their file, and a read sees it', async () => {
    const db = await openManager({ maxConnections: 1 })
    const [a, b] = pairs as [string, string]
    const first = someTicks(10)
    await db.insertTicks(a, first)
    await db.insertTicks(b, someTicks(1))
    expect(db.stats()).toMatchObject({ restingPairs: [a], openPairs: [b], misses: 2 })
    // A replay of what is remembered, ids that go on, and the same call twice at once.
    const more = [...first, ...someTicks(5, { first: 11, from: Date.now() })]
    const calls = await Promise.all([db.insertTicks(a, more), db.insertTicks(a, more)])
    expect(calls).toMatchObject([
      { inserted: 5, duplicates: 10 },
      { inserted: 0, duplicates: 15 },
    ])
    expect(db.stats()).toMatchObject({ restingPairs: [a], openPairs: [b], misses: 2 })
    expect(await countTicks(db, a)).toBe(15)
    expect(db.stats()).toMatchObject({ restingPairs: [b], openPairs: [a] })
    const candles = await storedCandles(db, a, '1m')
    expect(candleDifferences(candles, foldCandles(await storedTicks(db, a), minute))).toEqual([])
  })

  it('are not opened again by calls that come while their files are closed', async () => {
    const db = await openManager({ maxConnections: 3, acquireTimeoutMs: 60_000 })
    const names = Array.from({ length: 12 }, (_, index) => `rest/spot/C${index}`)
    const [each, from] = [100, Date.now() - 60_000]
    let called = 0
    const caller = async (): Promise<void> => {
      while (called < names.length * each) {
        const [name, number] = [called % names.length, Math.floor(called++ / names.length)]
        const ticks = someTicks(1, { first: number + 1, from: from + number })
        expect(await db.insertTicks(names[name]!, ticks)).toMatchObject({ inserted: 1 })
      }
    }
    await Promise.all(Array.from({ length: 48 }, caller))
    // Each once; it was hundreds of times, and with more pairs without end.
    expect(db.stats().misses).toBe(names.length)
    for (const name of names) expect(await countTicks(db, name)).toBe(each)
  }, 60_000)

  it('keep the order of calls that wait for a file to be closed, and of who calls when it is', async () => {
    const db = await openManager({ maxConnections: 1 })
    const [a, b] = pairs as [string, string]
    await db.insertTicks(a, someTicks(1))
    const from = Date.now()
    const same = (price: number): Tick[] => someTicks(1, { first: 7, from, price })
    const heard: Promise<unknown>[] = []
    db.on(
      'pairEvicted',
      ({ pair }) => void (pair === a && heard.push(db.insertTicks(a, same(333)))),
    )
    const other = db.insertTicks(b, someTicks(1))
    // The file of the first one is being closed now.
    const bad = db.insertTicks(a, same(NaN))
    const first = db.insertTicks(a, same(111))
    await expect(bad).rejects.toMatchObject({ code: 'INVALID_TICK' })
    expect(await first).toMatchObject({ inserted: 1 })
    await other
    expect(heard.length).toBeGreaterThan(0)
    expect(await heard[0]).toMatchObject({ inserted: 0, conflicts: 1 })
  })

  it('bring in rows of other tables before there are too many', async () => {
    const db = await openManager({ maxConnections: 1 })
    const [a, b] = pairs as [string, string]
    await db.insertTicks(a, someTicks(1))
    await db.insertTicks(b, someTicks(1))
    expect(db.stats()).toMatchObject({ restingPairs: [a] })
    const opened: string[] = []
    db.on('pairOpened', ({ pair }) => opened.push(pair))
    for (let call = 0; call < 40; call++)
      await db.insertTicks(a, [], {
        gaps: Array.from({ length: 200 }, (_, at) => hole(call * 1000 + at * 2)),
      })
    await expect.poll(() => opened, { timeout: 30_000 }).toContain(a)
    expect(await db.query(a, sql('SELECT count(*) AS n FROM gaps'))).toEqual([{ n: 8000 }])
  }, 60_000)

  it('keep the order of calls that need the file and calls that do not', async () => {
    const dataDir = memoryFolder()
    const before = await openManager({ dataDir })
    const [a, b] = pairs as [string, string]
    const from = Date.now() - 600_000
    await before.insertTicks(a, someTicks(10, { from }))
    await before.close()
    const db = await openManager({ dataDir, maxConnections: 1 })
    await db.insertTicks(a, someTicks(1, { from: from + 500, first: 11 }))
    await db.insertTicks(b, someTicks(1))
    expect(db.stats()).toMatchObject({ restingPairs: [a], misses: 2 })
    const late = someTicks(1, { from: from - 60_000, first: 5, price: 7 })
    const other = someTicks(1, { from: from - 60_000, first: 5, price: 8 })
    const newer = someTicks(1, { from: from + 1000, first: 12 })
    // Calls with holes share no commit with others.
    const told = await Promise.all([
      db.insertTicks(a, newer),
      db.insertTicks(a, late, { gaps: [hole(1)] }),
      db.insertTicks(a, other),
      db.insertTicks(a, newer),
    ])
    expect(told).toMatchObject([
      { inserted: 1 },
      { inserted: 1, late: 1 },
      { inserted: 0, conflicts: 1 },
      { inserted: 0, duplicates: 1 },
    ])
    // Memory does not reach back to the late one.
    expect(db.stats()).toMatchObject({ restingPairs: [b], misses: 3, pendingTicks: 0 })
  })

  it('belong to their process until they are idle, and then to whoever comes', async () => {
    const dataDir = memoryFolder()
    const db = await openManager({ dataDir, maxConnections: 1, idleCloseMs: 3_600_000 })
    const [a, b] = pairs as [string, string]
    await db.insertTicks(a, someTicks(3))
    await db.insertTicks(b, someTicks(1))
    await db.insertTicks(a, someTicks(2, { first: 4, from: Date.now() }))
    expect(db.stats()).toMatchObject({ restingPairs: [a], openPairs: [b] })
    const child = await StoreChild.start({ dataDir, acquireTimeoutMs: 50, retention: 'forever' })
    for (const call of ['insertTicks', 'query'] as const)
      await expect(
        child.call(call, a, call === 'query' ? sql('SELECT 1') : someTicks(1)),
      ).rejects.toMatchObject({ code: 'PAIR_LOCKED' })
    // Who was refused has changed nothing: these are the rules that the owner gave.
    expect(db.stats()).toMatchObject({ restingPairs: [a], openPairs: [b], misses: 2 })
    await db.pool.release(a)
    // The other one gave it its place.
    expect(db.stats()).toMatchObject({ restingPairs: [b], size: 0 })
    expect(
      await child.call('insertTicks', a, someTicks(2, { first: 6, from: Date.now() })),
    ).toMatchObject({
      inserted: 2,
    })
    await child.close()
    expect(await countTicks(db, a)).toBe(7)
  }, 60_000)

  it('are given up with their claim after `idleCloseMs`', async () => {
    const db = await openManager({ maxConnections: 1, idleCloseMs: 200 })
    const [a, b] = pairs as [string, string]
    await db.insertTicks(a, someTicks(3))
    await db.insertTicks(b, someTicks(1))
    await db.insertTicks(a, someTicks(2, { first: 4, from: Date.now() }))
    await expect
      .poll(() => db.stats(), { timeout: 30_000 })
      .toMatchObject({ restingPairs: [], size: 0 })
    const child = await StoreChild.start({ dataDir: db.dataDir })
    expect(
      await child.call('insertTicks', a, someTicks(1, { first: 6, from: Date.now() })),
    ).toMatchObject({
      inserted: 1,
    })
    await child.close()
    expect(await countTicks(db, a)).toBe(6)
  }, 60_000)

  it('are all in their files when the manager is closed, many of them', async () => {
    const dataDir = memoryFolder()
    const db = await openManager({ dataDir, maxConnections: 4, acquireTimeoutMs: 600_000 })
    const names = Array.from({ length: 40 }, (_, index) => `rest/spot/M${index}`)
    for (const round of [0, 1, 2])
      await Promise.all(
        names.map((pair) =>
          db.insertTicks(pair, someTicks(2, { first: 1 + 2 * round, from: start + round * 5000 })),
        ),
      )
    expect(db.stats().restingPairs.length).toBeGreaterThan(30)
    await db.close()
    expect(logsIn(dataDir)).toEqual([])
    const again = await openManager({ dataDir, retention: 'forever' })
    for (const pair of names) expect(await countTicks(again, pair)).toBe(6)
  }, 120_000)

  it("stay their process's while their file cannot take what the log holds", async () => {
    const dataDir = memoryFolder()
    const db = await openManager({ dataDir, maxConnections: 1 })
    const told: unknown[] = []
    db.on('error', ({ error }) => told.push(error))
    const [a, b] = pairs as [string, string]
    await db.insertTicks(a, someTicks(3))
    await db.insertTicks(b, someTicks(1))
    const child = await StoreChild.start({ dataDir, acquireTimeoutMs: 50 })
    await child.duckdb(fileOf(dataDir, a), 'ALTER TABLE pairduck_log RENAME TO hidden')
    const more = someTicks(4, { first: 4, from: Date.now() })
    expect(await db.insertTicks(a, more)).toMatchObject({ inserted: 4 })
    await expect(countTicks(db, a)).rejects.toMatchObject({ code: expect.any(String) })
    await db.pool.release(a)
    expect(told.length).toBeGreaterThan(0)
    await expect(child.call('insertTicks', a, more)).rejects.toMatchObject({ code: 'PAIR_LOCKED' })
    await child.duckdb(fileOf(dataDir, a), 'ALTER TABLE hidden RENAME TO pairduck_log')
    expect(await db.insertTicks(a, more)).toMatchObject({ inserted: 0, duplicates: 4 })
    expect(await countTicks(db, a)).toBe(7)
  }, 60_000)

  it('are read anew where another program has written into their file', async () => {
    const db = await openManager({ maxConnections: 1 })
    const [a, b] = pairs as [string, string]
    const from = Date.now() - 600_000
    await db.insertTicks(a, someTicks(3, { from }))
    await db.insertTicks(b, someTicks(1))
    expect(db.stats()).toMatchObject({ restingPairs: [a] })
    const child = await StoreChild.start({ dataDir: memoryFolder() })
    const [stranger] = someTicks(1, { from: from + 5000, first: 4 }) as [Tick]
    const { timestamp, price, volume, side, tradeId } = stranger
    const values = `make_timestamp(${timestamp} * 1000), ${price}, ${volume}, '${side}', '${tradeId}'`
    await child.duckdb(
      fileOf(db.dataDir, a),
      `INSERT INTO ticks (timestamp, price, volume, side, trade_id) VALUES (${values})`,
    )
    await child.close()
    expect(await countTicks(db, a)).toBe(4)
    expect(await db.insertTicks(a, [stranger])).toMatchObject({ inserted: 0, duplicates: 1 })
  }, 60_000)

  it('lose nothing and have nothing twice when their process is killed', async () => {
    await expectLogCrashSafe(3, rotatingSeed(), { places: 2 })
  }, 300_000)
})
