import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DatabaseManager, PairduckError, type InsertRows, type Lease } from '../../../src/index.ts'
import type { Candle, Tick } from '../../../src/schema/rows.ts'
import { logSegments, logsIn } from '../../support/log-crashes.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { storedCandles } from '../../support/store-rows.ts'
import { openManager, sql, temporaryFolder } from '../../support/store.ts'

const [pair, straight] = ['x/spot/L', 'x/spot/S']
const bar = Date.UTC(2024, 7, 8, 12)
const minute = 60_000

function candleOf(at: number, price: number): Candle {
  const prices = { open: price, high: price, low: price, close: price }
  return { timestamp: bar + at * minute, ...prices, volume: 1 }
}

function flowOf(at: number, cvd: number): InsertRows['order_flow'] {
  const timestamp = bar + at * minute
  const volumes = { delta: cvd, buyVolume: cvd, sellVolume: 0, imbalanceRatio: null }
  return { timestamp, timeframe: '1m', cvd, ...volumes, knownAt: timestamp + minute }
}

function zoneOf(at: number, strength: number): InsertRows['supply_demand_zones'] {
  const timestamp = bar + at * minute
  const prices = { priceLow: 1, priceHigh: 1 + (strength % 3) }
  const times = { timestamp, knownAt: timestamp, touchedAt: null, brokenAt: null }
  return { ...times, ...prices, timeframe: '1m', type: 'supply', strength, status: 'active' }
}

function tickOf(at: number, number: number): Tick {
  const price = (number % 5) + 1
  return { timestamp: bar + at * minute + (number % 7) * 1000, price, volume: 1, side: 'BUY' }
}

/** How often the log of a directory holds a text. */
function inLog(dataDir: string, text: string): number {
  return logSegments(dataDir).reduce(
    (sum, file) => sum + readFileSync(file, 'latin1').split(text).length - 1,
    0,
  )
}

