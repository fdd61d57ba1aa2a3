import { readFileSync } from 'node:fs'
import { assert, asyncProperty, constantFrom, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  calculateMarketProfileQuery,
  type MarketProfileOptions,
} from '../../../src/queries/index.ts'
import { oracleCsv, oracleFile, oracleIsHere, oracleTrades } from '../../support/oracle.ts'
import {
  binOf,
  binSizeOf,
  inUnits,
  randomTicks,
  unitsIn,
  volumeUnitOf,
  type RandomTick,
} from '../../support/ticks.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const duck = await openTestDuck()

const t0 = Date.UTC(2024, 7, 8, 12)

/** Ticks of given volumes, all bought, one per price. */
function atPrices(volumes: Readonly<Record<number, number>>): RandomTick[] {
  return Object.entries(volumes).map(([price, volume], index) => ({
    timestamp: t0 + index,
    price: Number(price),
    volume,
    side: index % 2 === 0 ? 'BUY' : 'SELL',
  }))
}

async function profileOf(
  volumes: Readonly<Record<number, number>>,
  options: Partial<MarketProfileOptions> = {},
) {
  await duck.clear()
  await duck.insertTicks(atPrices(volumes))
  const rows = await duck.query(calculateMarketProfileQuery({ binSize: 1, ...options }))
  expect(rows).toHaveLength(1)
  const { poc, valueAreaLow, valueAreaHigh, valueAreaVolume, totalVolume } = rows[0]!
  return { poc, valueAreaLow, valueAreaHigh, valueAreaVolume, totalVolume }
}

describe('worked out on paper', () => {
  // Total 100, so the area needs 70. POC 103 (30). Above 104: 20, 105: 6, 106: 4. Below 102: 18,
  // 101: 14, 100: 8.
  const volumes = { 100: 8, 101: 14, 102: 18, 103: 30, 104: 20, 105: 6, 106: 4 }

  test('single: one bin at a time', async () => {
    // 30; 20 above beats 18 below: 50; 18 beats 6: 68; 14 beats 6: 82 >= 70. Area 101 … 104.
    expect(await profileOf(volumes)).toEqual({
      poc: 103,
      valueAreaLow: 101,
      valueAreaHigh: 105,
      valueAreaVolume: 82,
      totalVolume: 100,
    })
  })

  test('pair: two bins at a time', async () => {
    // Above 20+6 = 26, below 18+14 = 32, strictly larger: 62. Then above 26, below 8 alone: 88.
    expect(await profileOf(volumes, { valueArea: 'pair' })).toEqual({
      poc: 103,
      valueAreaLow: 101,
      valueAreaHigh: 106,
      valueAreaVolume: 88,
      totalVolume: 100,
    })
  })

  test('pair: a tie takes the upper two', async () => {
    // Above 10+10, below 15+5: a tie. 30 + 20 = 50 of 70; 70 % is 49.
    expect(
      await profileOf({ 98: 5, 99: 15, 100: 30, 101: 10, 102: 10 }, { valueArea: 'pair' }),
    ).toMatchObject({ valueAreaLow: 100, valueAreaHigh: 103, valueAreaVolume: 50 })
  })

  test('single: a tie takes the upper one', async () => {
    // 10 + 2 = 12 of 14; 70 % is 9.8, which the POC alone holds; 80 % is 11.2.
    expect(await profileOf({ 99: 2, 100: 10, 101: 2 }, { valueAreaShare: 0.8 })).toMatchObject({
      valueAreaLow: 100,
      valueAreaHigh: 102,
      valueAreaVolume: 12,
    })
  })

  test('a share that is just reached is enough, or has to be passed', async () => {
    // 7 + 0 of 10 is 70 %: reached by the POC alone; to pass it, 2 more from above.
    const volumes = { 99: 1, 100: 7, 101: 2 }
    expect(await profileOf(volumes)).toMatchObject({ valueAreaLow: 100, valueAreaHigh: 101 })
    expect(await profileOf(volumes, { valueAreaStop: 'passed' })).toMatchObject({
      valueAreaLow: 100,
      valueAreaHigh: 102,
    })
  })

  test('empty bins between count, or are skipped', async () => {
    // POC 100 (10). Above: 101 empty, 102: 6. Below: 99: 3, 98: 3. Total 22, 70 % is 15.4.
    // Counted: below 3 beats 0 above: 13; 3 beats 0: 16. Skipped: 6 above beats 3: 16.
    const volumes = { 98: 3, 99: 3, 100: 10, 102: 6 }
    expect(await profileOf(volumes)).toMatchObject({ valueAreaLow: 98, valueAreaHigh: 101 })
    expect(await profileOf(volumes, { emptyBins: 'skip' })).toMatchObject({
      valueAreaLow: 100,
      valueAreaHigh: 103,
    })
  })

  test('a tie for the POC goes to the middle, then to the lower', async () => {
    // Range 100 … 107, middle 103.5: of 101, 103 and 107 the nearest is 103.
    expect(await profileOf({ 100: 1, 101: 5, 103: 5, 107: 5 })).toMatchObject({ poc: 103 })
    // Range 100 … 104: 101 and 103 are as near to 102.
    expect(await profileOf({ 100: 1, 101: 5, 103: 5, 104: 1 })).toMatchObject({ poc: 101 })
  })

  test('no trade gives one row without levels', async () => {
    expect(await profileOf({})).toEqual({
      poc: null,
      valueAreaLow: null,
      valueAreaHigh: null,
      valueAreaVolume: null,
      totalVolume: 0,
    })
  })

  test('bins carry both sides', async () => {
    await duck.insertTicks(atPrices({ 100: 1, 100.5: 2, 101.25: 4 }))
    const [row] = await duck.query(calculateMarketProfileQuery({ binSize: 1 }))
    expect(row?.bins).toEqual([
      { price: 100, buyVolume: 1, sellVolume: 2, volume: 3, tradeCount: 2 },
      { price: 101, buyVolume: 4, sellVolume: 0, volume: 4, tradeCount: 1 },
    ])
  })
})

