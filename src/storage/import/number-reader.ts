import { noValues } from '../../schema/trade-id.ts'
import { literal, type ColumnReference } from './file-relation.ts'

/** What stands before a number's fraction; the other of the two may part thousands. */
export type DecimalMark = '.' | ','

/** How a file's numbers are read. */
export interface NumberReader {
  /** The type as which a text file's numbers are parsed. */
  readonly type: string
  /** The expression that reads a column as DOUBLE: NULL where there is nothing, NaN where it is no number. */
  readonly expression: (column: ColumnReference) => string
}

/** Between thousands: a blank, a narrow one, an apostrophe. */
const blanks = ` '\u2019\u00a0\u2009\u202f`
const exponent = '(?:[eE][-+]?\\d+)?'

/**
 * Plain numbers, unless the caller says which mark is the decimal one: then thousands may be parted,
 * in threes. Nothing of that is guessed, for `1,234` may be two numbers.
 */
export function numberReader(decimal: DecimalMark | undefined): NumberReader {
  return {
    type: decimal === undefined ? 'DOUBLE' : 'VARCHAR',
    expression: ({ sql, type }) => {
      // One in 32 bits stands for the shortest decimal that gives it, which is what the exchange
      // wrote: as it is, 42283.7 would become 42283.69921875.
      if (type === 'FLOAT') return `${sql}::VARCHAR::DOUBLE`
      if (type !== 'VARCHAR') return `try_cast(${sql} AS DOUBLE)`
      const number = `try_cast(${decimal === undefined ? sql : plainText(sql, decimal)} AS DOUBLE)`
      // Else what cannot be read would pass for what is not there.
      return `coalesce(${number}, CASE WHEN ${isThere(sql)} THEN 'nan'::DOUBLE END)`
    },
  }
}

/** The number as the engine reads it; NULL where it is written otherwise. */
function plainText(sql: string, decimal: DecimalMark): string {
  const bare = `regexp_replace(${sql}, ${literal(`[${decimal === ',' ? '.' : ','}${blanks}]`)}, '', 'g')`
  const plain = decimal === ',' ? `replace(${bare}, ',', '.')` : bare
  return `CASE WHEN regexp_matches(trim(${sql}), ${literal(shapeOf(decimal))}) THEN ${plain} END`
}

function shapeOf(decimal: DecimalMark): string {
  const [mark, other] = decimal === ',' ? [',', '.'] : ['[.]', ',']
  return `^[-+]?(?:\\d+|\\d{1,3}(?:[${other}${blanks}]\\d{3})+)?(?:${mark}\\d*)?${exponent}$`
}

function isThere(sql: string): string {
  const words = ['', ...noValues].map(literal).join(', ')
  return `NOT list_contains([${words}], lower(trim(${sql})))`
}

const hints: readonly (readonly [shape: RegExp, hint: string])[] = [
  [
    /^[-+]?[1-9]\d{0,2},\d{3}$/,
    `its comma may stand before a fraction (--decimal ",", in the library \`decimal: ','\`) or part thousands (--decimal ".", \`decimal: '.'\`): say which`,
  ],
  [
    new RegExp(shapeOf('.')),
    `its thousands are parted, which --decimal "." (in the library \`decimal: '.'\`) reads`,
  ],
  [
    new RegExp(shapeOf(',')),
    `it has a decimal comma, which --decimal "," (in the library \`decimal: ','\`) reads`,
  ],
]

/** Why a value is no number that can be stored, and what to do where it is only written otherwise. */
export function whyNoNumber(reason: string, value: unknown): string {
  if (!reason.includes('finite number') || typeof value !== 'string') return reason
  const text = value.trim()
  if (!/\d/.test(text) || !Number.isNaN(Number(text))) return reason
  const found = hints.find(([shape]) => shape.test(text))
  return found === undefined ? reason : `${reason}: ${found[1]}`
}
