import type { DuckDBConnection } from '@duckdb/node-api'
import { sqlTokens, type SqlToken } from './sql-tokens.ts'

/** What values the calls of a statement may make and take. */
interface Bounds {
  /** The longest text, in characters, that one call of a function may make out of a count. */
  readonly madeText: number
  /** The longest list that one call may make so. */
  readonly madeList: number
  /** The longest text that is compared with a pattern, or split. */
  readonly matchedText: number | undefined
  /** Of how many pairs of characters a distance may be made: 2,048 of them in one step. */
  readonly pairs: number
}

const ownBounds: Bounds = {
  madeText: 10_000,
  madeList: 100_000,
  matchedText: undefined,
  pairs: 100_000,
}
/** A stranger may mean to keep the engine busy: one step takes 2,048 values, and no interrupt ends it. */
const strangersBounds: Bounds = {
  madeText: 1_000,
  madeList: 1_000,
  matchedText: 1_000,
  pairs: 2_500,
}

/** The longest list that counts up: its values are mostly rows at once. */
const longestSeries = 100_000
/** Functions whose time grows with the product of two texts. */
const distances = [
  'levenshtein',
  'editdist3',
  'damerau_levenshtein',
  'jaro_similarity',
  'jaro_winkler_similarity',
]
/** What compares a text with a pattern, or splits it, by the words of a statement that call it. */
const matching: Readonly<Record<string, string>> = {
  '~~': String.raw`\blike\b|~`,
  '!~~': String.raw`\blike\b|~`,
  '~~*': String.raw`\bilike\b|~`,
  '!~~*': String.raw`\bilike\b|~`,
  '~~~': String.raw`\bglob\b|~`,
  like_escape: 'escape',
  not_like_escape: 'escape',
  ilike_escape: 'escape',
  not_ilike_escape: 'escape',
  regexp_full_match: String.raw`similar|~|regexp_full_match`,
  regexp_matches: 'regexp_matches',
  regexp_extract: 'regexp_extract',
  regexp_extract_all: 'regexp_extract_all',
  string_split_regex: 'string_split_regex|regexp_split_to_table',
  str_split_regex: 'str_split_regex',
  regexp_split_to_array: 'regexp_split_to_array',
  string_split: String.raw`string_split|split_part`,
  str_split: 'str_split',
  string_to_array: 'string_to_array',
  split: String.raw`\bsplit\b`,
}
/** What these are given their bounds name twice, to look at it and to hand it on. */
export const boundedTwice: readonly string[] = Object.keys(matching)
/** Of these the engine goes once through a text where the pattern has no `_`. */
const linear = new Set(['~~', '!~~'])

/** One function that stands before the engine's own of the same name. */
interface Macro {
  /** Whether a statement may call it. */
  readonly called: RegExp
  /** The macro for bounds; undefined: without any. */
  readonly text: (bounds: Bounds) => string | undefined
  /** What is dropped where a statement that may call it needs no bound. */
  readonly unneeded?: { readonly name: string; readonly by: (sql: string) => boolean }
}

/** The macros of a connection, and which bounds each has. */
const made = new WeakMap<DuckDBConnection, Map<Macro, Bounds>>()

/**
 * Bounds what one call can make and take on a connection, if the text may call such a function. The
 * engine makes a value in one step that no interrupt ends, past its own bound of memory, and makes
 * constants while it plans: so a count that is too large is an error before the function has it.
 * Macros of the connection stand before the functions of the same names.
 */
export async function boundValues(
  connection: DuckDBConnection,
  sql: string,
  { isStrangers = false }: { readonly isStrangers?: boolean | undefined } = {},
): Promise<void> {
  const bounds = isStrangers ? strangersBounds : ownBounds
  let has = made.get(connection)
  if (!isStrangers && has === undefined && !makers.test(sql)) return
  for (const macro of macros) {
    if (!macro.called.test(sql)) continue
    if (macro.unneeded?.by(sql) === true) {
      if (has?.delete(macro) === true)
        await connection.run(`DROP MACRO temp.main."${macro.unneeded.name}"`)
      continue
    }
    if (has?.get(macro) === bounds) continue
    const text = macro.text(bounds)
    if (text === undefined && has?.has(macro) !== true) continue
    await connection.run(
      `CREATE OR REPLACE TEMP MACRO ${text ?? macro.text({ ...bounds, matchedText: Number.MAX_SAFE_INTEGER })!}`,
    )
    if (has === undefined) made.set(connection, (has = new Map()))
    has.set(macro, bounds)
  }
}

