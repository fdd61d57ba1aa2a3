import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { candleChart } from '../../../../src/cli/charts/candle-chart.ts'
import { footprintGrid } from '../../../../src/cli/charts/footprint-grid.ts'
import { lineChart } from '../../../../src/cli/charts/line-chart.ts'
import { profileChart } from '../../../../src/cli/charts/profile-chart.ts'
import { tpoChart } from '../../../../src/cli/charts/tpo-chart.ts'
import { plainInk } from '../../../../src/cli/ink.ts'

const minute = 60_000
const start = Date.UTC(2024, 7, 8, 12)
const ink = plainInk

describe('candleChart', () => {
  // Two rising candles and a falling one between 100 and 104, volumes 1, 4 and 2. Five rows are
  // left for prices, so a row is 1 high: the row of 104 is 103.5 to 104.5, its lower half holds
  // the high 104 (a wick), and the body from 103 down to 102 takes the lower half of 103's row and
  // the upper of 102's. The volume 4 fills three rows of eighths, 1 is 6 of 24 eighths, 2 is 12.
  const candles = [
    { timestamp: start, open: 100, high: 102, low: 100, close: 102, volume: 1 },
    { timestamp: start + minute, open: 102, high: 104, low: 102, close: 103, volume: 4 },
    { timestamp: start + 2 * minute, open: 103, high: 103, low: 100, close: 101, volume: 2 },
  ]

  it('draws bodies, wicks, volume, and axes with values and times', () => {
    expect(candleChart(candles, { columns: 50, rows: 11, ink })).toEqual([
      '   104 ┤   ╷',
      '       │   ╽  ║',
      '   102 ┤╻  ┃  ║',
      '       │┃     ║',
      '   100 ┤┃     │',
      '  4.00 ┤   █',
      '       │   █  ▄',
      'volume ┤▆  █  █',
      '       └┬────────',
      '        08-08 12:00:00',
    ])
  })
})

describe('lineChart', () => {
  it('draws the way of a sum with its zero line', () => {
    // 0, 2, 2, -1 in rows of 1 from 2 down to -1.
    const points = [0, 2, 2, -1].map((value, index) => ({
      value,
      timestamp: start + index * minute,
    }))
    expect(lineChart(points, { columns: 40, rows: 6, ink })).toEqual([
      '2 ┤ ╭─╮',
      '  │ │ │',
      '0 ┤─╯┄│',
      '  │   ╰',
      '  └┬───',
      '   08-08 12:00:00',
    ])
  })
})

describe('profileChart', () => {
  it('shows volume by price, the value area solid, its edges and the point of control named', () => {
    // 10, 40, 30 and 20 of 100 at 100, 101, 102 and 103: 101 and 102 make 70 %.
    const bins = [10, 40, 30, 20].map((volume, index) => ({ price: 100 + index, volume }))
    const profile = { binSize: 1, poc: 101, valueAreaLow: 101, valueAreaHigh: 103, bins }
    // 40 columns leave 40 - 5 - 2 - 17 - 1 - 8 = 7 for bars: 103 gets 3.5 of them, 102 5.25, 100 1.75.
    expect(profileChart(profile, { columns: 40, rows: 10, ink })).toEqual([
      'price │          volume   share',
      '  103 │░░░░       20.00  20.0 %',
      '  102 │█████▎     30.00  30.0 % ◄VAH',
      '  101 │███████    40.00  40.0 % ◄POC VAL',
      '  100 │░░         10.00  10.0 %',
      'a row is 1 high, named by its lower edge',
    ])
    // The same bins under `nearest`: each is named by its middle, and drawn where it is.
    const nearest = profileChart(
      { ...profile, rounding: 'nearest' },
      { columns: 40, rows: 10, ink },
    )
    expect(nearest.map((line) => line.slice(0, 5))).toEqual([
      'price',
      '103.5',
      '102.5',
      '101.5',
      '100.5',
      'a row',
    ])
    expect(nearest.at(-1)).toBe('a row is 1 high, named by its middle')
    // Seven rows of two bins each are named by where they begin.
    const wide = Array.from({ length: 14 }, (_, index) => ({ price: 100 + index, volume: 10 }))
    const rows = profileChart(
      { ...profile, bins: wide, rounding: 'ceil' },
      { columns: 60, rows: 9, ink },
    )
    expect(rows.at(-1)).toBe('a row is 2 high, named by its lower edge (2 bins of 1)')
    expect(rows.at(-2)).toMatch(/^ *100 /)
  })
})

describe('footprintGrid', () => {
  it('shows sells × buys, the bar’s largest bin, imbalances, volume and delta', () => {
    const cells = [
      { timestamp: start, price: 100, buyVolume: 1, sellVolume: 2 },
      { timestamp: start, price: 101, buyVolume: 9, sellVolume: 0, imbalance: ['buy' as const] },
      { timestamp: start + minute, price: 100, buyVolume: 4, sellVolume: 4 },
    ]
    expect(footprintGrid(cells, 1, { columns: 60, rows: 20, ink })).toEqual([
      'sell × buy │  08-08 12:00  │  08-08 12:01',
      '       101 │[     0►9.00  ]│',
      '       100 │   2.00×1.00   │[  4.00×4.00  ]',
      '───────────┼───────────────┼───────────────',
      '    volume │     12.00     │     8.00',
      '     delta │     +8.00     │       0',
      'rows 1 high; [ ] most volume; ◄ ► imbalance (◆ both)',
    ])
  })
})

