import { assert, asyncProperty, boolean, constantFrom, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Coverage } from '../../../src/queries/coverage.ts'
import {
  detectZonesQuery,
  type DetectZonesOptions,
  type DetectedZone,
} from '../../../src/queries/zones.ts'
import type { Candle } from '../../../src/schema/rows.ts'
import { foldCandles } from '../../support/candle-fold.ts'
import { oracleTrades } from '../../support/oracle.ts'
import { arrival, marketAndTime, marketOpenMs, randomBars } from '../../support/random-market.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { testOnRealTrades } from '../../support/test-on-real-trades.ts'
import { withoutCoverage } from '../../support/without-coverage.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const minute = 60_000
const duck = await openTestDuck()

/** When a bar of the paper example closes. */
function closeOf(bar: number): number {
  return marketOpenMs + (bar + 1) * minute
}

async function at(
  asOf: number,
  options: Partial<DetectZonesOptions> = {},
): Promise<DetectedZone[]> {
  return duck.query(detectZonesQuery({ timeframe: '1m', asOf, ...options }))
}

describe('worked out on paper', () => {
  // bar  open high low close volume
  //  0    10   11   9   10     2
  //  1    10   13  10   12     2
  //  2    12   16  11   14     8    high 16 above 11, 13, 15, 14; volume 8 over (2+2+8)/3 = 4: strength 2
  //  3    14   15  12   13     2    supply from the body's top, max(12, 14) = 14, to the high, 16
  //  4    13   14  11   12     2    the second bar after: known at its close. Its high of 14 does not count
  //  5    12   13   9   10     2    high 13 < 14: active
  //  6    10   14  10   13     2    high 14: enters, tested
  //  7    13   17  13   16     2    above the zone, but closes at its edge: not broken
  //  8    16   17  15   16.5   2    closes above 16: broken
  const rows: [number, number, number, number, number][] = [
    [10, 11, 9, 10, 2],
    [10, 13, 10, 12, 2],
    [12, 16, 11, 14, 8],
    [14, 15, 12, 13, 2],
    [13, 14, 11, 12, 2],
    [12, 13, 9, 10, 2],
    [10, 14, 10, 13, 2],
    [13, 17, 13, 16, 2],
    [16, 17, 15, 16.5, 2],
  ]
  const bars: Candle[] = rows.map(([open, high, low, close, volume], index) => ({
    timestamp: marketOpenMs + index * minute,
    open,
    high,
    low,
    close,
    volume,
  }))

  test('one supply zone: active, tested, broken', async () => {
    await duck.insertCandles('1m', bars)
    expect(await at(closeOf(4) - 0.001)).toEqual([])
    expect(await at(closeOf(5))).toEqual([
      {
        timestamp: marketOpenMs + 2 * minute,
        timeframe: '1m',
        type: 'supply',
        priceLow: 14,
        priceHigh: 16,
        strength: 2,
        status: 'active',
        knownAt: closeOf(4),
        touchedAt: null,
        brokenAt: null,
        coveredFrom: marketOpenMs,
        truncated: false,
        complete: true,
        source: 'candles_1m',
      },
    ])
    expect(await at(closeOf(6))).toMatchObject([{ status: 'tested', touchedAt: closeOf(6) }])
    expect(await at(closeOf(7))).toMatchObject([{ status: 'tested', brokenAt: null }])
    expect(await at(closeOf(8))).toMatchObject([
      { status: 'broken', touchedAt: closeOf(6), brokenAt: closeOf(8) },
    ])
  })

  test('the same upside down is a demand zone', async () => {
    await duck.insertCandles(
      '1m',
      bars.map((bar) => ({
        ...bar,
        open: 100 - bar.open,
        close: 100 - bar.close,
        high: 100 - bar.low,
        low: 100 - bar.high,
      })),
    )
    expect(await at(closeOf(8))).toMatchObject([
      { type: 'demand', priceLow: 84, priceHigh: 86, status: 'broken', brokenAt: closeOf(8) },
    ])
  })

  test('options', async () => {
    await duck.insertCandles('1m', bars)
    const end = closeOf(8)
    expect(await at(end, { type: 'demand' })).toEqual([])
    expect(await at(end, { type: 'supply' })).toHaveLength(1)
    expect(await at(end, { minStrength: 2 })).toHaveLength(1)
    expect(await at(end, { minStrength: 2.01 })).toEqual([])
    expect(await at(end, { includeBroken: false })).toEqual([])
    // Over its own bar alone no volume is above the average; over two it is (2 + 8) / 2 = 5.
    expect(await at(end, { volumeBars: 1 })).toEqual([])
    expect(await at(end, { volumeBars: 2 })).toMatchObject([{ strength: 1.6 }])
    // Rising 11, 13, 16 and falling 16, 15, 14: atas's shape too, until bar 1 is raised to 11.
    expect(await at(end, { definition: 'atas' })).toHaveLength(1)
    await duck.clear()
    await duck.insertCandles(
      '1m',
      bars.map((bar, index) => (index === 0 ? { ...bar, high: 13 } : bar)),
    )
    expect(await at(end, { definition: 'atas' })).toEqual([])
    expect(await at(end)).toHaveLength(1)
  })

  test('bars before and long quiet ones after change nothing, wherever blocks begin', async () => {
    // Seventy bars below the zone stand between its second bar after and the one that enters it.
    const quiet = Array.from({ length: 70 }, () => bars[0]!)
    for (let shift = 0; shift < 66; shift++) {
      await duck.clear()
      const shifted = [...quiet.slice(0, shift), ...bars.slice(0, 5), ...quiet, ...bars.slice(5, 7)]
      await duck.insertCandles(
        '1m',
        shifted.map((bar, index) => ({ ...bar, timestamp: marketOpenMs + index * minute })),
      )
      expect(await at(closeOf(200), { type: 'supply', minStrength: 1.5 })).toMatchObject([
        { knownAt: closeOf(shift + 4), touchedAt: closeOf(shift + 76), brokenAt: null },
      ])
    }
  })

  test('equal highs are no fractal, equal volumes no zone', async () => {
    await duck.insertCandles(
      '1m',
      bars.map((bar, index) => (index === 4 ? { ...bar, high: 16 } : bar)),
    )
    expect(await at(closeOf(8))).toEqual([])
    await duck.clear()
    await duck.insertCandles(
      '1m',
      bars.map((bar) => ({ ...bar, volume: 0.1 })),
    )
    expect(await at(closeOf(8))).toEqual([])
  })
})

