import { assert, asyncProperty, constantFrom, nat, option } from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { calculateCvdBarsQuery, type CvdBarsOptions } from '../../../src/queries/index.ts'
import { timeframeMs, type Timeframe } from '../../../src/time.ts'
import { foldFootprint } from '../../support/footprint-fold.ts'
import { oracleTrades } from '../../support/oracle.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { epoch, randomTicks, type RandomTick } from '../../support/ticks.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const duck = await openTestDuck()

const minute = 60_000

function signed(at: number, volume: number): RandomTick {
  return {
    timestamp: epoch + at,
    price: 100,
    volume: Math.abs(volume),
    side: volume > 0 ? 'BUY' : 'SELL',
  }
}

async function ohlc(options: Omit<CvdBarsOptions, 'timeframe'>) {
  const rows = await duck.query(calculateCvdBarsQuery({ timeframe: '1m', ...options }))
  return rows.map(({ timestamp, open, high, low, close }) => [
    (timestamp - epoch) / minute,
    open,
    high,
    low,
    close,
  ])
}

describe('worked out on paper', () => {
  // Minute 0: +5 −8 +2: running 5, −3, −1. Minute 1: none. Minute 2: +4 +1: running 4, 5.
  // Minute 3: −6 −1: running −6, −7. Minute 60 (midnight): +3.
  beforeEach(() =>
    duck.insertTicks([
      signed(1, 5),
      signed(2, -8),
      signed(3, 2),
      signed(2 * minute, 4),
      signed(2 * minute + 1, 1),
      signed(3 * minute, -6),
      signed(3 * minute + 1, -1),
      signed(60 * minute, 3),
    ]),
  )

  test('each bar opens at the close before', async () => {
    // High and low are those of the running sum without the initial 0: in minute 3 the highest is
    // 4 − 6 = −2, below its open.
    expect(await ohlc({})).toEqual([
      [0, 0, 5, -3, -1],
      [2, -1, 4, 3, 4],
      [3, 4, -2, -3, -3],
      [60, -3, 0, 0, 0],
    ])
  })

  test('a session begins at 0, by default at midnight UTC', async () => {
    expect(await ohlc({ reset: 'session' })).toEqual([
      [0, 0, 5, -3, -1],
      [2, -1, 4, 3, 4],
      [3, 4, -2, -3, -3],
      [60, 0, 3, 3, 3],
    ])
    // From 23:02 on: minute 2 begins a session.
    expect((await ohlc({ reset: 'session', sessionStart: '23:02' }))[1]).toEqual([2, 0, 5, 4, 5])
  })

  test('every two bars', async () => {
    expect((await ohlc({ reset: 2 })).map(([at, open]) => [at, open])).toEqual([
      [0, 0],
      [2, 0],
      [3, 5],
      [60, 0],
    ])
  })

  test('a window inside a session goes on from the sum before it', async () => {
    const window = { from: epoch + 3 * minute, to: epoch + 4 * minute }
    expect(await ohlc({ reset: 'session', window })).toEqual([[3, 4, -2, -3, -3]])
    expect(await ohlc({ window })).toEqual([[3, 0, -6, -7, -7]])
  })

  test('only trades of a size', async () => {
    expect(await ohlc({ minSize: 2, maxSize: 5 })).toEqual([
      [0, 0, 7, 5, 7],
      [2, 7, 11, 11, 11],
      [60, 11, 14, 14, 14],
    ])
  })

  test('a session that begins before the data is truncated, the next is not', async () => {
    await duck.deleteTicksBefore(epoch + 2 * minute)
    const rows = await duck.query(calculateCvdBarsQuery({ timeframe: '1m', reset: 'session' }))
    expect(rows.map(({ truncated, coveredFrom }) => [truncated, coveredFrom])).toEqual([
      [true, epoch + 2 * minute],
      [true, epoch + 2 * minute],
      [false, epoch + 2 * minute],
    ])
  })
})

test('without swing: the same bars, and neither high nor low', async () => {
  const numRuns = propertyRuns(10)
  await assert(
    asyncProperty(
      randomTicks(),
      constantFrom<'none' | 'session' | 3>('none', 'session', 3),
      async (ticks, reset) => {
        await duck.clear()
        await duck.insertTicks(ticks)
        const options = { timeframe: '1m', reset, maxSize: 3, to: epoch + 40 * minute } as const
        const whole = await duck.query(calculateCvdBarsQuery(options))
        const plain = await duck.query(calculateCvdBarsQuery({ ...options, swing: false }))
        expect(rounded(plain)).toEqual(rounded(whole.map(({ high: _h, low: _l, ...bar }) => bar)))
      },
    ),
    { numRuns },
  )
})

/** The bars with twelve digits of each figure: they are added up in another order. */
function rounded(bars: readonly object[]) {
  return bars.map((bar) =>
    Object.entries(bar).map(([name, value]) => [
      name,
      typeof value === 'number' ? Number(value.toPrecision(12)) : value,
    ]),
  )
}

function fold(
  ticks: readonly RandomTick[],
  timeframe: Timeframe,
  reset: 'none' | 'session' | number,
) {
  let close = 0
  let run: number | undefined
  return foldFootprint(ticks, timeframe, () => 0)
    .toSorted((a, b) => a.timestamp - b.timestamp)
    .map(({ timestamp, knownAt, delta, maxDelta, minDelta, cells }) => {
      const width = reset === 'session' ? 86_400_000 : Number(reset) * timeframeMs[timeframe]
      const begins = reset === 'none' ? 0 : Math.floor(timestamp / width)
      const open = begins === run ? close : 0
      run = begins
      close = open + delta
      const { buyVolume, sellVolume, buyCount, sellCount } = cells[0]!
      return {
        timestamp,
        knownAt,
        open,
        high: open + maxDelta,
        low: open + minDelta,
        close,
        delta,
        buyVolume,
        sellVolume,
        tradeCount: buyCount + sellCount,
      }
    })
}

test('equals a walk over random ticks, and as of any time what was there by then', async () => {
  await assert(
    asyncProperty(
      randomTicks(),
      constantFrom('1m', '5m', '1h'),
      constantFrom<'none' | 'session' | number>('none', 'session', 3),
      option(nat(90 * minute)),
      async (ticks, timeframe, reset, until) => {
        await duck.clear()
        await duck.insertTicks(ticks)
        const asOf = until === null ? undefined : epoch + until
        const rows = await duck.query(calculateCvdBarsQuery({ timeframe, reset, asOf }))
        const expected = fold(ticks, timeframe, reset).filter(
          ({ knownAt }) => knownAt <= (asOf ?? Infinity),
        )
        expect(rows).toHaveLength(expected.length)
        expect(rows).toMatchObject(expected)
      },
    ),
    { numRuns: propertyRuns(10) },
  )
})

testOnRealTrades('equals a walk over the real trades of %s', async (symbol) => {
  const ticks = oracleTrades(symbol)
  await duck.insertTicks(ticks.toReversed())
  for (const reset of ['none', 'session', 15] as const) {
    const rows = await duck.query(calculateCvdBarsQuery({ timeframe: '1s', reset }))
    const expected = fold(ticks, '1s', reset)
    expect(rows.map(({ timestamp, tradeCount }) => [timestamp, tradeCount])).toEqual(
      expected.map(({ timestamp, tradeCount }) => [timestamp, tradeCount]),
    )
    for (const [index, row] of rows.entries())
      for (const field of ['open', 'high', 'low', 'close'] as const)
        expect(row[field]).toBeCloseTo(expected[index]![field], 8)
  }
})
