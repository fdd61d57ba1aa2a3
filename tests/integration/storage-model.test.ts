import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  getCandlesQuery,
  getRecentTicksQuery,
  PairduckError,
  type CandleRow,
  type Timeframe,
} from '../../src/index.ts'
import { calculateCvdQuery, type Cvd } from '../../src/queries/index.ts'
import type { Candle, StoredCandle, Tick } from '../../src/schema/rows.ts'
import { timeframeMs } from '../../src/time.ts'
import { storedCandles, storedTicks } from '../support/store-rows.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { StoreModel } from '../support/store-model.ts'
import { openManager, sql } from '../support/store.ts'
import { candleDifferences } from '../support/candle-fold.ts'

const minute = 60_000
// A quarter of an hour begins four minutes later: bars of all timeframes end within the span.
const start = Date.UTC(2024, 7, 8, 11, 56)

const keepMs = {
  ticks: 4 * minute,
  candles_1s: 5 * minute,
  candles_1m: 3 * minute,
  candles_3m: 6 * minute,
  candles_5m: 8 * minute,
  candles_15m: 20 * minute,
  candles_1h: 60 * minute,
}

// Times meet within the window of a second, exactly at its ends, a microsecond inside and beyond,
// and where a roll-up ends that a cleanup makes: ten seconds before the newest tick.
const time = fc
  .tuple(
    fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 })),
    fc.constantFrom(
      0,
      0.001,
      499.5,
      500,
      999.999,
      1000,
      1000.001,
      1500,
      2000.001,
      10_000,
      59_999.999,
    ),
  )
  .map(([minutes, ms]) => wholeMicros(start + minutes * minute + ms))

// Few, so that they come again; of every length on both sides of the engine's 12 bytes.
const tradeId = fc.constantFrom(
  undefined,
  '1',
  '2',
  '9',
  '10',
  '99',
  '100',
  '007',
  'é',
  '漢字',
  '😀',
  '123456789012',
  '1234567890123',
  'ééééééé',
  '0b0e5a6c-7f6e-4f3a-9f43-0d1f4f6a9c11',
  '0b0e5a6c-7f6e-4f3a-9f43-0d1f4f6a9c12',
)

const tick: fc.Arbitrary<Tick> = fc.record({
  timestamp: time,
  price: fc.constantFrom(1, 2, 3, 0.1),
  volume: fc.constantFrom(1, 0.5, 4),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  tradeId,
})

/** A feed as it mostly is: in order, with growing ids; single ticks are moved or repeated. */
const feed = fc
  .record({
    from: time,
    firstId: fc.integer({ min: 90, max: 110 }),
    steps: fc.array(
      fc.record({
        waitMs: fc.constantFrom(0, 0, 0.001, 100, 20_000),
        price: fc.integer({ min: 1, max: 5 }),
      }),
      {
        maxLength: 30,
        size: 'max',
      },
    ),
  })
  .map(({ from, firstId, steps }) => {
    let timestamp = from
    return steps.map(({ waitMs, price }, index): Tick => {
      timestamp = wholeMicros(timestamp + waitMs)
      return { timestamp, price, volume: 1, side: 'BUY', tradeId: String(firstId + index) }
    })
  })

const call = fc.oneof(fc.array(tick, { maxLength: 25, size: 'max' }), feed)

const candle = fc
  .record({
    minutes: fc.integer({ min: 0, max: 12 }),
    price: fc.integer({ min: 1, max: 9 }),
    volume: fc.constantFrom(0, 7),
    buyVolume: fc.constantFrom(undefined, null, 3),
    tradeCount: fc.constantFrom(undefined, null, 2),
  })
  .map(({ minutes, price, ...others }) => ({
    ...others,
    timestamp: start + minutes * minute,
    open: price,
    high: price + 1,
    low: price,
    close: price + 1,
  }))

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      insert: fc.array(call, { minLength: 1, maxLength: 4 }),
      columns: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ cleanupAt: fc.integer({ min: -10, max: 20 }) }) },
  { weight: 1, arbitrary: fc.constant({ reopen: true as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ candles: fc.array(candle, { maxLength: 5 }), of: fc.nat(2) }),
  },
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