test('refuses what it does not know', () => {
  expect(() => detectZonesQuery({ timeframe: '1m', volumeBars: 0 })).toThrow(RangeError)
  expect(() => detectZonesQuery({} as never)).toThrow('`timeframe` is missing')
})

testOnRealTrades('real trades of %s: zones of one-second bars', async (symbol) => {
  const trades = oracleTrades(symbol)
  await duck.insertTicks(arrival(trades, [0, 0, 5, 0, 300]))
  const rows = await duck.query(detectZonesQuery({ timeframe: '1s' }))
  const expected = referenceZones(foldCandles(trades, 1000), 1000, { timeframe: '1s' })
  expect(expected.length).toBeGreaterThan(9)
  expectZones(rows, expected)
})

const someOptions = record({
  definition: constantFrom('fractal', 'atas'),
  volumeBars: constantFrom(2, 5, 20),
  includeBroken: boolean(),
  type: constantFrom('both', 'supply', 'demand'),
})

test('equals a fold over random bars, whatever the options', async () => {
  await assert(
    asyncProperty(randomBars(minute), someOptions, async (bars, options) => {
      await duck.clear()
      await duck.insertCandles('1m', bars)
      const rows = await duck.query(detectZonesQuery({ timeframe: '1m', ...options }))
      expectZones(rows, referenceZones(bars, minute, { timeframe: '1m', ...options }))
    }),
    { numRuns: propertyRuns(5) },
  )
})

