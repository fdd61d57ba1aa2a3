import { noIds } from '../../schema/trade-id.ts'
import type { ColumnReference } from './file-relation.ts'

/** Why the row of an id that {@link tradeIdExpression} reads as empty text cannot be stored. */
export const notAnId =
  'is a number that does not tell one id from another: no whole one, or rounded'

/** Whole numbers below are exact in a floating point number; those beyond may stand for several. */
const exactBelow = { FLOAT: 2 ** 24, DOUBLE: 2 ** 53 }

/**
 * The expression that reads a column as trade ids: NULL where there is none, empty text where a
 * number can be no id. Programs that know no whole number beside a missing one (pandas) write the
 * id 5 as the number 5.0, or as the text `5.0`: both are the id `5`, as everywhere else. A number
 * with a fraction and an exponent (`3.73568E+09`) was rounded.
 */
export function tradeIdExpression({ sql, type }: ColumnReference): string {
  if (type === 'FLOAT' || type === 'DOUBLE')
    return `CASE WHEN ${sql} IS NULL THEN NULL
      WHEN abs(${sql}) < ${exactBelow[type]} AND ${sql} = trunc(${sql}) THEN try_cast(${sql} AS BIGINT)::VARCHAR
      ELSE '' END`
  // Decimals are exact however many digits they have.
  if (type.startsWith('DECIMAL'))
    return `CASE WHEN ${sql} IS NULL THEN NULL
      WHEN ${sql} = trunc(${sql}) THEN ${sql}::DECIMAL(38, 0)::VARCHAR ELSE '' END`
  if (type !== 'VARCHAR') return `${sql}::VARCHAR`
  // Nearly every id is digits alone: what costs is asked of the others.
  const text = `nullif(trim(${sql}), '')`
  const whole = `${text}[:-3]`
  // A list, because the engine makes a join of an IN with so many words, and then asks it of all rows.
  const names = noIds.map((name) => `'${name}'`).join(', ')
  return `CASE WHEN regexp_full_match(${sql}, '[0-9]+') THEN ${sql}
    WHEN NOT (${sql}[1] BETWEEN '0' AND '9') AND list_contains([${names}], lower(${text})) THEN NULL
    WHEN ends_with(${text}, '.0') AND regexp_full_match(${text}, '-?[0-9]+\\.0')
    THEN CASE WHEN abs(try_cast(${whole} AS HUGEINT)) < ${exactBelow.DOUBLE} THEN ${whole} ELSE '' END
    WHEN (contains(${sql}, 'e') OR contains(${sql}, 'E'))
      AND regexp_full_match(${text}, '[-+]?[0-9]+(\\.[0-9]*[eE][-+]?|[eE][-+])[0-9]+') THEN ''
    ELSE ${text} END`
}
