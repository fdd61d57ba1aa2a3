import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  calculateCvdBarsQuery,
  calculateCvdQuery,
  type CvdBar,
  type CvdBarsOptions,
  type CvdOptions,
  type DatabaseManager,
  type Tick,
  type Timeframe,
} from '../../../src/index.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { fileOf, openManager, sql, temporaryFolder } from '../../support/store.ts'

const minute = 60_000
const start = Date.UTC(2024, 7, 8, 11, 56)

const keepMs = {
  ticks: 12 * minute,
  candles_1s: 9 * minute,
  candles_1m: 10 * minute,
  candles_3m: 20 * minute,
  candles_5m: 'forever',
  candles_15m: 20 * minute,
  candles_1h: 'forever',
} as const

const trade = {
  price: fc.constantFrom(1, 2, 3, 0.1),
  volume: fc.constantFrom(1, 0.5, 4, 0.1),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
}

// Few times and ids, so that many ticks are of one time, with and without an id that orders them.
const tick: fc.Arbitrary<Tick> = fc.record({
  timestamp: fc
    .tuple(fc.nat(24), fc.constantFrom(0, 0.001, 500, 10_000, 59_999.999))
    .map(([minutes, ms]) => Math.round((start + minutes * minute + ms) * 1000) / 1000),
  ...trade,
  tradeId: fc.constantFrom(undefined, '1', '2', '10', '99', '007', 'é', '123456789012345'),
})

/** A feed as it mostly is: in order, with growing ids or none; now and then one comes late. */
const feed = fc
  .record({
    from: fc.nat(24),
    firstId: fc.option(fc.nat(1000), { nil: undefined }),
    steps: fc.array(
      fc.record({ waitMs: fc.constantFrom(0, 0, 100, 7000, 40_000, -9000), ...trade }),
      {
        maxLength: 60,
        size: 'max',
      },
    ),
  })
  .map(({ from, firstId, steps }) => {
    let timestamp = start + from * minute
    return steps.map(({ waitMs, ...rest }, index): Tick => {
      timestamp += waitMs
      return {
        timestamp,
        ...rest,
        ...(firstId !== undefined && { tradeId: String(firstId + index) }),
      }
    })
  })

const call = fc.oneof(fc.array(tick, { maxLength: 8, size: 'max' }), feed, feed)

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ insert: call }) },
  { weight: 4, arbitrary: fc.record({ cleanupAt: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.constant({ restart: true as const }) },
  { weight: 1, arbitrary: fc.record({ candles: fc.array(fc.nat(24)), of: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ importing: call }) },
  { weight: 1, arbitrary: fc.record({ reopenFrom: fc.option(fc.nat(24), { nil: undefined }) }) },
  { weight: 1, arbitrary: fc.constant({ repair: true as const }) },
)

const asked = fc.record({
  timeframe: fc.constantFrom<Timeframe>('1s', '1m', '3m', '5m', '15m', '30m', '1h', '1d'),
  swing: fc.boolean(),
  from: fc.option(fc.nat(30 * minute), { nil: undefined }),
  length: fc.option(fc.nat(30 * minute), { nil: undefined }),
  asOf: fc.option(fc.nat(30 * minute), { nil: undefined }),
  reset: fc.constantFrom<NonNullable<CvdBarsOptions['reset']>>('none', 'session', 2, 7),
})

/** What only ticks can tell: every trade is of at least this size. */
const byTicks = { minSize: 0 }

it.each<[string, Timeframe[], number]>([
  ['the default timeframes', ['1m', '5m', '15m'], 2],
  ['seconds, and bars that do not divide each other', ['1s', '3m', '5m', '1h'], 2],
])('closed bars tell what their ticks do, of %s', async (_name, candles, numRuns) => {
  const dataDir = temporaryFolder()
  let store = await openManager({ dataDir, candles, retention: keepMs })
  let runs = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, fc.array(asked, { minLength: 1, maxLength: 4 })), {
        maxLength: 16,
        size: 'max',
      }),
      async (steps) => {
        const pair = `delta/spot/RUN${runs++}`
        await store.insertTicks(pair, [])
        for (const [each, questions] of steps) {
          await take(each, pair)
          for (const question of questions) await compare(pair, question)
        }
        await store.pool.release(pair)
      },
    ),
    // Shrinking opens the pair again for each try, which takes longer than the test may.
    { numRuns: propertyRuns(numRuns), endOnFailure: true },
  )

  async function take(each: Step, pair: string): Promise<void> {
    if ('insert' in each) await store.insertTicks(pair, each.insert)
    else if ('cleanupAt' in each)
      await store.cleanupPair(pair, { now: start + each.cleanupAt * minute })
    else if ('candles' in each) await giveCandles(store, pair, candles[each.of]!, each.candles)
    else if ('importing' in each) await importFile(store, pair, each.importing)
    else if ('reopenFrom' in each)
      await store.reopenPast(pair, {
        ...(each.reopenFrom !== undefined && { from: start + each.reopenFrom * minute }),
        retention: keepMs,
      })
    else {
      await store.close()
      if ('repair' in each) claimMore(fileOf(dataDir, pair))
      store = await openManager({ dataDir, candles, retention: keepMs })
      if ('repair' in each) await store.repair(pair)
    }
  }

  async function compare(
    pair: string,
    { timeframe, swing, from, length, asOf, reset }: Question,
  ): Promise<void> {
    const options: CvdBarsOptions = {
      timeframe,
      reset,
      ...(from !== undefined && { from: start + from }),
      ...(length !== undefined && { to: start + (from ?? 0) + length }),
      ...(asOf !== undefined && { asOf: start + asOf }),
    }
    const whole = await store.query(pair, calculateCvdBarsQuery({ ...options, ...byTicks }))
    const wanted = whole.map(swing ? (bar) => bar : withoutSwing)
    const found = await store.query(pair, calculateCvdBarsQuery({ ...options, swing }))
    expect(differences(found, wanted as CvdBar[])).toEqual([])
  }
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
type Question = typeof asked extends fc.Arbitrary<infer T> ? T : never

