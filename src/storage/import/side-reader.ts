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
  const value = `lower(trim(${sql}::VARCHAR))`
  const [buy, sell] = of.ofMaker ? ['SELL', 'BUY'] : ['BUY', 'SELL']
  return `CASE WHEN ${value} IN (${list(words.buy)}) THEN '${buy}'
    WHEN ${value} IN (${list(words.sell)}) THEN '${sell}' END`
}

/** What reads a column that is true where the taker sold. */
export function makerExpression({ sql }: ColumnReference): string {
  const value = `lower(trim(${sql}::VARCHAR))`
  return `CASE WHEN ${value} IN ('true', '1', 't', 'yes') THEN 'SELL'
    WHEN ${value} IN ('false', '0', 'f', 'no') THEN 'BUY' END`
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

function list(words: string): string {
  return words
    .split('|')
    .map((word) => literal(word.trim().toLowerCase()))
    .join(', ')
}
