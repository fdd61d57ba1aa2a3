import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  flag,
  integer,
  number,
  oneOf,
  optional,
  required,
  resolveOptions,
  rule,
} from '../../src/options.ts'

const rules = {
  maxConnections: integer(1, 10_000, 200),
  ratio: number(0, 1, 0.7),
  mode: oneOf(['classic', 'smc'], 'classic'),
  loud: flag(false),
  limit: optional(integer(1, 5, 1)),
}

describe('options', () => {
  it('fill in their defaults', () => {
    const defaults = {
      maxConnections: 200,
      ratio: 0.7,
      mode: 'classic',
      loud: false,
      limit: undefined,
    }
    expect(resolveOptions('open', undefined, rules)).toEqual(defaults)
    expect(resolveOptions('open', {}, rules)).toEqual(defaults)
    expect(resolveOptions('open', { ratio: undefined }, rules)).toEqual(defaults)
  })

  it('suggest the name that was meant', () => {
    expect(() => resolveOptions('open', { maxConection: 3 }, rules)).toThrow(
      new TypeError('open: unknown option `maxConection`: did you mean `maxConnections`?'),
    )
    expect(() => resolveOptions('open', { zzz: 3 }, rules)).toThrow(
      new TypeError('open: unknown option `zzz`; known: maxConnections, ratio, mode, loud, limit'),
    )
    expect(() => resolveOptions('open', { a: 1 }, {})).toThrow(/known: none/)
    // Names that every object has are no options.
    for (const name of ['constructor', 'toString', '__proto__'])
      expect(() => resolveOptions('open', Object.fromEntries([[name, 1]]), rules)).toThrow(
        TypeError,
      )
  })

  it('say what was expected, and what was given', () => {
    expect(() => resolveOptions('open', { maxConnections: 0 }, rules)).toThrow(
      new RangeError(
        'open: expected `maxConnections` to be an integer from 1 to 10000, got `0` (number)',
      ),
    )
    expect(() => resolveOptions('open', { maxConnections: '7' }, rules)).toThrow(
      new TypeError(
        'open: expected `maxConnections` to be an integer from 1 to 10000, got `"7"` (string)',
      ),
    )
    expect(() => resolveOptions('open', { mode: 'smart' }, rules)).toThrow(
      /'classic', 'smc', got `"smart"`/,
    )
    expect(() => resolveOptions('open', { loud: null }, rules)).toThrow(/got `null` \(null\)/)
  })

  it('are an object', () => {
    for (const given of [null, 5, 'x', [], () => 1])
      expect(() => resolveOptions('open', given as never, rules)).toThrow(TypeError)
  })

  it('can be required', () => {
    const needed = { binSize: required(number(0, 1e9, 0)) }
    expect(() => resolveOptions('profile', {}, needed)).toThrow(
      new TypeError('profile: `binSize` is missing: expected a number from 0 to 1000000000'),
    )
    expect(resolveOptions('profile', { binSize: 5 }, needed)).toEqual({ binSize: 5 })
  })

  it('let through exactly what lies in range', () => {
    const values = fc.oneof(
      fc.integer({ min: -5, max: 15 }),
      fc.double(),
      fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 1.5, 2 ** 53),
    )
    fc.assert(
      fc.property(values, (value) => {
        const ranged = { n: integer(1, 10, 1), x: number(0, 10, 0) }
        const accepts = (given: object): boolean => {
          try {
            resolveOptions('f', given, ranged)
            return true
          } catch (error) {
            if (!(error instanceof RangeError)) throw error
            return false
          }
        }
        expect(accepts({ n: value })).toBe([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].includes(value))
        expect(accepts({ x: value })).toBe(value >= 0 && value <= 10)
      }),
    )
  })

  it('can have a rule of their own', () => {
    const even = { n: rule<number>('even', (value) => Number(value) % 2 === 0, 2) }
    expect(resolveOptions('f', { n: 4 }, even)).toEqual({ n: 4 })
    expect(() => resolveOptions('f', { n: 3 }, even)).toThrow(/to be even/)
  })
})