it('reads closed bars, and the ticks of those alone that do not tell', async () => {
  const db = await openManager({ retention: 'forever' })
  const pair = 'delta/spot/READ'
  const ticks = Array.from({ length: 6000 }, (_, index): Tick => ({
    timestamp: start + index * 100,
    price: 100,
    volume: 1 + (index % 3),
    side: index % 5 < 2 ? 'BUY' : 'SELL',
    tradeId: String(index),
  }))
  const bars = () => db.query(pair, calculateCvdBarsQuery({ timeframe: '1m' }))
  await db.insertTicks(
    pair,
    ticks.filter(({ timestamp }) => timestamp !== start + 3 * minute + 100),
  )
  await db.cleanupPair(pair)
  const before = await bars()
  // Nobody writes so: by it one sees what is read.
  await db.withConnection(pair, async ({ connection }) => {
    await connection.run('UPDATE pairduck_candle_parts SET max_delta = 1000 + buy_volume')
  })
  const reached = (await bars()).map(({ open, high }) => Math.round(high - open) > 1000)
  expect(reached).toEqual(Array.from({ length: 10 }, () => true))
  const longer = await db.query(pair, calculateCvdBarsQuery({ timeframe: '5m', swing: false }))
  expect(longer).toHaveLength(3)
  // A tick that comes late lies within what was folded: its bar is read of ticks until the next roll-up.
  await db.insertTicks(pair, [ticks[1801]!])
  expect((await bars()).map(({ open, high }) => Math.round(high - open) > 1000)).toEqual(
    reached.map((read, index) => read && index !== 3),
  )
  await db.insertTicks(pair, [{ ...ticks[0]!, timestamp: start + 900_000, tradeId: 'last' }])
  await db.cleanupPair(pair)
  const [found] = await db.query(pair, unknown)
  expect(found).toEqual({ bars: 0 })
  const after = await bars()
  expect(after[3]!.high - after[3]!.open).toBeLessThan(1000)
  expect(after[3]).toMatchObject({ delta: before[3]!.delta + ticks[1801]!.volume })
})

const unknown = sql<{ bars: number }>(
  'SELECT count(*) AS bars FROM pairduck_candle_parts WHERE max_delta IS NULL',
)