describe.runIf(oracleIsHere)("py-market-profile's golden profile", () => {
  test('levels and every row', async () => {
    // Its profile puts a bar's volume at the bar's close, in bins named by their upper edge.
    const bars = oracleCsv('profile', 'google_30m.csv')
    await duck.insertTicks(
      bars.map((bar) => ({
        timestamp: Date.parse(`${bar['Timestamp']!.replace(' ', 'T')}Z`),
        price: Number(bar['Close']),
        volume: Number(bar['Volume']),
        side: 'BUY',
      })),
    )
    const golden: unknown = JSON.parse(
      readFileSync(oracleFile('profile', 'google_vol_row0.05.json'), 'utf8'),
    )
    const settings = { binSize: 0.05, rounding: 'ceil', emptyBins: 'skip' } as const
    const [row] = await duck.query(
      calculateMarketProfileQuery({ ...settings, valueAreaStop: 'passed' }),
    )
    expect(golden).toMatchObject({
      poc: row!.poc,
      val: row!.valueAreaLowBin,
      vah: row!.valueAreaHighBin,
      total: row!.totalVolume,
      poc_volume: row!.pocVolume,
      va_volume: row!.valueAreaVolume,
    })
    expect(row).toMatchObject({ poc: 944.5, valueAreaLowBin: 944.2, valueAreaHighBin: 958.95 })
    expect(row!.bins.map(({ price, volume }) => [price, volume])).toEqual(
      oracleCsv('profile', 'google_vol_row0.05_profile.csv').map((bin) => [
        Number(bin['price']),
        Number(bin['volume']),
      ]),
    )
    // Counting empty bins moves the area, as our table of definitions says.
    const [counted] = await duck.query(
      calculateMarketProfileQuery({ ...settings, emptyBins: 'count' }),
    )
    expect(counted).toMatchObject({ valueAreaLowBin: 944.5, valueAreaHighBin: 959.1 })
  })
})

