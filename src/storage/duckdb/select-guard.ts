import type { Query } from '../../queries/query.ts'
import { Collecting } from './collected-values.ts'
import { faultOfAliases } from './alias-growth.ts'
import { faultOfCaptured } from './captured-columns.ts'
import { faultOfCost } from './step-cost.ts'
import { plainFunctions } from './plain-functions.ts'
import { sqlTokens } from './sql-tokens.ts'
import { faultOfPacking } from './packed-values.ts'
import { faultOfWidth } from './result-width.ts'
import { faultOfGrowth } from './value-growth.ts'

/** Table functions that reach nothing outside the statement. */
const plainTableFunctions = new Set([
  'range',
  'generate_series',
  'unnest',
  'repeat',
  'repeat_row',
  'json_each',
  'json_tree',
])
/** Scalar functions that reach outside the rows they are given; one binds a text, and so opens files. */
const refusedFunctions =
  /^(?:getenv|read_\w+|query|query_table|json_serialize_plan|json_execute_serialized_sql|write_log|(?:force_)?checkpoint|pairduck_\w+|nextval|currval|which_secret|current_setting|\w*_scan)$/
const ownSchemas = ['', 'main', 'temp', 'information_schema', 'pg_catalog']
/** Anything else is a path, which the engine would open. */
const plainName = /^[^./\\:]+$/

/** What a SELECT may name. */
export interface SelectScope {
  /** Schemas beside the pair's own. */
  readonly schemas?: readonly string[]
  /** What the engine calls the pair's own file, where the text may say it. */
  readonly database?: string | undefined
  /** Whether it may ask the engine's catalogue, which lists the files of other pairs too. */
  readonly catalog: boolean
  /** Whether a stranger wrote it: what may keep the engine busy for hours is refused. */
  readonly isStrangers: boolean
}

/** What the engine's own parser makes of a text. */
export function parseSelectQuery(text: string): Query<{ tree: string }> {
  return {
    name: 'parseSelect',
    sql: `SELECT json_serialize_sql($text::VARCHAR)::VARCHAR AS "tree"`,
    params: { text },
  }
}

/** What is wrong with a text as one SELECT over a pair's tables; undefined: nothing. */
export interface SelectFault {
  readonly reason: string
  /** The engine could not parse it. */
  readonly isSyntax: boolean
}

/**
 * What is wrong with a stranger's text that its parsed form does not tell, in words; undefined: nothing.
 * NOT MATERIALIZED makes the engine plan a subquery anew wherever it is named: twenty, each named
 * twice by the next, are a million.
 */
export function faultOfWords(sql: string): string | undefined {
  if (!/materialized/i.test(sql)) return undefined
  const tokens = sqlTokens(sql)
  const isTaken = tokens?.every(
    ({ kind, value }, at) =>
      kind !== 'word' || value !== 'materialized' || tokens[at - 1]?.value !== 'not',
  )
  return isTaken === true ? undefined : 'NOT MATERIALIZED is not taken'
}

/** Checks the answer of {@link parseSelectQuery}: one SELECT, no files, no network, no other pairs. */
export function faultOfSelect(tree: string, scope: SelectScope): SelectFault | undefined {
  const parsed = JSON.parse(tree) as SerializedSql
  if (parsed.error) {
    const { error_message: says = 'Only SELECT', error_type: type } = parsed
    // It speaks of a function of its own then, which nobody has called.
    const reason = says.startsWith('Only SELECT') ? 'it is no SELECT, or not only one' : says
    return { reason, isSyntax: type === 'parser' }
  }
  const { statements } = parsed
  const reason =
    statements.length === 1
      ? (outsideOf(statements[0], scope) ??
        faultOfGrowth(statements[0], scope) ??
        (scope.isStrangers
          ? (faultOfAliases(statements[0]) ?? faultOfStep(statements[0]))
          : undefined))
      : statements.length === 0
        ? 'it is empty'
        : `it is ${statements.length} statements`
  return reason === undefined ? undefined : { reason, isSyntax: false }
}

function faultOfStep(statement: unknown): string | undefined {
  const { collected, fault } = new Collecting(statement)
  return (
    faultOfWidth(statement) ??
    faultOfCost(statement, { collects: collected.length > 0 }) ??
    faultOfPacking(statement) ??
    faultOfCaptured(statement) ??
    fault
  )
}

/** What `json_serialize_sql` gives. */
type SerializedSql =
  | { readonly error: false; readonly statements: readonly unknown[] }
  | { readonly error: true; readonly error_type?: string; readonly error_message?: string }

/** Looks at every node of a parsed statement; says what reaches outside the pair. */
function outsideOf(node: unknown, scope: SelectScope): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const own = Array.isArray(node) ? undefined : faultOfNode(node, scope)
  if (own !== undefined) return own
  for (const child of Object.values(node)) {
    const found = outsideOf(child, scope)
    if (found !== undefined) return found
  }
  return undefined
}

interface Node {
  readonly type?: unknown
  readonly class?: unknown
  readonly catalog_name?: unknown
  readonly schema_name?: unknown
  readonly table_name?: unknown
  readonly function_name?: unknown
  readonly function?: { readonly function_name?: unknown }
  readonly query?: unknown
}

function faultOfNode(node: Node, scope: SelectScope): string | undefined {
  if (node.type === 'BASE_TABLE') return faultOfTable(node, scope)
  if (node.type === 'SHOW_REF' && node.query === null && !scope.catalog)
    return 'what is shown names other pairs; DESCRIBE a table'
  if (node.type === 'TABLE_FUNCTION') {
    const name = lower(node.function?.function_name)
    const isKnown =
      plainTableFunctions.has(name) || (scope.catalog && /^(?:duckdb|pragma)_\w+$/.test(name))
    return isKnown ? undefined : `\`${name}\` reaches outside the pair`
  }
  if (node.class !== 'FUNCTION' && node.class !== 'WINDOW') return undefined
  const name = lower(node.function_name)
  if (refusedFunctions.test(name)) return `\`${name}\` reaches outside the pair`
  return scope.isStrangers && !plainFunctions.has(name)
    ? `\`${name}\` is none of the functions that are taken over HTTP`
    : undefined
}

function faultOfTable(
  node: Node,
  { schemas = [], database: own = '', catalog }: SelectScope,
): string | undefined {
  const parts = [node.catalog_name, node.schema_name, node.table_name].map((part) =>
    typeof part === 'string' ? part : '',
  )
  const [database, schema, table] = parts as [string, string, string]
  const isOwn = [...ownSchemas, ...schemas.map(lower)].includes(lower(schema))
  const isPlain = plainName.test(table) && (catalog || !isOfCatalog(schema, table))
  if ((database === '' || database === own) && isOwn && isPlain) return undefined
  return `\`${parts.filter((part) => part !== '').join('.')}\` is no table of the pair`
}

/** Views of the engine's own: most need no schema, and two tell of the tables that there are. */
function isOfCatalog(schema: string, table: string): boolean {
  if (lower(schema) === 'information_schema') return !/^(?:tables|columns)$/i.test(table)
  return /^(?:duckdb|pragma|sqlite|pg)_/i.test(table)
}

function lower(name: unknown): string {
  return typeof name === 'string' ? name.toLowerCase() : ''
}
