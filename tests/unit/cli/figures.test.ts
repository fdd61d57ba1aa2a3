import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as figures from '../../../src/cli/figures.ts'

describe('figures for people', () => {
  it.each([
    [61_837.63, '61,837.63'],
    [0.00001234, '0.00001234'],
    [100, '100'],
    [0, '0'],
    [2.5e-10, '0.00000000025'],
    [0.1 + 0.2, '0.3'],
    [99_999_999.99, '99,999,999.99'],
    [90_000_000.01, '90,000,000.01'],
    [12_345_678.91234567, '12,345,678.91234567'],
    [1e-13, '1e-13'],
    [-1.25e-13, '-1.25e-13'],
    [-0, '0'],
    [null, '–'],
  ])('shows the price %s as %s', (price, text) => {
    expect(figures.priceText(price)).toBe(text)
  })

  it('rounds to the decimals asked for, down to nothing without a sign', () => {
    expect(figures.priceText(-0.001, 2)).toBe('0.00')
    expect(figures.priceText(1.23456789e-11, 16)).toBe('1.23457e-11')
  })

  it('gives a column the decimals of its longest price', () => {
    expect(figures.priceDecimals([90_000_000, 90_000_000.01, 90_000_000.1])).toBe(2)
    expect(figures.priceDecimals([0.5, 1e-13])).toBe(13)
  })

  it('loses no more of a price than the dust of doubles', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (price) => {
        const shown = Number(figures.priceText(price).replaceAll(',', ''))
        expect(Math.abs(shown - price)).toBeLessThanOrEqual(4e-16 * 2 * Math.abs(price))
      }),
      { numRuns: 1000 },
    )
  })

  it('shows prices as they were written, whatever their tick size', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 15n - 1n }),
        fc.integer({ min: 0, max: 8 }),
        (units, decimals) => {
          const price = Number(`${units}e-${decimals}`)
          expect(figures.priceText(price).replaceAll(',', '')).toBe(
            (units / 10n ** BigInt(decimals)).toString() +
              `.${(units % 10n ** BigInt(decimals)).toString().padStart(decimals, '0')}`.replace(
                /\.?0*$/,
                '',
              ),
          )
        },
      ),
    )
  })

  it.each([
    [0, '0'],
    [0.00009, '0.000090'],
    [1.5, '1.50'],
    [-1204.4, '-1,204'],
    [123_456, '123.5k'],
    [3_450_000, '3.45M'],
    [1e-8, '0.00000001'],
    [-0.00000123456, '-0.000001235'],
    [1.23456e-12, '1.235e-12'],
    [undefined, '–'],
  ])('shows the volume %s as %s', (volume, text) => {
    expect(figures.volumeText(volume)).toBe(text)
  })

  it.each([
    [1_723_161_255_000, '2024-08-08 23:54:15'],
    [1_723_161_255_342, '2024-08-08 23:54:15.342'],
    [1_723_161_255_342.128, '2024-08-08 23:54:15.342128'],
    [null, '–'],
  ])('shows the time %s as %s', (ms, text) => {
    expect(figures.timeText(ms)).toBe(text)
  })

  it('shows signs, sizes, shares and durations', () => {
    expect(figures.countedText(1, 'row')).toBe('1 row')
    expect(figures.countedText(1204, 'row')).toBe('1,204 rows')
    expect(figures.signedText(2)).toBe('+2.00')
    expect(figures.signedText(-2)).toBe('-2.00')
    expect(figures.bytesText(1536)).toBe('1.5 KiB')
    expect(figures.percentText(0.705)).toBe('70.5 %')
    expect(figures.durationText(12_340)).toBe('12.3 s')
    expect(figures.durationText(90 * 60_000)).toBe('1.5 h')
  })
})
