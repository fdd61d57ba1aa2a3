import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addText,
  compareText,
  decimalText,
  divideText,
  isDecimalText,
  isNegative,
  isPositive,
  isZero,
  multiplyText,
  subtractText,
} from '../../../src/mirror/model/decimal.ts'

/** As many digits as amounts have, around what a double holds exactly, and more. */
const digits = fc.oneof(
  ...[10n ** 6n, 10n ** 15n, 2n ** 54n, 10n ** 30n].map((max) => fc.bigInt({ min: 0n, max })),
)
const decimalTexts = fc
  .tuple(fc.boolean(), digits, fc.integer({ min: 0, max: 18 }))
  .map(([negative, coefficient, scale]) => {
    const padded = String(coefficient).padStart(scale + 1, '0')
    const point = padded.length - scale
    const text = scale === 0 ? padded : `${padded.slice(0, point)}.${padded.slice(point)}`
    return negative ? `-${text}` : text
  })

/** In units of 1e-40, without the code under test. */
function units(text: string): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  return (text.startsWith('-') ? -1n : 1n) * BigInt(whole + fraction.padEnd(40, '0'))
}

describe('decimal text', () => {
  it.each([
    '0',
    '-0',
    '1',
    '1.10000000',
    '0.00000001',
    '-2.50',
    '123456789012345678901234567890.1',
  ])('takes %s as it is', (text) => {
    expect(decimalText(text)).toBe(text)
  })

  it.each([
    '',
    '.5',
    '5.',
    '+1',
    '01',
    '1e',
    '1e5.0',
    '1e999',
    'NaN',
    'Infinity',
    '0x1',
    ' 1',
    '1,5',
    '1_000',
  ])('refuses %j, which a JSON reader would not take or would take for another number', (text) => {
    expect(decimalText(text)).toBeUndefined()
    expect(isDecimalText(text)).toBe(false)
  })

  it.each([
    [1e-7, '0.0000001'],
    [-1.25e-9, '-0.00000000125'],
    [1e21, '1000000000000000000000'],
    [1.5e22, '15000000000000000000000'],
    [0.1, '0.1'],
    [4723846.89208129, '4723846.89208129'],
  ])('writes the number %d out as %s', (value, text) => {
    expect(decimalText(value)).toBe(text)
  })

  it.each([
    ['5.0E-7', '0.0000005'],
    ['1e-7', '0.0000001'],
    ['1E5', '100000'],
    ['-1.250e+2', '-125'],
    ['0.00e-9', '0'],
    ['12.5e-1', '1.25'],
  ])('writes the text %s out as %s', (value, text) => {
    expect(decimalText(value)).toBe(text)
  })

  it('writes every exponent out exactly', () => {
    fc.assert(
      fc.property(decimalTexts, fc.integer({ min: -20, max: 20 }), (mantissa, exponent) => {
        const text = decimalText(`${mantissa}e${exponent}`)!
        const [whole = '', fraction = ''] = text.replace('-', '').split('.')
        const scaled = BigInt(whole + fraction.padEnd(60, '0'))
        const expected = units(mantissa.replace('-', '')) * 10n ** BigInt(20 + exponent)
        expect([isDecimalText(text), scaled]).toEqual([true, expected])
      }),
    )
  })

  it.each([Number.NaN, Infinity, null, undefined, {}, true])('refuses %s', (value) => {
    expect(decimalText(value)).toBeUndefined()
  })

  it('reads back every number that it writes', () => {
    // Beyond 80 characters (1e-79 and the like) there is no such amount, and no text.
    const amounts = fc
      .double({ noNaN: true, noDefaultInfinity: true, min: -1e40, max: 1e40 })
      .map((amount) => ({ amount, text: decimalText(amount) }))
      .filter(({ text }) => text !== undefined)
    fc.assert(
      fc.property(amounts, ({ amount, text }) => {
        expect(Number(text)).toBe(amount + 0)
      }),
    )
  })

  it('adds, subtracts, multiplies and compares without losing a digit', () => {
    fc.assert(
      fc.property(decimalTexts, decimalTexts, (a, b) => {
        expect(units(addText(a, b))).toBe(units(a) + units(b))
        expect(units(subtractText(a, b))).toBe(units(a) - units(b))
        expect(units(multiplyText(a, b)) * 10n ** 40n).toBe(units(a) * units(b))
        expect(Math.sign(compareText(a, b))).toBe(
          units(a) < units(b) ? -1 : units(a) > units(b) ? 1 : 0,
        )
        expect([isZero(a), isPositive(a), isNegative(a)]).toEqual([
          units(a) === 0n,
          units(a) > 0n,
          units(a) < 0n,
        ])
      }),
    )
  })

  it('divides to the nearest, halves away from zero', () => {
    // 1/3 = 0.333…, 2/3 = 0.666… → up, 0.5/1 → 1, -0.5/1 → -1, 1249.75/0.5 = 2499.5 exactly.
    expect(divideText('1', '3', 4)).toBe('0.3333')
    expect(divideText('2', '3', 4)).toBe('0.6667')
    expect(divideText('0.5', '1', 0)).toBe('1')
    expect(divideText('-0.5', '1', 0)).toBe('-1')
    expect(divideText('1249.75000000', '0.50000000', 12)).toBe('2499.5')
    expect(divideText('1', '0.000', 4)).toBeUndefined()
  })
})