test('as of T equals everything from T on deleted', async () => {
  await assert(
    asyncProperty(marketAndTime, someOptions, async ({ ticks, arrived, asOf }, options) => {
      await duck.clear()
      await duck.insertTicks(arrived)
      const zones = detectZonesQuery({ timeframe: '1s', asOf, ...options })
      const before = await duck.query(zones)
      await duck.deleteTicksFrom(asOf)
      expect(await duck.query(zones)).toEqual(before)
      const known = foldCandles(ticks, 1000).filter(({ timestamp }) => timestamp + 1000 <= asOf)
      expectZones(before, referenceZones(known, 1000, { timeframe: '1s', ...options }))
    }),
    { numRuns: propertyRuns(5) },
  )
})

type BareZone = Omit<DetectedZone, keyof Coverage | 'source'>

/** Equal but for the rounding of volumes that were summed in another order. */
function expectZones(rows: readonly DetectedZone[], expected: readonly BareZone[]): void {
  const plain = (zones: readonly BareZone[]) => zones.map((zone) => ({ ...zone, strength: 0 }))
  expect(plain(withoutCoverage(rows))).toEqual(plain(expected))
  for (const [index, { strength }] of expected.entries())
    expect(Math.abs(rows[index]!.strength / strength - 1)).toBeLessThan(1e-9)
}

/** The definition as a loop over bars, looking at every later bar one by one. */
function referenceZones(
  bars: readonly Candle[],
  widthMs: number,
  options: DetectZonesOptions,
): BareZone[] {
  const { definition = 'fractal', volumeBars = 20, type: wanted = 'both' } = options
  return bars
    .flatMap((middle, at) => {
      const around = [bars[at - 2], bars[at - 1], bars[at + 1], bars[at + 2]]
      const [first, before, after, last] = around
      if (first === undefined || before === undefined) return []
      if (after === undefined || last === undefined) return []
      const volumes = bars
        .slice(Math.max(0, at + 1 - volumeBars), at + 1)
        .map(({ volume }) => volume)
      const average = volumes.reduce((sum, volume) => sum + volume, 0) / volumes.length
      if (middle.volume <= average * (1 + 1e-12)) return []
      return (['supply', 'demand'] as const).flatMap((type): BareZone[] => {
        const height = (bar: Candle): number => (type === 'supply' ? bar.high : -bar.low)
        const beyond =
          definition === 'atas'
            ? height(middle) > height(before) &&
              height(before) > height(first) &&
              height(middle) > height(after) &&
              height(after) > height(last)
            : [first, before, after, last].every((bar) => height(bar) < height(middle))
        if (!beyond || (wanted !== 'both' && wanted !== type)) return []
        const { open, close, high, low } = middle
        const [priceLow, priceHigh] =
          type === 'supply' ? [Math.max(open, close), high] : [low, Math.min(open, close)]
        const later = bars.slice(at + 3)
        const touched = later.find((bar) =>
          type === 'supply' ? bar.high >= priceLow : bar.low <= priceHigh,
        )
        const broken = later.find((bar) =>
          type === 'supply' ? bar.close > priceHigh : bar.close < priceLow,
        )
        return [
          {
            timestamp: middle.timestamp,
            timeframe: options.timeframe,
            type,
            priceLow,
            priceHigh,
            strength: middle.volume / average,
            status: broken ? 'broken' : touched ? 'tested' : 'active',
            knownAt: last.timestamp + widthMs,
            touchedAt: touched === undefined ? null : touched.timestamp + widthMs,
            brokenAt: broken === undefined ? null : broken.timestamp + widthMs,
          },
        ]
      })
    })
    .filter(({ status }) => options.includeBroken !== false || status !== 'broken')
}
