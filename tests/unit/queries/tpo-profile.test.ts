import { assert, asyncProperty, constantFrom } from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { calculateTpoProfileQuery } from '../../../src/queries/index.ts'
import { oracleCsv, oracleIsHere, oracleTrades } from '../../support/oracle.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { binOf, binSizeOf, epoch, randomTicks, type RandomTick } from '../../support/ticks.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const duck = await openTestDuck()

const minute = 60_000
const midnight = epoch + 60 * minute
function tick(at: number, price: number): RandomTick {
  return { timestamp: midnight + at * minute, price, volume: 1, side: 'BUY' }
}

describe('worked out on paper', () => {
  // A: 100 … 102, B: 101 … 103, C: none, D: 102 … 105 (103 and 104 are passed without a trade).
  //   105 D / 104 D / 103 BD / 102 ABD / 101 AB / 100 A: 10 letters, POC 102, area of 7 of them:
  //   3, 103 (2; a tie with 101 goes up), 101 (2) = 7.
  beforeEach(() =>
    duck.insertTicks([
      tick(0, 100),
      tick(29, 102),
      tick(30, 103),
      tick(45, 101),
      tick(90, 102),
      tick(100, 105),
    ]),
  )

  test('a session, its letters and its initial balance', async () => {
    expect(await duck.query(calculateTpoProfileQuery({ binSize: 1 }))).toEqual([
      {
        timestamp: midnight,
        poc: 102,
        valueAreaLow: 101,
        valueAreaHigh: 104,
        valueAreaLowBin: 101,
        valueAreaHighBin: 103,
        high: 105,
        low: 100,
        initialBalanceHigh: 103,
        initialBalanceLow: 100,
        initialBalanceKnownAt: midnight + 60 * minute,
        tpoCount: 10,
        binSize: 1,
        bins: [
          [100, 'A'],
          [101, 'AB'],
          [102, 'ABD'],
          [103, 'BD'],
          [104, 'D'],
          [105, 'D'],
        ].map(([price, letters]) => ({ price, letters, tpoCount: String(letters).length })),
        sources: ['candles_30m'],
        coveredFrom: midnight,
        truncated: false,
        complete: true,
      },
    ])
  })

  test('a window inside a session still takes the session from its beginning', async () => {
    const from = midnight + 60 * minute
    const [row] = await duck.query(calculateTpoProfileQuery({ binSize: 1, from }))
    expect(row).toMatchObject({ tpoCount: 10, initialBalanceLow: 100 })
    const [early] = await duck.query(
      calculateTpoProfileQuery({ binSize: 1, asOf: midnight + 60 * minute }),
    )
    expect(early).toMatchObject({ tpoCount: 6, high: 103 })
  })

  test('a session that begins elsewhere', async () => {
    const rows = await duck.query(calculateTpoProfileQuery({ binSize: 1, sessionStart: '00:30' }))
    expect(
      rows.map(({ timestamp, truncated }) => [(timestamp - midnight) / minute, truncated]),
    ).toEqual([
      [30 - 24 * 60, true],
      [30, false],
    ])
    expect(rows[1]!.bins[1]!.letters).toBe('AC')
  })

  test('half an initial balance tells when it will be whole', async () => {
    const asOf = midnight + 59 * minute
    const half = { binSize: 1, asOf, sessionStart: '00:00', initialBalanceMinutes: 90 }
    const [row] = await duck.query(calculateTpoProfileQuery(half))
    expect(row).toMatchObject({
      initialBalanceHigh: 102,
      initialBalanceKnownAt: midnight + 90 * minute,
    })
  })

  test('more marks than anybody could look at are refused', async () => {
    // A and B of two prices each, D of three: (2 + 2 + 3) / 1e-4 and one each: 70,003 marks.
    const [fine, finer] = [1e-4, 1e-6].map((binSize) => calculateTpoProfileQuery({ binSize }))
    expect(await duck.query(fine!)).toMatchObject([{ tpoCount: 70_003 }])
    await expect(duck.query(finer!)).rejects.toThrow('give a larger binSize')
  })

  test('periods must fit', () => {
    expect(() => calculateTpoProfileQuery({ binSize: 1, timeframe: '1s' })).not.toThrow()
    expect(() => calculateTpoProfileQuery({ binSize: 1, initialBalanceMinutes: 45 })).toThrow(
      RangeError,
    )
    expect(() => calculateTpoProfileQuery({ binSize: 1, sessionStart: '06:15' })).toThrow(
      RangeError,
    )
    expect(() => calculateTpoProfileQuery({ binSize: 1, sessionStart: '24:00' })).toThrow(TypeError)
  })
})