describe('against the walk that the definition describes', () => {
  const choices = record({
    valueArea: constantFrom('single', 'pair'),
    emptyBins: constantFrom('count', 'skip'),
    valueAreaStop: constantFrom('reached', 'passed'),
    valueAreaShare: constantFrom(0.7, 0.5, 0.95, 1),
  })

  test('random ticks', async () => {
    await assert(
      asyncProperty(randomTicks({ decimal: true }), choices, async (ticks, options) => {
        await duck.clear()
        await duck.insertTicks(ticks)
        const binSize = binSizeOf(ticks)
        const [row] = await duck.query(calculateMarketProfileQuery({ binSize, ...options }))
        const unit = volumeUnitOf(ticks)
        const { held, total, ...prices } = levels(row!)
        expect({ ...prices, held: unitsIn(held!, unit), total: unitsIn(total, unit) }).toEqual(
          walk(inUnits(ticks), binSize, options),
        )
      }),
      { numRuns: propertyRuns(8) },
    )
  })

  testOnRealTrades('real trades of %s', async (symbol) => {
    const trades = oracleTrades(symbol)
    await duck.insertTicks(trades)
    for (const valueArea of ['single', 'pair'] as const) {
      for (const binSize of [0.01, 0.5, 10]) {
        const options = {
          valueArea,
          emptyBins: 'count',
          valueAreaStop: 'reached',
          valueAreaShare: 0.7,
        } as const
        const [row] = await duck.query(calculateMarketProfileQuery({ binSize, ...options }))
        const { total, held, ...prices } = levels(row!)
        expect({ ...prices, held: unitsIn(held!, 1e-8), total: unitsIn(total, 1e-8) }).toEqual(
          walk(inUnits(trades), binSize, options),
        )
      }
    }
  })
})

function levels(row: {
  poc: number | null
  valueAreaLowBin: number | null
  valueAreaHighBin: number | null
  valueAreaVolume: number | null
  totalVolume: number
}) {
  return {
    poc: row.poc,
    low: row.valueAreaLowBin,
    high: row.valueAreaHighBin,
    held: row.valueAreaVolume,
    total: row.totalVolume,
  }
}

/** The definition, step by step, with every empty bin there when they count. */
function walk(
  ticks: readonly RandomTick[],
  binSize: number,
  options: { valueArea: string; emptyBins: string; valueAreaStop: string; valueAreaShare: number },
) {
  const volumes = new Map<number, number>()
  for (const { price, volume } of ticks) {
    const bin = binOf(price, binSize)
    volumes.set(bin, (volumes.get(bin) ?? 0) + volume)
  }
  const traded = [...volumes.keys()].sort((a, b) => a - b)
  const lowest = traded[0]!
  const highest = traded.at(-1)!
  const rows =
    options.emptyBins === 'skip'
      ? traded
      : Array.from({ length: highest - lowest + 1 }, (_, index) => lowest + index)
  const weights = rows.map((bin) => volumes.get(bin) ?? 0)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const middle = (lowest + highest) / 2
  const poc = traded.reduce((best, bin) => {
    const more = volumes.get(bin)! - volumes.get(best)!
    const nearer = Math.abs(best - middle) - Math.abs(bin - middle)
    return more > 0 || (more === 0 && nearer > 0) ? bin : best
  })

  const step = options.valueArea === 'pair' ? 2 : 1
  let low = rows.indexOf(poc)
  let high = low
  let held = weights[low]!
  // The share in hundredths, so that the target is exact when volumes are whole.
  const target = (Math.round(options.valueAreaShare * 100) * total) / 100
  const wanting = () => (options.valueAreaStop === 'passed' ? held <= target : held < target)
  const sum = (from: number, to: number) =>
    weights.slice(from, to).reduce((all, weight) => all + weight, 0)
  while (wanting() && (low > 0 || high < rows.length - 1)) {
    const above = high < rows.length - 1 ? sum(high + 1, high + 1 + step) : -1
    const below = low > 0 ? sum(Math.max(0, low - step), low) : -1
    if (below > above) {
      held += below
      low = Math.max(0, low - step)
    } else {
      held += above
      high = Math.min(rows.length - 1, high + step)
    }
  }
  const named = (bin: number) => Number(`${bin * Math.round(binSize * 1e8)}e-8`)
  return { poc: named(poc), low: named(rows[low]!), high: named(rows[high]!), held, total }
}