it('adds up a long window out of the bars that lie in it, and the ticks at its ends', async () => {
  const db = await openManager({ retention: 'forever' })
  const pair = 'delta/spot/TOTAL'
  const [count, stepMs] = [320_000, 200]
  const ticks = Array.from({ length: count }, (_, index): Tick => ({
    timestamp: start + index * stepMs,
    price: 100,
    // Quarters: sums are exact in whatever order.
    volume: 0.25 * (1 + ((index * 7) % 11)),
    side: (index * 13) % 5 < 2 ? 'BUY' : 'SELL',
    tradeId: String(index),
  }))
  for (let at = 0; at < count; at += 40_000)
    await db.insertTicks(
      pair,
      ticks.slice(at, at + 40_000).filter((_, index) => index !== 777),
    )
  await db.insertTicks(
    pair,
    ticks.filter((_, index) => index % 40_000 === 777),
  )
  await giveCandles(db, pair, '1m', [60, 61, 500])
  const total = (options: CvdOptions) => db.query(pair, calculateCvdQuery(options))
  const span = count * stepMs
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.nat(span),
        fc.nat(60).map((minutes) => minutes * minute),
      ),
      fc.oneof(fc.integer({ min: 6 * 60 * minute, max: span }), fc.constant(8 * 60 * minute)),
      fc.option(fc.nat(span), { nil: undefined }),
      fc.constantFrom('from and to', 'to', 'look-back', 'all'),
      async (from, length, asOf, kind) => {
        const to = start + from + length
        const window =
          kind === 'from and to'
            ? { from: start + from, to }
            : kind === 'to'
              ? { to }
              : kind === 'look-back'
                ? { lookbackMinutes: length / minute, now: to }
                : {}
        const options = { ...window, ...(asOf !== undefined && { asOf: start + asOf }) }
        expect(await total(options)).toEqual(await total({ ...options, ...byTicks }))
      },
    ),
    { numRuns: propertyRuns(30) },
  )
  const [before] = await total({})
  await db.withConnection(pair, async ({ connection }) => {
    await connection.run('UPDATE pairduck_candle_parts SET buy_volume = 1000 + buy_volume')
  })
  // By what nobody writes one sees what is read: all bars but the given ones.
  const [after] = await total({})
  const bars = Math.ceil(span / minute) - 3
  expect(after!.buyVolume - before!.buyVolume).toBe(1000 * bars)
  const few = { from: start, to: start + 5 * 60 * minute }
  expect(await total(few)).toEqual(await total({ ...few, ...byTicks }))
})

async function giveCandles(
  store: DatabaseManager,
  pair: string,
  timeframe: Timeframe,
  minutes: readonly number[],
): Promise<void> {
  const width = { '1s': 1000, '1m': minute, '3m': 3 * minute, '5m': 5 * minute }[timeframe as '1m']
  const given = minutes.map((at) => ({
    timestamp: Math.floor((start + at * minute) / (width ?? 15 * minute)) * (width ?? 15 * minute),
    open: 1,
    high: 2,
    low: 1,
    close: 2,
    volume: 7,
    buyVolume: 3,
    sellVolume: 4,
    tradeCount: 2,
  }))
  await store.insertCandles(pair, timeframe, given)
}

async function importFile(store: DatabaseManager, pair: string, ticks: Tick[]): Promise<void> {
  const file = join(temporaryFolder(), 'trades.csv')
  const lines = ticks.map(
    ({ timestamp, price, volume, side, tradeId = '' }) =>
      `${Math.round(timestamp * 1000)},${price},${volume},${side},${tradeId}\n`,
  )
  writeFileSync(file, `timestamp,price,volume,side,tradeId\n${lines.join('')}`)
  if (ticks.length > 0) await store.importTicks(pair, file, { timeUnit: 'us' })
}

/** Of a file that has fewer rows than it had, a repair makes a new one. */
function claimMore(file: string): void {
  const path = file.replace('.duckdb', '.state.json')
  const state = JSON.parse(readFileSync(path, 'utf8')) as { relations: { ticks: { rows: number } } }
  state.relations.ticks.rows++
  writeFileSync(path, JSON.stringify(state))
}

function withoutSwing({ high: _high, low: _low, ...bar }: CvdBar): Omit<CvdBar, 'high' | 'low'> {
  return bar
}

const sums = new Set(['open', 'high', 'low', 'close', 'delta', 'buyVolume', 'sellVolume'])

/** Times, counts and coverage to the last bit, sums to 1e-9 of what was traded. */
function differences(found: readonly CvdBar[], wanted: readonly CvdBar[]): string[] {
  if (found.length !== wanted.length) return [`${found.length} bars instead of ${wanted.length}`]
  const traded = wanted.reduce((sum, bar) => sum + bar.buyVolume + bar.sellVolume, 1)
  return wanted.flatMap((bar, index) => {
    const other = found[index]!
    const names = new Set([...Object.keys(bar), ...Object.keys(other)]) as Set<keyof CvdBar>
    return [...names]
      .filter((name) => {
        const [is, should] = [other[name], bar[name]]
        return sums.has(name)
          ? !(Math.abs(Number(is) - Number(should)) <= 1e-9 * traded)
          : is !== should
      })
      .map(
        (name) => `${bar.timestamp}: ${name} is ${String(other[name])}, not ${String(bar[name])}`,
      )
  })
}
