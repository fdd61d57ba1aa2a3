import { readFileSync } from 'node:fs'
import { assert, asyncProperty, constantFrom } from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { calculateVwapBarsQuery, calculateVwapQuery } from '../../../src/queries/index.ts'
import { timeframeMs } from '../../../src/time.ts'
import { oracleCsv, oracleFile, oracleIsHere, oracleTrades } from '../../support/oracle.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { epoch, randomTicks, type RandomTick } from '../../support/ticks.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const duck = await openTestDuck()

const hour = 3_600_000
function tick(at: number, price: number, volume: number): RandomTick {
  return { timestamp: epoch + at, price, volume, side: 'BUY' }
}

async function hourly(reset: 'none' | 'session') {
  const rows = await duck.query(calculateVwapBarsQuery({ timeframe: '1h', reset }))
  return rows.map(({ timestamp, vwap, volume }) => [(timestamp - epoch) / hour, vwap, volume])
}

describe('worked out on paper', () => {
  // 1 at 100, 2 at 103, 1 at 106: Σpv 412, Σv 4, vwap 103. Variance (9 + 0 + 9) ÷ 4 = 4.5.
  beforeEach(() => duck.insertTicks([tick(0, 100, 1), tick(1, 103, 2), tick(hour, 106, 1)]))

  test('average and bands of a window', async () => {
    const sigma = Math.sqrt(4.5)
    expect(await duck.query(calculateVwapQuery({ bands: [1, 2.5] }))).toEqual([
      {
        vwap: 103,
        standardDeviation: sigma,
        bands: [
          { multiple: 1, upper: 103 + sigma, lower: 103 - sigma },
          { multiple: 2.5, upper: 103 + 2.5 * sigma, lower: 103 - 2.5 * sigma },
        ],
        volume: 4,
        coveredFrom: epoch,
        truncated: false,
        complete: true,
      },
    ])
  })

  test('by bar: anchored at the beginning, or anew with each session', async () => {
    // At the close of the first hour 306 ÷ 3 = 102. The second hour is the next UTC day.
    expect(await hourly('none')).toEqual([
      [0, 102, 3],
      [1, 103, 4],
    ])
    expect(await hourly('session')).toEqual([
      [0, 102, 3],
      [1, 106, 1],
    ])
  })

  test('nothing traded has no average', async () => {
    const [row] = await duck.query(calculateVwapQuery({ from: epoch + 2 * hour }))
    expect(row).toMatchObject({ vwap: null, standardDeviation: null, volume: 0 })
  })
})

test('one price has no deviation, whatever its size', async () => {
  // Summing the squares of the prices themselves gives 60,000.01 a deviation of a cent here.
  await duck.insertTicks(
    Array.from({ length: 1000 }, (_, at) => tick(at, 60_000.01, 0.1 * (at + 1))),
  )
  const [row] = await duck.query(calculateVwapQuery())
  expect(row).toMatchObject({ vwap: 60_000.01, standardDeviation: 0 })
})

test.runIf(oracleIsHere)("502 values of Stock.Indicators' daily VWAP", async () => {
  // Its price of a bar is (high + low + close) ÷ 3; given to us as one trade a day.
  const bars = oracleCsv('vwap', 'quotes_daily.csv')
  await duck.insertTicks(
    bars.map((bar) => ({
      timestamp: Date.parse(bar['date']!),
      price: (Number(bar['high']) + Number(bar['low']) + Number(bar['close'])) / 3,
      volume: Number(bar['volume']),
      side: 'BUY',
    })),
  )
  const golden = JSON.parse(readFileSync(oracleFile('vwap', 'vwap.json'), 'utf8')) as {
    timestamp: string
    vwap: number
  }[]
  const rows = await duck.query(calculateVwapBarsQuery({ timeframe: '1d' }))
  expect(golden).toHaveLength(502)
  expect(rows.map(({ timestamp }) => timestamp)).toEqual(
    golden.map(({ timestamp }) => Date.parse(`${timestamp}Z`)),
  )
  for (const [index, { vwap }] of rows.entries())
    expect(Math.abs(vwap - golden[index]!.vwap)).toBeLessThan(1e-9)
  const [total] = await duck.query(calculateVwapQuery())
  expect(total!.vwap).toBeCloseTo(golden.at(-1)!.vwap, 9)
})

/** Two passes, the textbook way: first the mean, then the squares of the distances to it. */
function fold(ticks: readonly RandomTick[]) {
  const volume = ticks.reduce((sum, trade) => sum + trade.volume, 0)
  const vwap = ticks.reduce((sum, trade) => sum + (trade.price * trade.volume) / volume, 0)
  const variance = ticks.reduce(
    (sum, trade) => sum + ((trade.price - vwap) ** 2 * trade.volume) / volume,
    0,
  )
  return { volume, vwap, sigma: Math.sqrt(variance) }
}

function expectClose(
  row: { vwap: number | null; standardDeviation: number | null; volume: number },
  ticks: readonly RandomTick[],
  // Distances are summed to the first price of all, of which another day's may be far.
  scale = Math.max(...ticks.map(({ price }) => price)),
) {
  const expected = fold(ticks)
  expect(row.volume / expected.volume).toBeCloseTo(1, 12)
  expect(row.vwap! / expected.vwap).toBeCloseTo(1, 12)
  expect(row.standardDeviation! / scale).toBeCloseTo(expected.sigma / scale, 7)
}

test('equals two passes over random ticks', async () => {
  await assert(
    asyncProperty(randomTicks(), constantFrom('1m', '1h'), async (ticks, timeframe) => {
      await duck.clear()
      await duck.insertTicks(ticks)
      const [row] = await duck.query(calculateVwapQuery())
      expectClose(row!, ticks)
      const bars = await duck.query(calculateVwapBarsQuery({ timeframe, reset: 'session' }))
      const opens = ticks.map(({ timestamp }) => Math.floor(timestamp / timeframeMs[timeframe]))
      expect(bars).toHaveLength(new Set(opens).size)
      for (const bar of bars)
        expectClose(
          bar,
          ticks.filter(
            ({ timestamp }) =>
              timestamp < bar.knownAt &&
              timestamp >= Math.floor(bar.timestamp / 86_400_000) * 86_400_000,
          ),
          Math.max(...ticks.map(({ price }) => price)),
        )
    }),
    { numRuns: propertyRuns(5) },
  )
})

testOnRealTrades('equals two passes over the real trades of %s', async (symbol) => {
  expect.hasAssertions()
  const ticks = oracleTrades(symbol)
  await duck.insertTicks(ticks.toReversed())
  const [row] = await duck.query(calculateVwapQuery())
  expectClose(row!, ticks)
})
