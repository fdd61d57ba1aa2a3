import { InvalidArgumentError } from 'commander'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  countArgument,
  momentArgument,
  numbersArgument,
  pairArgument,
  positiveArgument,
  resetArgument,
  timeArgument,
  timeframesArgument,
} from '../../../src/cli/arguments.ts'
import { parseDuration } from '../../../src/cli/duration.ts'

describe('timeArgument', () => {
  // Half an hour beside the hour: a time read as the machine's shows at once.
  const zone = process.env['TZ']
  beforeAll(() => {
    process.env['TZ'] = 'Asia/Kolkata'
  })
  afterAll(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })

  // 2024-08-08T23:54:15Z: 19,943 days after 1970 = 1,723,075,200 s, and 86,055 s into the day.
  const ms = 1_723_161_255_000

  it.each([
    ['2024-08-08T23:54:15Z', ms],
    ['2024-08-08T23:54:15', ms],
    ['2024-08-08 23:54:15', ms],
    ['2024-08-09T01:54:15+02:00', ms],
    ['2024-08-08T23:54:15.342Z', ms + 342],
    ['2024-08-08T23:54:15.342128Z', ms + 342.128],
    ['2024-08-08T23:54', ms - 15_000],
    ['2024-08-08', 1_723_075_200_000],
    ['1723161255342', ms + 342],
    ['1723161255342.128', ms + 342.128],
  ])('reads %s', (text, expected) => {
    expect(timeArgument(text)).toBe(expected)
  })

  it.each([
    '',
    'yesterday',
    '2024-02-30',
    '2024-13-01',
    '2024-08-08T25:00',
    '1723161255',
    '2024',
    '-5',
    'NaN',
  ])('refuses %j', (text) => {
    expect(() => timeArgument(text)).toThrow(InvalidArgumentError)
  })

  it('reads back every microsecond that a JSON result shows', () => {
    const micros = fc.integer({ min: 946_684_800_000_000, max: 4_102_444_799_999_999 })
    fc.assert(
      fc.property(micros, (us) => {
        expect(timeArgument(String(us / 1000))).toBe(us / 1000)
      }),
    )
  })
})

describe('numbers', () => {
  it('takes what is meant and nothing else', () => {
    expect(positiveArgument('0.5')).toBe(0.5)
    expect(countArgument('1e3')).toBe(1000)
    for (const text of ['0', '-1', 'x', '', ' ', 'Infinity'])
      expect(() => positiveArgument(text)).toThrow(InvalidArgumentError)
    for (const text of ['0', '1.5', ''])
      expect(() => countArgument(text)).toThrow(InvalidArgumentError)
  })
})

describe('lists and words', () => {
  it('reads what the options take', () => {
    expect(numbersArgument('1, 2.5')).toEqual([1, 2.5])
    expect(timeframesArgument('1m,15m')).toEqual(['1m', '15m'])
    expect(resetArgument('session')).toBe('session')
    expect(resetArgument('15')).toBe(15)
    expect(momentArgument('newest-tick')).toBe('newest-tick')
    expect(momentArgument('2024-08-08')).toBe(1_723_075_200_000)
    for (const wrong of [
      () => numbersArgument('1,,2'),
      () => timeframesArgument('1m,7m'),
      () => resetArgument('weekly'),
      () => resetArgument('0'),
    ])
      expect(wrong).toThrow(InvalidArgumentError)
  })

  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['250ms', 250],
    ['15', undefined],
    ['-1h', undefined],
    ['soon', undefined],
  ])('reads the age %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })
})

describe('pairArgument', () => {
  it('gives the one form of a pair and names a wrong one', () => {
    expect(pairArgument('Binance/Spot/BTC/USDT')).toBe('binance/spot/BTC/USDT')
    expect(() => pairArgument('BTCUSDT')).toThrow(expect.objectContaining({ code: 'INVALID_PAIR' }))
  })
})
