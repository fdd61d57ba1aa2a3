import type { DuckDBConnection } from '@duckdb/node-api'

/** The longest text, in characters, that one call of a function may make out of a count. */
const longestText = 10_000
/** The longest list that one call may make so. */
const longestList = 100_000
/** Of how many pairs of characters a distance may be made: 2,048 of them in one step. */
const mostPairs = 100_000
/** Functions whose time grows with the product of two texts. */
const distances = [
  'levenshtein',
  'editdist3',
  'damerau_levenshtein',
  'jaro_similarity',
  'jaro_winkler_similarity',
]
/** Functions that make a value as large as a number says, or take as long. */
const makers = new RegExp(
  `\\b(?:repeat|lpad|rpad|list_resize|array_resize|range|generate_series|bitstring|replace|regexp_replace|${distances.join('|')})\\b`,
  'i',
)

const text = `error('one call makes a text of more than ${longestText} characters')`
const list = `error('one call makes a list of more than ${longestList} values; rows come from FROM range(…)')`

const has = new WeakSet<DuckDBConnection>()

/**
 * Bounds what one call can make on a connection, if the text may call such a function. The engine
 * makes a value in one step that no interrupt ends, past its own bound of memory, and makes constants
 * while it plans: so a count that is too large is an error before the function has it. Macros of
 * the connection stand before the functions of the same names.
 */
export async function boundValues(connection: DuckDBConnection, sql: string): Promise<void> {
  if (has.has(connection) || !makers.test(sql)) return
  for (const macro of macros) await connection.run(`CREATE OR REPLACE TEMP MACRO ${macro}`)
  has.add(connection)
}

function checked(argument: string, tooLarge: string, error: string): string {
  return `CASE WHEN ${tooLarge} THEN ${error} ELSE ${argument} END`
}

function repeated(type: string, length: string, limit: number, error: string): string {
  const tooLarge = `greatest(1, ${length}(s))::HUGEINT * n > ${limit}`
  return `(s${type}, n) AS system.main.repeat(s, ${checked('n', tooLarge, `${error}::BIGINT`)})`
}

function padded(name: string): string {
  return `${name}(s, n, p) AS system.main.${name}(s, ${checked('n', `n > ${longestText}`, `${text}::INTEGER`)}, p)`
}

function resized(name: string): string {
  const count = checked('n', `n > ${longestList}`, `${list}::BIGINT`)
  return `${name}(l, n) AS system.main.${name}(l, ${count}), (l, n, v) AS system.main.${name}(l, ${count}, v)`
}

function series(name: string): string {
  const tooMany = (span: string, step: string): string =>
    `abs(${span}) > ${longestList} * abs(${step})`
  const whole = (argument: string, tooLarge: string): string =>
    checked(argument, tooLarge, `${list}::BIGINT`)
  const times = checked('b', tooMany('epoch(b) - epoch(a)', 'epoch(s)'), list)
  const span = 'b::HUGEINT - a'
  return `${name}(a BIGINT) AS system.main.${name}(${whole('a', `a > ${longestList}`)}),
    (a BIGINT, b BIGINT) AS system.main.${name}(a, ${whole('b', tooMany(span, '1'))}),
    (a BIGINT, b BIGINT, s BIGINT) AS system.main.${name}(a, ${whole('b', tooMany(span, 's::HUGEINT'))}, s),
    (a TIMESTAMP, b TIMESTAMP, s INTERVAL) AS system.main.${name}(a, ${times}, s),
    (a TIMESTAMPTZ, b TIMESTAMPTZ, s INTERVAL) AS system.main.${name}(a, ${times}, s)`
}

function compared(name: string): string {
  const tooLong = `strlen(a)::HUGEINT * strlen(b) > ${mostPairs}`
  const error = `error('\`${name}\` takes texts of which the lengths multiply to ${mostPairs} at most')`
  const bounded = checked('a', tooLong, error)
  const parts = [`(a, b) AS system.main.${name}(${bounded}, b)`]
  // Of the jaro ones the least figure that counts may be given.
  if (name.startsWith('jaro')) parts.push(`(a, b, c) AS system.main.${name}(${bounded}, b, c)`)
  return `${name}${parts.join(', ')}`
}

/** By how much a text may grow at most, were all of it replaced. */
const grown = checked(
  's',
  `strlen(s)::HUGEINT * (strlen(t) - strlen(f)) > ${longestText} * greatest(1, strlen(f))`,
  text,
)
const matched = checked('s', `strlen(s)::HUGEINT * strlen(t) > ${100 * longestText}`, text)

const macros: readonly string[] = [
  `repeat${repeated(' VARCHAR', 'strlen', longestText, text)},
   ${repeated(' BLOB', 'octet_length', longestText, text)}, ${repeated('', 'len', longestList, list)}`,
  padded('lpad'),
  padded('rpad'),
  resized('list_resize'),
  resized('array_resize'),
  series('range'),
  series('generate_series'),
  `bitstring(s, n) AS system.main.bitstring(s, ${checked('n', `n > ${longestText}`, `${text}::INTEGER`)})`,
  `replace(s, f, t) AS system.main.replace(${grown}, f, t)`,
  `regexp_replace(s, f, t) AS system.main.regexp_replace(${matched}, f, t),
   (s, f, t, o) AS system.main.regexp_replace(${matched}, f, t, o)`,
  ...distances.map((name) => compared(name)),
]