describe('whatever is called in whatever order, the store agrees with a sequential model', () => {
  it.each<[string, Timeframe[], number]>([
    ['the default timeframes', ['1m', '5m', '15m'], 3],
    ['seconds, and bars that do not divide each other', ['1s', '3m', '5m', '1h'], 2],
  ])('%s', async (_name, candles, numRuns) => {
    const store = await openManager({ candles, retention: keepMs })
    let runs = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14, size: 'max' }), async (steps) => {
        const pair = `model/spot/RUN${runs++}`
        const model = new StoreModel(keepMs)
        const compared = candles[runs % candles.length]!
        await store.insertTicks(pair, [])
        for (const each of steps) {
          const [found, wanted] = await take(each, pair, model)
          expect(found).toEqual(wanted)
          // From memory where that has them, else from the file: nobody can tell.
          const newest = model.sortedTicks().reverse()
          for (const limit of [1, 3, 1000]) {
            const wanted = newest.slice(0, limit)
            expect(await store.recentTicks(pair, limit)).toEqual(wanted)
            expect(await store.query(pair, getRecentTicksQuery({ limit }))).toEqual(wanted)
          }
          const [{ coveredFrom }] = (await store.query(pair, calculateCvdQuery())) as [Cvd]
          expect(coveredFrom).toBe(model.coveredFrom)
          await compareBars(pair, compared)
        }
        expect(await storedTicks(store, pair)).toEqual(model.sortedTicks())
        for (const timeframe of candles)
          expect(
            candleDifferences(
              await storedCandles(store, pair, timeframe),
              model.candles(timeframe),
            ),
          ).toEqual([])
        await store.pool.release(pair)
      }),
      { numRuns: propertyRuns(numRuns) },
    )

    /** From memory where that has them, else from the file: nobody can tell. */
    async function compareBars(pair: string, timeframe: Timeframe): Promise<void> {
      const byFile = store.query(pair, getCandlesQuery({ timeframe }))
      const wanted = await byFile.catch(codeOf)
      expect(await store.query(pair, partedBars)).toEqual([])
      const newest = store.query(pair, getCandlesQuery({ timeframe, limit: 2 }))
      expect(differences(await newest.catch(codeOf), wanted, 2)).toEqual([])
      for (const count of [1000, 2]) {
        const found = await store.lastCandles(pair, timeframe, count).catch(codeOf)
        expect(differences(found, wanted, count)).toEqual([])
      }
    }

    /** What the store and the model say to a step. */
    async function take(each: Step, pair: string, model: StoreModel): Promise<[unknown, unknown]> {
      if ('insert' in each) {
        // Made together they may share a commit, or not: nothing may depend on that.
        const found = await Promise.all(
          each.insert.map((ticks) =>
            store.insertTicks(pair, each.columns ? toColumns(ticks) : ticks),
          ),
        )
        return [found, each.insert.map((ticks) => model.insert(ticks))]
      }
      if ('candles' in each) {
        const timeframe = candles[each.of]!
        const width = timeframeMs[timeframe]
        const given = each.candles.map((one): Candle => ({
          ...one,
          timestamp: Math.floor(one.timestamp / width) * width,
        }))
        return [
          await store.insertCandles(pair, timeframe, given),
          model.insertCandles(timeframe, given),
        ]
      }
      if ('reopen' in each) {
        await store.pool.release(pair)
        return [undefined, undefined]
      }
      const now = start + each.cleanupAt * minute
      const ticksBefore = model.ticks.length
      model.cleanup(now)
      const { deleted } = await store.cleanupPair(pair, { now })
      return [deleted.ticks ?? 0, ticksBefore - model.ticks.length]
    }
  })
})

it('counts a tick once that comes late and lies exactly where a roll-up ended', async () => {
  const store = await openManager()
  const pair = 'model/spot/EDGE'
  const at = (ms: number): Tick => ({ timestamp: start + ms, price: 1, volume: 1, side: 'BUY' })
  await store.insertTicks(pair, [at(20_000)])
  // Rolls up to ten seconds before the newest; nothing is old enough to go.
  await store.cleanupPair(pair, { now: start })
  // The first lies before that and goes into the parts; the second is still read as a tick.
  await store.insertTicks(pair, [at(9_999.999), at(10_000)])
  expect(await storedCandles(store, pair, '1m')).toMatchObject([{ tradeCount: 3, volume: 3 }])
})

/** Closed bars of which the file has more than one row. */
const partedBars = sql(
  `SELECT timeframe, timestamp FROM pairduck_candle_parts
   WHERE (SELECT merged_until FROM pairduck_candle_state) IS NOT NULL
   GROUP BY ALL HAVING count(*) > 1`,
)

function codeOf(error: unknown): string {
  return PairduckError.is(error) ? error.code : String(error)
}

/** Of two answers, each bars or the code of an error. */
function differences(
  found: StoredCandle[] | string,
  wanted: CandleRow[] | string,
  count: number,
): string[] {
  if (typeof found !== 'string' && typeof wanted !== 'string')
    return candleDifferences(found, wanted.slice(-count).map(asCandle))
  return found === wanted ? [] : ['one answers, the other does not']
}

function asCandle({ source: _source, ...candle }: CandleRow): StoredCandle {
  return candle
}

function wholeMicros(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

function toColumns(
  ticks: readonly Tick[],
): Parameters<Awaited<ReturnType<typeof openManager>>['insertTicks']>[1] {
  return {
    timestamp: Float64Array.from(ticks, ({ timestamp }) => timestamp),
    price: Float64Array.from(ticks, ({ price }) => price),
    volume: ticks.map(({ volume }) => volume),
    side: ticks.map(({ side }) => side),
    tradeId: ticks.map(({ tradeId: id }) => id ?? null),
  }
}