test.runIf(oracleIsHere)("py-market-profile's initial balance", async () => {
  const bars = oracleCsv('profile', 'google_30m.csv').map((bar) => ({
    timestamp: Date.parse(`${bar['Timestamp']!.replace(' ', 'T')}Z`),
    open: Number(bar['Open']),
    high: Number(bar['High']),
    low: Number(bar['Low']),
    close: Number(bar['Close']),
    volume: Number(bar['Volume']),
  }))
  await duck.insertCandles('30m', bars)
  const rows = await duck.query(
    calculateTpoProfileQuery({ binSize: 0.05, source: 'candles', sessionStart: '06:30' }),
  )
  expect(rows[0]).toMatchObject({ initialBalanceLow: 927.74, initialBalanceHigh: 935.53 })
  expect(rows.reduce((sum, { tpoCount }) => sum + tpoCount, 0)).toBe(
    bars.reduce((sum, { low, high }) => sum + binOf(high, 0.05) - binOf(low, 0.05) + 1, 0),
  )
})

/** Letters by session and bin, the plain way. */
function fold(ticks: readonly RandomTick[], binSize: number) {
  const periods = new Map<number, number[]>()
  for (const { timestamp, price } of ticks) {
    const period = Math.floor(timestamp / (30 * minute))
    periods.set(period, [...(periods.get(period) ?? []), price])
  }
  const sessions = new Map<number, Map<number, string>>()
  for (const [period, prices] of [...periods].toSorted(([a], [b]) => a - b)) {
    const session = Math.floor(period / 48)
    const letters = sessions.get(session) ?? new Map<number, string>()
    sessions.set(session, letters)
    const at = period - session * 48
    const letter = String.fromCodePoint(at < 26 ? 65 + at : 97 + at - 26)
    const [low, high] = [Math.min(...prices), Math.max(...prices)]
    for (let bin = binOf(low, binSize); bin <= binOf(high, binSize); bin++)
      letters.set(bin, (letters.get(bin) ?? '') + letter)
  }
  return [...sessions].map(([session, letters]) => ({
    timestamp: session * 48 * 30 * minute,
    bins: [...letters]
      .toSorted(([a], [b]) => a - b)
      .map(([bin, text]) => ({
        price: Number(`${bin * Math.round(binSize * 1e8)}e-8`),
        letters: text,
        tpoCount: text.length,
      })),
  }))
}

test('equals the plain way on random ticks', async () => {
  await assert(
    asyncProperty(
      randomTicks({ spanMs: 26 * 60 * minute }),
      constantFrom(1, 3),
      async (ticks, wider) => {
        await duck.clear()
        await duck.insertTicks(ticks)
        const binSize = Number((binSizeOf(ticks) * wider).toFixed(8))
        const rows = await duck.query(calculateTpoProfileQuery({ binSize }))
        expect(rows).toMatchObject(fold(ticks, binSize))
        for (const { bins, poc } of rows)
          expect(bins.find(({ price }) => price === poc)!.tpoCount).toBe(
            Math.max(...bins.map(({ tpoCount }) => tpoCount)),
          )
      },
    ),
    { numRuns: propertyRuns(5) },
  )
})

testOnRealTrades('equals the plain way on the real trades of %s', async (symbol) => {
  const ticks = oracleTrades(symbol)
  await duck.insertTicks(ticks.toReversed())
  const rows = await duck.query(calculateTpoProfileQuery({ binSize: 0.5 }))
  expect(rows).toMatchObject(fold(ticks, 0.5))
  expect(rows).toHaveLength(2)
})