function checked(argument: string, tooLarge: string, error: string): string {
  return `CASE WHEN ${tooLarge} THEN ${error} ELSE ${argument} END`
}

function tooLongText({ madeText }: Bounds): string {
  return `error('one call makes a text of more than ${madeText} characters')`
}

function tooLongList(longest: number): string {
  return `error('one call makes a list of more than ${longest} values; rows come from FROM range(…)')`
}

/**
 * A macro's part of which each argument is named once, as `v.name` in the body: the engine writes
 * out what an argument stands for wherever the body names it, and calls within calls would double so.
 */
function once(parameters: readonly string[], body: string): string {
  const names = parameters.map((parameter) => parameter.split(' ')[0]!)
  const given = names.map((name) => `'${name}': ${name}`).join(', ')
  return `(${parameters.join(', ')}) AS list_transform([{${given}}], lambda v: ${body})[1]`
}

function repeated(bounds: Bounds): string {
  const { madeText, madeList } = bounds
  const text = tooLongText(bounds)
  return `repeat${repeatedOf(' VARCHAR', 'strlen', madeText, text)},
    ${repeatedOf(' BLOB', 'octet_length', madeText, text)}, ${repeatedOf('', 'len', madeList, tooLongList(madeList))}`
}

function repeatedOf(type: string, length: string, limit: number, error: string): string {
  const tooLarge = `greatest(1, ${length}(v.s))::HUGEINT * v.n > ${limit}`
  const count = checked('v.n', tooLarge, `${error}::BIGINT`)
  return once([`s${type}`, 'n'], `system.main.repeat(v.s, ${count})`)
}

function padded(name: string, bounds: Bounds): string {
  const count = checked('v.n', `v.n > ${bounds.madeText}`, `${tooLongText(bounds)}::INTEGER`)
  return name + once(['s', 'n', 'p'], `system.main.${name}(v.s, ${count}, v.p)`)
}

function resized(name: string, { madeList }: Bounds): string {
  const count = checked('v.n', `v.n > ${madeList}`, `${tooLongList(madeList)}::BIGINT`)
  const called = `system.main.${name}(v.l, ${count}`
  return `${name}${once(['l', 'n'], `${called})`)}, ${once(['l', 'n', 'w'], `${called}, v.w)`)}`
}

/** Not named once: the engine takes these for the table functions of the same names, too. */
function series(name: string): string {
  const error = tooLongList(longestSeries)
  const tooMany = (span: string, step: string): string =>
    `abs(${span}) > ${longestSeries} * abs(${step})`
  const whole = (argument: string, tooLarge: string): string =>
    checked(argument, tooLarge, `${error}::BIGINT`)
  const times = checked('b', tooMany('epoch(b) - epoch(a)', 'epoch(s)'), error)
  const span = 'b::HUGEINT - a'
  return `${name}(a BIGINT) AS system.main.${name}(${whole('a', `a > ${longestSeries}`)}),
    (a BIGINT, b BIGINT) AS system.main.${name}(a, ${whole('b', tooMany(span, '1'))}),
    (a BIGINT, b BIGINT, s BIGINT) AS system.main.${name}(a, ${whole('b', tooMany(span, 's::HUGEINT'))}, s),
    (a TIMESTAMP, b TIMESTAMP, s INTERVAL) AS system.main.${name}(a, ${times}, s),
    (a TIMESTAMPTZ, b TIMESTAMPTZ, s INTERVAL) AS system.main.${name}(a, ${times}, s)`
}

