import { assert, asyncProperty, constantFrom } from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  candlesFromTicksQuery,
  getCandlesQuery,
  getRecentTicksQuery,
  type Query,
  type StoredCandle,
} from '../../../src/queries/index.ts'
import { timeframeMs } from '../../../src/time.ts'
import { candleDifferences, foldCandles } from '../../support/candle-fold.ts'
import { oracleTrades } from '../../support/oracle.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { epoch, randomTicks } from '../../support/ticks.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const duck = await openTestDuck()

const minute = 60_000
function tick(
  at: number,
  price: number,
  volume = 1,
  side: 'BUY' | 'SELL' = 'BUY',
  tradeId?: string,
) {
  return { timestamp: epoch + at, price, volume, side, tradeId }
}

describe('worked out on paper', () => {
  // Minute 0: 100, 103, 99, 101. Minutes 1 and 2: none. Minute 3: 105, of two tied in time: id 9
  // comes before id 10.
  const ticks = [
    tick(3 * minute, 105, 1, 'SELL', '10'),
    tick(3 * minute, 104, 2, 'BUY', '9'),
    tick(0, 100, 1),
    tick(59_999.999, 101, 4),
    tick(10_000, 103, 2, 'SELL'),
    tick(20_000, 99, 3),
  ]
  const first = {
    timestamp: epoch,
    open: 100,
    high: 103,
    low: 99,
    close: 101,
    volume: 10,
    buyVolume: 8,
    sellVolume: 2,
    quoteVolume: 100 + 404 + 206 + 297,
    tradeCount: 4,
  }
  const last = {
    timestamp: epoch + 3 * minute,
    open: 104,
    high: 105,
    low: 104,
    close: 105,
    volume: 3,
    buyVolume: 2,
    sellVolume: 1,
    quoteVolume: 105 + 208,
    tradeCount: 2,
  }
  beforeEach(() => duck.insertTicks(ticks))

  test('bars from ticks and from the stored relation', async () => {
    expect(await duck.query(candlesFromTicksQuery({ timeframe: '1m' }))).toEqual([
      { ...first, coveredFrom: epoch, truncated: false, complete: true },
      { ...last, coveredFrom: epoch, truncated: false, complete: true },
    ])
    for (const [source, named] of [
      ['candles', 'candles_1m'],
      ['ticks', 'ticks'],
      [undefined, 'candles_1m'],
    ] as const) {
      const bars = (rest: object = {}) =>
        duck.query(getCandlesQuery({ timeframe: '1m', source, ...rest }))
      const asOf = epoch + 4 * minute - 1
      expect(await bars()).toEqual([first, last].map((bar) => ({ ...bar, source: named })))
      expect(await bars({ limit: 1 })).toEqual([{ ...last, source: named }])
      expect(await bars({ asOf })).toEqual([{ ...first, source: named }])
    }
  })

  test('a window takes the bars that open inside it, whole', async () => {
    const options = { timeframe: '1m', from: epoch + 1, to: epoch + 3 * minute + 1 } as const
    expect(await duck.query(getCandlesQuery(options))).toMatchObject([last])
    expect(await duck.query(candlesFromTicksQuery(options))).toMatchObject([last])
    expect(
      await duck.query(candlesFromTicksQuery({ timeframe: '1m', to: epoch + 1 })),
    ).toMatchObject([first])
  })

  test('flat bars in the holes on request', async () => {
    const flat = {
      open: 101,
      high: 101,
      low: 101,
      close: 101,
      volume: 0,
      buyVolume: 0,
      sellVolume: 0,
      quoteVolume: 0,
      tradeCount: 0,
    }
    expect(
      await duck.query(candlesFromTicksQuery({ timeframe: '1m', fill: 'previous' })),
    ).toMatchObject([
      first,
      { ...flat, timestamp: epoch + minute },
      { ...flat, timestamp: epoch + 2 * minute },
      last,
    ])
  })

  test('a bar that retention has cut into is truncated', async () => {
    await duck.deleteTicksBefore(epoch + 15_000)
    const rows = await duck.query(candlesFromTicksQuery({ timeframe: '1m' }))
    expect(rows.map(({ truncated }) => truncated)).toEqual([true, false])
  })

  test('recent ticks come newest first, tied ones by id as a number', async () => {
    const rows = await duck.query(getRecentTicksQuery({ limit: 3 }))
    expect(rows.map(({ price, tradeId }) => [price, tradeId])).toEqual([
      [105, '10'],
      [104, '9'],
      [101, null],
    ])
  })
})

test('equals a walk over random ticks, from ticks and from the stored relation', async () => {
  await assert(
    asyncProperty(
      randomTicks(),
      constantFrom('1s', '1m', '5m', '1h', '1d'),
      async (ticks, timeframe) => {
        await duck.clear()
        await duck.insertTicks(ticks)
        const expected = foldCandles(ticks, timeframeMs[timeframe])
        // Sums of these volumes are exact in whatever order, those of price × volume are not.
        const exact = expected.map((bar) => ({ ...bar, quoteVolume: expect.any(Number) as number }))
        const queries: Query<StoredCandle>[] = [
          candlesFromTicksQuery({ timeframe }),
          getCandlesQuery({ timeframe, source: 'candles' }),
          getCandlesQuery({ timeframe }),
        ]
        for (const candles of queries) {
          const rows: StoredCandle[] = await duck.query<StoredCandle>(candles)
          expect(rows).toMatchObject(exact)
          expect(candleDifferences(rows, expected)).toEqual([])
        }
      },
    ),
    { numRuns: propertyRuns(5) },
  )
})

testOnRealTrades('equals a walk over the real trades of %s', async (symbol) => {
  const ticks = oracleTrades(symbol)
  await duck.insertTicks(ticks.toReversed())
  for (const timeframe of ['1s', '1m', '15m'] as const) {
    const rows = await duck.query(candlesFromTicksQuery({ timeframe }))
    expect(candleDifferences(rows, foldCandles(ticks, timeframeMs[timeframe]))).toEqual([])
  }
})