const at = fc.oneof(
  // A bot's calls are of the newest bar, again and again.
  { weight: 3, arbitrary: fc.constant('newest' as const) },
  { weight: 1, arbitrary: fc.constant('next' as const) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 8 }) },
)
const call = fc.record({
  to: fc.constantFrom('1m' as const, '5m', 'flow', 'zones', 'ticks'),
  rows: fc.array(fc.tuple(at, fc.integer({ min: 1, max: 1000 })), { maxLength: 4 }),
})
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ calls: fc.array(call, { minLength: 1, maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.constant('read' as const) },
  { weight: 1, arbitrary: fc.constant('release' as const) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
  { weight: 1, arbitrary: fc.record({ cleanupAt: fc.integer({ min: -2, max: 12 }) }) },
)
/** A call of the newest bar. */
const again: Step = { calls: [{ to: '1m', rows: [['newest', 5]] }] }
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const tables = [
  'SELECT * FROM ticks ORDER BY ALL',
  'SELECT * FROM candles_1m ORDER BY timestamp',
  'SELECT * FROM candles_5m ORDER BY timestamp',
  'SELECT * FROM candles_15m ORDER BY timestamp',
  'SELECT * FROM order_flow ORDER BY ALL',
  'SELECT * FROM supply_demand_zones ORDER BY ALL',
]
const keep = (minutes: number): number => minutes * minute
const retention = {
  ticks: keep(6),
  candles_1m: keep(4),
  candles_5m: keep(10),
  order_flow: keep(5),
  supply_demand_zones: 'forever' as const,
}

function codeOf(error: unknown): string {
  return PairduckError.is(error) ? error.code : String(error)
}

/** A call whose rows have their bars. */
interface Sent {
  readonly to: Call['to']
  readonly rows: readonly [at: number, value: number][]
}

function send(db: DatabaseManager, pair: string, { to, rows }: Sent): Promise<unknown> {
  const made = <Row>(make: (at: number, value: number) => Row): Row[] =>
    rows.map(([at, value]) => make(at, value))
  if (to === 'ticks') return db.insertTicks(pair, made(tickOf))
  if (to === 'flow') return db.insertOrderFlow(pair, made(flowOf))
  if (to === 'zones') return db.insertZones(pair, made(zoneOf))
  const width = to === '5m' ? 5 : 1
  return db.insertCandles(
    pair,
    to,
    made((at, value) => candleOf(at - (at % width), value)),
  )
}

/** Two pairs that are told the same: one as usual, the other while a lease of it is out. */
class BothWays {
  readonly #dataDir: string
  #db!: DatabaseManager
  /** Behind the back of a lease nothing is acknowledged that is not in the file. */
  #lease: Lease | undefined
  #newest = 0

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  async open(): Promise<void> {
    const options = { dataDir: this.#dataDir, retention, clock: () => bar + 60 * minute }
    this.#db = await DatabaseManager.open(options)
    for (const each of [pair, straight]) await this.#db.insertTicks(each, [])
    this.#lease = await this.#db.acquire(straight)
  }

  async close(): Promise<void> {
    await this.#lease?.release()
    await this.#db.close()
  }

  async take(step: Step): Promise<void> {
    if (step === 'read') return this.compare()
    if (step === 'release') return this.#db.pool.release(pair)
    if (step === 'reopen') {
      await this.close()
      return this.open()
    }
    if ('cleanupAt' in step) return this.#cleanup(bar + step.cleanupAt * minute)
    const calls = step.calls.map(({ to, rows }) => ({ to, rows: rows.map((row) => this.#at(row)) }))
    // Made together they may share a commit, or not: nothing may depend on that.
    const found = await Promise.all(calls.map((one) => send(this.#db, pair, one)))
    const wanted = await Promise.all(calls.map((one) => send(this.#db, straight, one)))
    assert.deepEqual(found, wanted)
  }

  async compare(): Promise<void> {
    const db = this.#db
    for (const timeframe of ['1m', '5m', '15m'] as const) {
      const [found, wanted] = await Promise.all(
        // Where there are none of any timeframe, both say so.
        [pair, straight].map((each) => db.lastCandles(each, timeframe, 3).catch(codeOf)),
      )
      assert.deepEqual(found, wanted)
    }
    for (const text of tables)
      assert.deepEqual(await db.query(pair, sql(text)), await db.query(straight, sql(text)))
  }

  async #cleanup(now: number): Promise<void> {
    await this.#lease?.release()
    const { deleted } = await this.#db.cleanupPair(pair, { now })
    assert.deepEqual((await this.#db.cleanupPair(straight, { now })).deleted, deleted)
    this.#lease = await this.#db.acquire(straight)
  }

  #at([when, value]: Call['rows'][number]): [number, number] {
    if (when === 'next') this.#newest++
    return [typeof when === 'number' ? when : this.#newest, value]
  }
}

it('calls count, store and read by the log as those that go straight to the file', async () => {
  let logged = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14, size: 'max' }), async (steps) => {
      const dataDir = temporaryFolder()
      const both = new BothWays(dataDir)
      await both.open()
      try {
        for (const each of steps) await both.take(each)
        logged += inLog(dataDir, '{"relation":"')
        await both.compare()
      } finally {
        await both.close()
      }
      expect(logsIn(dataDir)).toEqual([])
    }),
    // Of the first one memory tells that the second call goes to the log.
    { numRuns: propertyRuns(3), examples: [[[again, again]]] },
  )
  expect(logged).toBeGreaterThan(0)
})

describe('the newest candle', () => {
  it('goes to the log again and again, and every read sees it', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir, retention: 'forever' })
    await db.insertCandles(pair, '1m', [candleOf(0, 1)])
    const told: unknown[] = []
    db.on('candlesStored', (event) => told.push(event))
    for (let price = 2; price <= 20; price++) {
      const given = [candleOf(Math.floor(price / 5), price)]
      const isNew = price % 5 === 0
      expect(await db.insertCandles(pair, '1m', given)).toMatchObject(
        isNew ? { inserted: 1, replaced: 0 } : { inserted: 0, replaced: 1 },
      )
      expect(told.at(-1)).toMatchObject({ pair, timeframe: '1m', oldest: given[0]!.timestamp })
      expect(await db.lastCandles(pair, '1m', 1)).toMatchObject(given)
      // Of a timeframe that the file keeps no bars of, and one that has none of its own.
      expect(await db.lastCandles(pair, '30m', 1)).toMatchObject([{ close: price }])
      expect((await db.lastCandles(pair, '15m', 1)).at(-1)).toMatchObject({ close: price })
      expect((await storedCandles(db, pair, '1m')).at(-1)).toMatchObject(given[0]!)
    }
    expect(inLog(dataDir, '{"relation":"candles_1m"')).toBe(19)
  })

  it('may hold every value that is taken: what is in the log has to come into the file', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir, retention: 'forever' })
    const numbers = [5e-324, 1e-7, 0.1 + 0.2, 2 ** 53 - 1, 1e21, Number.MAX_VALUE]
    await db.insertCandles(pair, '1m', [candleOf(0, 1)])
    await db.insertOrderFlow(pair, [flowOf(0, 1)])
    for (const [index, number] of numbers.entries()) {
      const candle = { ...candleOf(1 + index, number), volume: number, buyVolume: -0 }
      const tradeCount = Math.min(Math.floor(number), Number.MAX_SAFE_INTEGER)
      await db.insertCandles(pair, '1m', [{ ...candle, tradeCount, quoteVolume: null }])
      const known = { knownAt: 0.001 * index, complete: index % 2 === 0 }
      const flow = { ...flowOf(1 + index, -number), ...known, imbalanceRatio: number }
      await db.insertOrderFlow(pair, [flow])
      expect((await storedCandles(db, pair, '1m')).at(-1)).toEqual({
        sellVolume: null,
        quoteVolume: null,
        ...candle,
        buyVolume: 0,
        tradeCount,
      })
      const text = `SELECT cvd, imbalance_ratio AS "imbalanceRatio", known_at AS "knownAt", complete
        FROM order_flow ORDER BY timestamp DESC LIMIT 1`
      expect(await db.query(pair, sql(text))).toEqual([
        { cvd: -number, imbalanceRatio: number, ...known },
      ])
    }
    expect(inLog(dataDir, '{"relation":')).toBe(2 * numbers.length)
  })

  it('is asked of the file again after what deletes rows', async () => {
    const db = await openManager({ retention: { candles_1m: keep(4), order_flow: keep(5) } })
    const send = async (): Promise<unknown[]> => [
      await db.insertCandles(pair, '1m', [candleOf(0, 1), candleOf(9, 1)]),
      await db.insertOrderFlow(pair, [flowOf(0, 1), flowOf(9, 1)]),
    ]
    for (const inserted of [2, 0, 0])
      expect(await send()).toEqual([
        { inserted, replaced: 2 - inserted, expired: 0 },
        { inserted, replaced: 2 - inserted, expired: 0 },
      ])
    await db.cleanupPair(pair, { now: bar + 10 * minute })
    for (let again = 0; again < 2; again++)
      expect(await send()).toEqual([
        { inserted: 0, replaced: 1, expired: 1 },
        { inserted: 0, replaced: 1, expired: 1 },
      ])
    // All of them: the mark stands right behind the newest.
    await db.cleanupPair(pair, { now: bar + 60 * minute })
    for (let again = 0; again < 2; again++)
      expect(await send()).toEqual([
        { inserted: 0, replaced: 0, expired: 2 },
        { inserted: 0, replaced: 0, expired: 2 },
      ])
  })

  it('stands in the order of the calls, beside ticks of its bar', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir, retention: 'forever' })
    await db.insertTicks(pair, [tickOf(0, 0)])
    await db.insertCandles(pair, '1m', [candleOf(1, 1)])
    const ends = await Promise.all([
      db.insertCandles(pair, '1m', [candleOf(1, 2)]),
      db.insertTicks(pair, [tickOf(1, 3)]),
      db.insertCandles(pair, '1m', [candleOf(1, 3)]),
      db.insertTicks(pair, [tickOf(2, 4)]),
      // Of a bar that a tick has made just before.
      db.insertCandles(pair, '1m', [candleOf(2, 5)]),
      db.insertCandles(pair, '1m', [candleOf(3, 6), candleOf(3, 7)]),
      db.insertTicks(pair, [tickOf(3, 5)]),
    ])
    expect(ends).toMatchObject([
      { replaced: 1 },
      { inserted: 1 },
      { replaced: 1 },
      { inserted: 1 },
      { replaced: 1 },
      { inserted: 1, replaced: 1 },
      { inserted: 1 },
    ])
    const minutes = await db.lastCandles(pair, '1m', 3)
    expect(minutes).toMatchObject([candleOf(1, 3), candleOf(2, 5), candleOf(3, 7)])
    expect(await storedCandles(db, pair, '1m')).toHaveLength(4)
  })

  it('makes analytics that were stored look again', async () => {
    const db = await openManager({ retention: 'forever', clock: () => bar + 9.5 * minute })
    await db.insertCandles(
      pair,
      '1m',
      Array.from({ length: 9 }, (_, at) => candleOf(at, at + 1)),
    )
    await db.refreshAnalytics(pair)
    const dirty = sql('SELECT count(*) AS n FROM pairduck_analytics WHERE dirty_from IS NOT NULL')
    expect(await db.query(pair, dirty)).toEqual([{ n: 0 }])
    // The first one goes to the file, the second to the log.
    await db.insertCandles(pair, '1m', [candleOf(9, 1)])
    await db.insertCandles(pair, '1m', [candleOf(9, 2)])
    expect(await db.query(pair, dirty)).toEqual([{ n: 0 }])
    await db.insertCandles(pair, '1m', [candleOf(8, 50)])
    await db.refreshAnalytics(pair)
    await db.insertCandles(pair, '1m', [candleOf(8, 51)])
    await db.insertCandles(pair, '1m', [candleOf(8, 52)])
    expect(await db.query(pair, dirty)).not.toEqual([{ n: 0 }])
  })
})
