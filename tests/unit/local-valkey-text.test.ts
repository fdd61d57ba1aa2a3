import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCommandLine, parseCommandLine } from '../../src/valkey/local/command-line.ts'
import { parseServerVersion } from '../../src/valkey/local/server-binary.ts'
import { configuredPort, serverConfigText } from '../../src/valkey/local/server-config.ts'
import { anyCharacter } from '../support/any-character.ts'

test('any bytes come back from a command line, and it is one line', () => {
  const text = fc
    .string({ unit: anyCharacter, maxLength: 200, size: 'max' })
    .map((value) => Buffer.from(value))
  const quotes = fc.string({ unit: fc.constantFrom("'", '"', '\\', ' ', 'x', '\n') })
  const bytes = fc.oneof(
    fc.uint8Array(),
    text,
    quotes.map((value) => Buffer.from(value)),
  )
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 6 }), (args) => {
      const line = formatCommandLine(args)
      expect(line).not.toMatch(/[\n\r\u2028\u2029]/)
      expect(parseCommandLine(line).map((arg) => arg.toString('hex'))).toEqual(
        args.map((arg) => Buffer.from(arg).toString('hex')),
      )
    }),
  )
})

test('plain words, JSON and Unicode stay readable, the rest is escaped', () => {
  expect(lineOf('HSET', 'orders', '1')).toBe('HSET orders 1')
  expect(lineOf('{"id":"1","price":1.10}')).toBe(`'{"id":"1","price":1.10}'`)
  expect(lineOf('über 5 €')).toBe(`'über 5 €'`)
  expect(lineOf("it's")).toBe(`"it's"`)
  expect(lineOf('')).toBe(`''`)
  expect(lineOf('a\nb')).toBe(String.raw`"a\nb"`)
  expect(lineOf(Uint8Array.of(0, 255))).toBe(String.raw`"\x00\xff"`)
})

test.each([`'open`, `"open`, `a"b`, `'a'b`, 'a  b', ' a', `a\tb`])(
  '%j is no command line',
  (line) => {
    expect(() => parseCommandLine(line)).toThrow(/column \d+/)
  },
)

test('the version is read from what the server prints', () => {
  const text =
    'Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=9bca4efb9bb5f1e2'
  expect(parseServerVersion(text)).toBe('8.0.1')
  expect(parseServerVersion('bash: no such file')).toBeUndefined()
})

test('the configuration listens on loopback only, saves as promised, quotes its paths', () => {
  const text = serverConfigText({ dir: '/a "b"\\c', port: 6380 })
  expect(text).toContain('\nbind 127.0.0.1\n')
  expect(text).toContain('\nsave 900 1\nsave 300 10\nsave 60 10000\n')
  expect(text).toContain(String.raw`dir "/a \"b\"\\c"`)
  expect(configuredPort(text)).toBe(6380)
  expect(configuredPort('')).toBeUndefined()
})

function lineOf(...args: (string | Uint8Array)[]): string {
  return formatCommandLine(args.map((arg) => Buffer.from(arg)))
}
