import { literal } from './file-relation.ts'
import type { ColumnReference } from './file-relation.ts'

/** Which word of the file stands for which side; several are parted by `|`. */
export interface SideWords {
  /** The word that stands for a buying taker. */
  readonly buy: string
  /** The word that stands for a selling taker. */
  readonly sell: string
}

const plainWords: SideWords = { buy: 'buy|b|buyer|bought', sell: 'sell|s|seller|sold' }
const signWords: SideWords = { buy: '1|+1|1.0', sell: '-1|-1.0' }

/** What reads a column of sides: the caller's words, else plain ones, or the signs of ±1. */
export function sideExpression(
  { sql }: ColumnReference,
  of: {
    readonly words: SideWords | undefined
    readonly samples: readonly string[]
    readonly ofMaker: boolean
  },
): string {
  const words = of.words ?? (areSigns(of.samples) ? signWords : plainWords)
  const [buy, sell] = of.ofMaker ? ['SELL', 'BUY'] : ['BUY', 'SELL']
  return wordExpression(sql, of.samples, { [buy]: wordsOf(words.buy), [sell]: wordsOf(words.sell) })
}

/** What reads a column that is true where the taker sold. */
export function makerExpression({ sql }: ColumnReference, samples: readonly string[]): string {
  return wordExpression(sql, samples, {
    SELL: ['true', '1', 't', 'yes'],
    BUY: ['false', '0', 'f', 'no'],
  })
}

/** The side that a word of the file stands for. The words as the first rows have them come first: they need no lower case. */
function wordExpression(
  sql: string,
  samples: readonly string[],
  words: Readonly<Record<string, readonly string[]>>,
): string {
  const text = `${sql}::VARCHAR`
  const met = [...new Set(samples)].filter((value) => /^[\w+-]+$/.test(value))
  const whens = Object.entries(words).map(([side, all]) =>
    met
      .filter((value) => all.includes(value.toLowerCase()))
      .map((value) => `WHEN ${text} = ${literal(value)} THEN '${side}'`)
      .join(' '),
  )
  const others = Object.entries(words).map(
    ([side, all]) => `WHEN lower(trim(${text})) IN (${all.map(literal).join(', ')}) THEN '${side}'`,
  )
  return `CASE ${[...whens, ...others].join(' ')} END`
}

/** What is said of a side that is none. */
export const sideHint =
  '; say which word is which: --side "buy=…,sell=…" (in the library `side: { buy, sell }`)'

/** `1` alone may be one of `1` and `2`; beside `-1` it is not. */
function areSigns(samples: readonly string[]): boolean {
  const seen = new Set(samples.map((value) => value.trim()).filter((value) => value !== ''))
  return (
    [...seen].every((value) => /^[-+]?1(?:\.0)?$/.test(value)) &&
    [...seen].some((value) => value.startsWith('-'))
  )
}

function wordsOf(words: string): readonly string[] {
  return words.split('|').map((word) => word.trim().toLowerCase())
}