function compared(name: string, { pairs }: Bounds): string {
  const tooLong = `strlen(v.a)::HUGEINT * strlen(v.b) > ${pairs}`
  const error = `error('\`${name}\` takes texts of which the lengths multiply to ${pairs} at most')`
  const called = `system.main.${name}(${checked('v.a', tooLong, error)}, v.b`
  const parts = [once(['a', 'b'], `${called})`)]
  // Of the jaro ones the least figure that counts may be given.
  if (name.startsWith('jaro')) parts.push(once(['a', 'b', 'c'], `${called}, v.c)`))
  return `${name}${parts.join(', ')}`
}

function matched(name: string, { matchedText }: Bounds): string | undefined {
  if (matchedText === undefined) return undefined
  const error = `error('over HTTP a text of up to ${matchedText} bytes is compared with a pattern, or split')`
  const tooLong = `strlen(s) > ${matchedText}`
  const bounded = checked(
    's',
    linear.has(name) ? `${tooLong} AND contains(p, '_')` : tooLong,
    error,
  )
  const called = `system.main."${name}"(${bounded}, p`
  return `"${name}"(s, p) AS ${called}), (s, p, a) AS ${called}, a), (s, p, a, b) AS ${called}, a, b)`
}

/** Whether no pattern has a `_`; in COLUMNS(…) the engine takes LIKE as its own function alone. */
function hasNoUnderscore(sql: string): boolean {
  return !/u&'/i.test(sql) && sqlTokens(sql)?.every(isWithoutUnderscore) === true
}

/** Of a text that is written out; an escape may stand for anything. */
function isWithoutUnderscore({ kind, value }: SqlToken): boolean {
  return kind !== 'text' || !/[_\\]/.test(value)
}

/** By how much a text may grow at most, were all of it replaced. */
function replaced(bounds: Bounds): string {
  const grown = `strlen(v.s)::HUGEINT * (strlen(v.t) - strlen(v.f)) > ${bounds.madeText} * greatest(1, strlen(v.f))`
  const called = `system.main.replace(${checked('v.s', grown, tooLongText(bounds))}, v.f, v.t)`
  return `replace${once(['s', 'f', 't'], called)}`
}

function replacedMatches(bounds: Bounds): string {
  const { madeText, matchedText = Number.MAX_SAFE_INTEGER } = bounds
  const grown = `strlen(v.s)::HUGEINT * strlen(v.t) > ${100 * madeText} OR strlen(v.s) > ${matchedText}`
  const text = checked('v.s', grown, tooLongText(bounds))
  // The pattern and the options stay what they are: the engine reads a pattern once where it is a constant.
  const body = (rest: string): string =>
    `AS list_transform([{'s': s, 't': t}], lambda v: system.main.regexp_replace(${text}, f, v.t${rest}))[1]`
  return `regexp_replace(s, f, t) ${body('')}, (s, f, t, o) ${body(', o')}`
}

function named(name: string, text: Macro['text']): Macro {
  return { called: new RegExp(String.raw`\b${name}\b`, 'i'), text }
}

const macros: readonly Macro[] = [
  named('repeat', repeated),
  ...['lpad', 'rpad'].map((name) => named(name, (bounds) => padded(name, bounds))),
  ...['list_resize', 'array_resize'].map((name) => named(name, (bounds) => resized(name, bounds))),
  ...['range', 'generate_series'].map((name) => named(name, () => series(name))),
  named('bitstring', (bounds) => {
    const count = checked('v.n', `v.n > ${bounds.madeText}`, `${tooLongText(bounds)}::INTEGER`)
    return `bitstring${once(['s', 'n'], `system.main.bitstring(v.s, ${count})`)}`
  }),
  named('replace', replaced),
  named('regexp_replace', replacedMatches),
  ...distances.map((name) => named(name, (bounds) => compared(name, bounds))),
  ...Object.entries(matching).map(([name, words]) => ({
    called: new RegExp(words, 'i'),
    text: (bounds: Bounds) => matched(name, bounds),
    ...(linear.has(name) ? { unneeded: { name, by: hasNoUnderscore } } : {}),
  })),
]
/** What any statement is bounded in. */
const makers = new RegExp(
  macros
    .filter(({ text }) => text(ownBounds) !== undefined)
    .map(({ called }) => called.source)
    .join('|'),
  'i',
)