describe('tpoChart', () => {
  it('puts the letters of the periods at the prices that they touched', () => {
    const bins = [
      { price: 100, letters: 'A' },
      { price: 101, letters: 'AB' },
      { price: 102, letters: 'B' },
    ]
    const tpo = { binSize: 1, poc: 101, valueAreaLow: 101, valueAreaHigh: 103, bins }
    expect(tpoChart(tpo, { columns: 60, rows: 20, ink })).toEqual([
      '102 ┃B',
      '101 ┃AB ◄POC',
      '100 │A',
      'rows 1 high; ┃ value area',
    ])
  })
})

describe('every chart', () => {
  const price = fc.double({ min: 1e-6, max: 1e6, noNaN: true })
  const sizes = fc.record({
    columns: fc.integer({ min: 40, max: 200 }),
    rows: fc.integer({ min: 10, max: 60 }),
    ink: fc.constant(ink),
  })

  it('of candles keeps to its columns and shows every price in its rows', () => {
    const candle = fc
      .tuple(price, price, price, price, fc.double({ min: 0, max: 1e9, noNaN: true }))
      .map(([a, b, c, d, volume]) => ({
        open: a,
        close: b,
        high: Math.max(a, b, c, d),
        low: Math.min(a, b, c, d),
        volume,
      }))
    fc.assert(
      fc.property(fc.array(candle, { minLength: 1, maxLength: 300 }), sizes, (bars, size) => {
        const lines = candleChart(
          bars.map((bar, index) => ({ ...bar, timestamp: start + index * minute })),
          size,
        )
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(size.columns)
        expect(lines.length).toBeLessThanOrEqual(size.rows + 1)
      }),
    )
  })

  it('of a line keeps to its columns and rows', () => {
    const values = fc.array(fc.double({ min: -1e7, max: 1e7, noNaN: true }), {
      minLength: 1,
      maxLength: 500,
    })
    fc.assert(
      fc.property(values, sizes, (numbers, size) => {
        const lines = lineChart(
          numbers.map((value, index) => ({ value, timestamp: start + index * minute })),
          size,
        )
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(size.columns)
        expect(lines.length).toBeLessThanOrEqual(size.rows)
      }),
    )
  })

  it('of a profile or a footprint keeps to its columns and rows', () => {
    const bins = fc.uniqueArray(
      fc.record({
        index: fc.integer({ min: 1, max: 5000 }),
        buy: fc.integer({ min: 0, max: 1e6 }),
        sell: fc.integer({ min: 1, max: 1e6 }),
      }),
      { selector: (bin) => bin.index, minLength: 1, maxLength: 200 },
    )
    fc.assert(
      fc.property(bins, fc.constantFrom(0.0001, 0.05, 0.1, 10), sizes, (chosen, binSize, size) => {
        const profile = chosen.map(({ index, buy, sell }) => ({
          price: index * binSize,
          volume: buy + sell,
        }))
        const low = Math.min(...profile.map((bin) => bin.price))
        const high = Math.max(...profile.map((bin) => bin.price)) + binSize
        const lines = profileChart(
          {
            binSize,
            poc: profile[0]!.price,
            valueAreaLow: low,
            valueAreaHigh: high,
            bins: profile,
          },
          size,
        )
        const grid = footprintGrid(
          chosen.map(({ index, buy, sell }) => ({
            timestamp: start + (index % 7) * minute,
            price: index * binSize,
            buyVolume: buy,
            sellVolume: sell,
          })),
          binSize,
          size,
        )
        for (const text of [lines, grid]) {
          expect(text.length).toBeLessThanOrEqual(Math.max(size.rows, 12))
          expect(Math.max(...text.map((line) => line.length))).toBeLessThanOrEqual(
            Math.max(size.columns, 100),
          )
        }
        expect(lines.filter((line) => line.includes('POC'))).toHaveLength(1)
      }),
    )
  })

  it('of a footprint has its separators under each other, whatever the volumes', () => {
    const volume = fc.oneof(
      fc.constant(0),
      fc.double({ min: 1e-12, max: 1e16, noNaN: true }),
      fc
        .tuple(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: -12, max: 9 }))
        .map(([digits, power]) => digits * 10 ** power),
    )
    const cell = fc.record({
      bar: fc.integer({ min: 0, max: 6 }),
      index: fc.integer({ min: 1, max: 60 }),
      buyVolume: volume,
      sellVolume: volume,
      imbalance: fc.subarray(['buy' as const, 'sell' as const]),
    })
    const cells = fc.array(cell, { minLength: 1, maxLength: 80, size: 'max' })
    fc.assert(
      fc.property(cells, fc.constantFrom(1e-6, 0.1, 25, 5000), sizes, (chosen, binSize, size) => {
        const grid = footprintGrid(
          chosen.map(({ bar, index, ...cell }) => ({
            ...cell,
            timestamp: start + bar * 61_000,
            price: index * binSize,
          })),
          binSize,
          size,
        ).slice(0, -1)
        for (const line of grid) {
          expect([...line].length).toBeLessThanOrEqual(size.columns)
          expect(separators(line)).toEqual(separators(grid[0]!))
        }
        // A point of control keeps both of its brackets.
        const text = grid.join('\n')
        expect(text.split('[')).toHaveLength(text.split(']').length)
      }),
    )
  })

  it('of a footprint shows four bars in 80 columns', () => {
    const cells = [0, 1, 2, 3].map((bar) => ({
      timestamp: start + bar * minute,
      price: 61_837.63,
      buyVolume: 0.01234,
      sellVolume: 0.11703,
    }))
    const grid = footprintGrid(cells, 0.01, { columns: 80, rows: 24, ink })
    expect(grid[1]).toBe(` 61,837.63 │${Array(4).fill('[0.1170×0.0123]').join('│')}`)
  })
})

/** The columns of a footprint's separators. */
function separators(line: string): number[] {
  return [...line].flatMap((char, column) => (char === '│' || char === '┼' ? [column] : []))
}
