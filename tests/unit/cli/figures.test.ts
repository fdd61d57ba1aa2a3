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
    [null, '–'],
  ])('shows the price %s as %s', (price, text) => {
    expect(figures.priceText(price)).toBe(text)
  })

  it.each([
    [0, '0'],
    [0.00009, '0.000090'],
    [1.5, '1.50'],
    [-1204.4, '-1,204'],
    [123_456, '123.5k'],
    [3_450_000, '3.45M'],
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
