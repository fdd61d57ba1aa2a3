import { integer } from 'fast-check'

const surrogates = { from: 0xd800, count: 0x800 }

/**
 * Any character of Unicode, for strings. fast-check's own `binary` draws from the same ones, but
 * first makes a table of them all, which takes seconds.
 */
export const anyCharacter = integer({ min: 0, max: 0x10_ffff - surrogates.count }).map((index) =>
  String.fromCodePoint(index < surrogates.from ? index : index + surrogates.count),
)
