import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { priceRows } from '../../../../src/cli/charts/price-rows.ts'
import { timeAxis } from '../../../../src/cli/charts/time-axis.ts'
import { roundStep, valueAxis } from '../../../../src/cli/charts/value-axis.ts'

describe('valueAxis', () => {
  it('covers the range in rows of one round step, each label the exact value of its row', () => {
    const price = fc.double({ min: 1e-6, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(price, price, fc.integer({ min: 4, max: 60 }), (a, b, maxRows) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)]
        const { rows, step, labels } = valueAxis({ min, max, maxRows, unit: 'price' })
        expect(rows.length).toBeLessThanOrEqual(maxRows)
        const slack = step * 0.5000001
        expect(rows[0]!).toBeGreaterThanOrEqual(max - slack)
        expect(rows.at(-1)!).toBeLessThanOrEqual(min + slack)
        const named = labels.flatMap((label, row) => (label.trim() === '' ? [] : [{ label, row }]))
        // One row stands for one price only; else at least two labels give the scale.
        expect(named.length).toBeGreaterThanOrEqual(rows.length > 2 ? 1 : 0)
        for (const { label, row } of named) {
          const shown = Number(label.replaceAll(',', ''))
          expect(Math.abs(shown - rows[row]!)).toBeLessThanOrEqual(step * 1e-6)
        }
      }),
    )
  })

  it('takes round steps: 0 to 7 in 8 rows is one row for each', () => {
    expect(valueAxis({ min: 0, max: 7, maxRows: 8, unit: 'price' })).toMatchObject({
      step: 1,
      rows: [7, 6, 5, 4, 3, 2, 1, 0],
    })
  })
})

describe('roundStep', () => {
  it.each([
    [1, 1],
    [1.1, 2],
    [2.1, 2.5],
    [26, 50],
    [0.07, 0.1],
    [11.54, 20],
  ])('of %s is %s', (size, step) => {
    expect(roundStep(size)).toBe(step)
  })
})

describe('priceRows', () => {
  it('puts every bin into a row that holds it, in no more rows than allowed', () => {
    const bins = fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), {
      minLength: 1,
      maxLength: 300,
      size: 'max',
    })
    const sizes = fc.constantFrom(0.0001, 0.05, 0.1, 0.3, 2.5, 10)
    fc.assert(
      fc.property(bins, sizes, fc.integer({ min: 1, max: 60 }), (indexes, binSize, maxRows) => {
        const lows = indexes.map((index) => index * binSize)
        const { lows: rowLows, size, rowOf } = priceRows(lows, binSize, maxRows)
        expect(rowLows.length).toBeLessThanOrEqual(maxRows)
        for (const low of lows) {
          const row = rowLows[rowOf(low)]!
          expect(low).toBeGreaterThanOrEqual(row - binSize * 1e-3)
          expect(low).toBeLessThan(row + size - binSize * 0.5)
        }
      }),
    )
  })

  it('merges as few bins as fit, and at once where there are a million times a million', () => {
    expect(priceRows([1, 2, 3, 4, 5], 1, 5).binsPerRow).toBe(1)
    expect(priceRows([1, 2, 3, 4, 5], 1, 3).binsPerRow).toBe(2)
    expect(priceRows([1, 4], 1, 2).binsPerRow).toBe(3)
    expect(priceRows([1, 10_001], 1e-8, 40).lows.length).toBeLessThanOrEqual(40)
  })
})

describe('timeAxis', () => {
  const noon = Date.UTC(2024, 7, 8, 12)
  it('names the day once and where it changes, the time of day else', () => {
    const hours = Array.from({ length: 40 }, (_, index) => noon + index * 1_800_000)
    expect(timeAxis(hours, { indent: 2, columns: 60 })).toEqual([
      '  └┬────────────┬────────┬────────┬────────',
      '   08-08 12:00  18:30    23:00    08-09 03:30',
    ])
  })
})
