import { posix } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PairduckError } from '../../src/errors.ts'
import {
  folderToSymbol,
  formatPair,
  isPairName,
  parsePair,
  symbolToFolder,
} from '../../src/pair.ts'
import { anyCharacter } from '../support/any-character.ts'

/** Symbols at their worst: any Unicode, dots, slashes, percents, both cases, device names. */
const symbols = fc.oneof(
  fc.string({ unit: anyCharacter, minLength: 1, maxLength: 128, size: 'max' }),
  fc.string({
    unit: fc.constantFrom(...'aAbB019-_./\\%:*?"<>| \u0130ıßéĀ漢🦆'),
    minLength: 1,
    maxLength: 40,
    size: 'max',
  }),
  fc.constantFrom('CON', 'con', 'NUL', 'nul.txt', 'COM1', 'LPT9.X', 'AUX.', '..', '.', '...', '%'),
)

function folderOf(symbol: string): string | undefined {
  try {
    return symbolToFolder(parsePair({ exchange: 'x', market: 'y', symbol }).symbol)
  } catch (error) {
    if (!PairduckError.is(error, 'INVALID_PAIR')) throw error
    return undefined
  }
}

describe('folder names', () => {
  it('decode back to the symbol', () => {
    fc.assert(
      fc.property(symbols, (symbol) => {
        const folder = folderOf(symbol)
        fc.pre(folder !== undefined)
        expect(folderToSymbol(folder)).toBe(symbol)
      }),
      { numRuns: 3000 },
    )
  })

  it('never meet on a disk that ignores case', () => {
    const cased = fc.string({ unit: fc.constantFrom(...'aAbB.%É'), minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.oneof(symbols, cased), fc.oneof(symbols, cased), (one, other) => {
        const [a, b] = [folderOf(one), folderOf(other)]
        fc.pre(a !== undefined && b !== undefined && one !== other)
        expect(a.toLowerCase()).not.toBe(b.toLowerCase())
        expect(a.toUpperCase()).not.toBe(b.toUpperCase())
      }),
      { numRuns: 3000 },
    )
    // The same symbol in two cases: the pair of names that a careless encoding lets meet.
    fc.assert(
      fc.property(symbols, (symbol) => {
        const [a, b] = [folderOf(symbol), folderOf(symbol.toLowerCase())]
        fc.pre(symbol !== symbol.toLowerCase() && a !== undefined && b !== undefined)
        expect(a.toLowerCase()).not.toBe(b.toLowerCase())
      }),
    )
  })

  it('are one plain path component that every system takes', () => {
    const device = /^(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\.|$)/i
    fc.assert(
      fc.property(symbols, (symbol) => {
        const folder = folderOf(symbol)
        fc.pre(folder !== undefined)
        expect(folder).toMatch(/^[A-Z0-9%_.-]+$/)
        expect(folder).not.toMatch(/^\.|\.$/)
        expect(folder).not.toMatch(device)
        expect(folder.length).toBeLessThanOrEqual(255)
        expect(posix.normalize(`/root/${folder}/x`)).toBe(`/root/${folder}/x`)
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    ['BTCUSDT', 'BTCUSDT'],
    ['BTC/USDT', 'BTC%2FUSDT'],
    ['BTC-PERP_2.5', 'BTC-PERP_2.5'],
    ['btc', '%62%74%63'],
    ['.A.', '%2EA%2E'],
    ['..', '%2E%2E'],
    ['CON', '%43ON'],
    ['NUL.X', '%4EUL.X'],
    ['CONX', 'CONX'],
    ['COM0', '%43OM0'],
    ['é', '%C3%A9'],
    ['🦆', '%F0%9F%A6%86'],
  ])('%s is %s', (symbol, folder) => {
    expect(symbolToFolder(symbol)).toBe(folder)
    expect(folderToSymbol(folder)).toBe(symbol)
  })

  it('knows the names that it never makes', () => {
    // Lower case, lower-case hex, a needless escape, half an escape, bytes that are no UTF-8.
    for (const folder of ['btc', '%2f', '%41', '%', '%C3', '.A', 'CON', '', 'A%00'])
      expect(folderToSymbol(folder)).toBeUndefined()
  })
})

describe('a pair', () => {
  it('is read back from its text form', () => {
    fc.assert(
      fc.property(symbols, (symbol) => {
        fc.pre(folderOf(symbol) !== undefined)
        const pair = parsePair({ exchange: 'BiNance', market: 'Spot', symbol })
        expect(pair).toEqual({ exchange: 'binance', market: 'spot', symbol })
        expect(parsePair(formatPair(pair))).toEqual(pair)
      }),
    )
  })

  it('has a text form whose first two slashes separate', () => {
    expect(parsePair('binance/spot/BTC/USDT')).toEqual({
      exchange: 'binance',
      market: 'spot',
      symbol: 'BTC/USDT',
    })
  })

  const bad: readonly (readonly [string, unknown, string])[] = [
    ['no slash', 'BTCUSDT', 'exchange/market/symbol'],
    ['one slash', 'binance/BTCUSDT', 'exchange/market/symbol'],
    ['a folder up', '../spot/BTC', 'exchange'],
    ['a folder up as market', 'binance/../BTC', 'market'],
    ['an empty exchange', '/spot/BTC', 'exchange'],
    ['an empty symbol', 'binance/spot/', 'symbol'],
    ['a device as exchange', 'con/spot/BTC', 'exchange'],
    ['a device as market', 'binance/NUL/BTC', 'market'],
    ['a Turkish capital', 'bİnance/spot/BTC', 'exchange'],
    ['a name that is too long', `${'a'.repeat(65)}/spot/BTC`, 'exchange'],
    ['a dot in a name', 'a.b/spot/BTC', 'exchange'],
    ['NUL in a symbol', 'binance/spot/BTC\0', 'symbol'],
    ['a line end in a symbol', 'binance/spot/BTC\n', 'symbol'],
    ['a C1 control', 'binance/spot/BTC\u0085', 'symbol'],
    ['half a surrogate', 'binance/spot/\ud800', 'symbol'],
    ['129 characters', `binance/spot/${'A'.repeat(129)}`, 'symbol'],
    ['256 bytes of folder', `binance/spot/${'a'.repeat(86)}`, 'symbol'],
    ['a number', 7, 'exchange, market, symbol'],
    ['null', null, 'exchange, market, symbol'],
    ['a missing symbol', { exchange: 'binance', market: 'spot' }, 'symbol'],
    ['a symbol that is no text', { exchange: 'b', market: 's', symbol: 5 }, 'symbol'],
  ]
  it.each(bad)('with %s is refused, naming the part', (_what, pair, part) => {
    expect(() => parsePair(pair as string)).toThrow(PairduckError)
    expect(() => parsePair(pair as string)).toThrow(
      expect.objectContaining({ code: 'INVALID_PAIR', message: expect.stringContaining(part) }),
    )
  })

  it('takes the longest that is allowed', () => {
    expect(symbolToFolder('a'.repeat(85))).toHaveLength(255)
    expect(parsePair(`${'a'.repeat(64)}/s/${'🦆'.repeat(21)}`).symbol).toHaveLength(42)
    expect(parsePair(`e/m/${'A'.repeat(128)}`).symbol).toHaveLength(128)
  })

  it('cannot be changed once it was checked', () => {
    expect(Object.isFrozen(parsePair('a/b/C'))).toBe(true)
  })

  it('tells pair folders from others', () => {
    expect(['binance', 'a-b_c', '0x'].every((name) => isPairName(name))).toBe(true)
    expect(['.pairduck', 'Binance', '', '-a', 'nul', 'com1'].some((name) => isPairName(name))).toBe(
      false,
    )
  })
})
