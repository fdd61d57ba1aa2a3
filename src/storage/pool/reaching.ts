import { sqlTokens, type SqlToken } from '../duckdb/sql-tokens.ts'

/** What reads files, runs a text, or acts on databases or settings, by its name. */
const reachingFunction =
  /^(?:read_\w+|\w+_scan\w*|glob|sniff_csv|parquet_\w+|add_parquet_key|query|query_table|(?:force_)?checkpoint|(?:enable|disable)_\w+|truncate_duckdb_logs|write_log|json_execute_serialized_sql|sql_auto_complete|which_secret|copy_database|import_database|pairduck_\w+)$/
/** What a statement of another kind begins with; planning alone makes the engine look at its files. */
const otherKinds = new Set(
  'copy export import attach detach install load use set reset pragma call checkpoint force'.split(
    ' ',
  ),
)
/** Macros over a table that a text names; functions of that name are harmless. */
const readsNamed = new Set(['histogram', 'histogram_values'])
/** Statements that hold another one. */
const wrappers = new Set(['explain', 'prepare'])
/** After these a table is named … */
const beforeTable = new Set(
  'from join into using table describe desc summarize show pivot unpivot pivot_wider pivot_longer'.split(
    ' ',
  ),
)
/** … and after these none is any more, until the next of those. */
const endsTables = new Set(
  'where group order having limit offset select values set returning window qualify union except intersect'.split(
    ' ',
  ),
)

/** What of a text of statements reaches outside the pair, in words; undefined: nothing. */
export function reachOf(sql: string): string | undefined {
  const tokens = sqlTokens(sql)
  if (tokens === undefined)
    return 'a quote or comment without an end, or a character that cannot be seen,'
  return (
    kindThatReaches(tokens) ??
    functionThatReaches(tokens) ??
    fileAsTable(tokens) ??
    enginesDatabase(tokens)
  )
}

/** The engine's own database, which all pairs share: `memory.main.notes`, `memory.notes`. */
function enginesDatabase(tokens: readonly SqlToken[]): string | undefined {
  const isNamed = tokens.some(
    ({ kind, value }, at) =>
      (kind === 'word' || kind === 'name') &&
      value.toLowerCase() === 'memory' &&
      tokens[at + 1]?.value === '.' &&
      tokens[at - 1]?.value !== '.',
  )
  return isNamed ? 'the database `memory`' : undefined
}

/** By its keyword, where one may stand: also within EXPLAIN and PREPARE, which run it or keep it. */
function kindThatReaches(tokens: readonly SqlToken[]): string | undefined {
  let first = true
  let wrapped = false
  for (const [at, { kind, value }] of tokens.entries()) {
    if (kind === 'word' && (first || wrapped) && otherKinds.has(value)) return value.toUpperCase()
    if (kind === 'word' && value === 'secret' && isOfSecret(tokens, at)) return 'a SECRET'
    if (first) wrapped = kind === 'word' && wrappers.has(value)
    first = kind === 'symbol' && value === ';'
  }
  return undefined
}

/** `CREATE [OR REPLACE] [PERSISTENT | TEMPORARY] SECRET`, `DROP … SECRET`. */
function isOfSecret(tokens: readonly SqlToken[], at: number): boolean {
  const before = tokens.slice(Math.max(0, at - 4), at).map(({ value }) => value)
  return before.some((value) => value === 'create' || value === 'drop')
}

function functionThatReaches(tokens: readonly SqlToken[]): string | undefined {
  const found = tokens.find(
    ({ kind, value }, at) =>
      (kind === 'word' || kind === 'name') &&
      tokens[at + 1]?.value === '(' &&
      tokens[at + 1]!.kind === 'symbol' &&
      reachingFunction.test(value.toLowerCase()),
  )
  return found === undefined ? undefined : `\`${found.value}\``
}

/** A text, or a name that looks like a path, in the place of a table: the engine would open it. */
function fileAsTable(tokens: readonly SqlToken[]): string | undefined {
  let here = false
  let inTables = false
  const outer: boolean[] = []
  for (const [at, { kind, value }] of tokens.entries()) {
    if (here && (kind === 'text' || (kind === 'name' && /[./\\:]/.test(value))))
      return 'a file in the place of a table'
    if (here && readsNamed.has(value)) return `\`${value}\``
    if (kind === 'symbol') {
      if (value === '(') {
        outer.push(inTables)
        inTables = here
      } else if (value === ')') {
        inTables = outer.pop() ?? false
        here = false
      } else {
        if (value === ';') inTables = false
        here = value === ',' && inTables
      }
    } else if (kind === 'word' && beforeTable.has(value)) {
      here = inTables = !isOther(value, tokens, at)
    } else {
      if (kind === 'word' && endsTables.has(value)) inTables = false
      here = false
    }
  }
  return undefined
}

/** `IS [NOT] DISTINCT FROM` names no table, `DROP TABLE` none that is read. */
function isOther(value: string, tokens: readonly SqlToken[], at: number): boolean {
  const [before, last] = [tokens[at - 2]?.value, tokens[at - 1]?.value]
  if (value === 'table') return /^(?:create|replace|temp|temporary|drop|alter)$/.test(last ?? '')
  return last === 'distinct' && (before === 'is' || before === 'not')
}
