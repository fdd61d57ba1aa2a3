import { LRUCache } from 'lru-cache'
import { PairduckError } from '../../errors.ts'
import type { PairLike } from '../../pair.ts'
import { query, type Query } from '../../queries/query.ts'
import type { MarketStore } from '../../storage/market-store.ts'

/** Table functions that reach nothing outside the statement. */
const tableFunctions = new Set(['range', 'generate_series', 'unnest', 'repeat', 'repeat_row'])
/** Scalar functions that reach outside the rows they are given. */
const refusedFunctions =
  /^(?:getenv|read_\w+|query|query_table|write_log|checkpoint|pairduck_\w+|nextval|currval|which_secret|current_setting|\w*_scan)$/
/** The schemas whose tables are the pair's own. */
const schemas = new Set(['', 'main', 'information_schema'])
const maxSqlCharacters = 100_000

/**
 * Lets through one SELECT over the pair's own tables, by what the engine's own parser makes of it,
 * and refuses all else (`REQUEST_REFUSED`): other statements, files, the network, other pairs.
 * That the statement cannot write is the work of its transaction, which only reads.
 */
export class SelectGuard {
  readonly #store: MarketStore
  /** Texts that passed: builders ask the same one again and again. */
  readonly #passed = new LRUCache<string, true>({ max: 500 })

  constructor(store: MarketStore) {
    this.#store = store
  }

  async check(pair: PairLike, sql: string): Promise<void> {
    if (this.#passed.has(sql)) return
    if (sql.length > maxSqlCharacters)
      throw refused(`it is longer than ${maxSqlCharacters} characters`)
    const parse: Query<{ tree: string }> = query(
      'parseSelect',
      `SELECT json_serialize_sql($text::VARCHAR)::VARCHAR AS "tree"`,
      { text: sql },
    )
    const [row] = await this.#store.query(pair, parse)
    const tree = JSON.parse(row?.tree ?? '{"error":true}') as SerializedSql
    if (tree.error) throw refused(tree.error_message ?? 'it is no SELECT')
    if (tree.statements.length !== 1) throw refused('it is more than one statement')
    refuseOutside(tree.statements[0])
    this.#passed.set(sql, true)
  }
}

/** What `json_serialize_sql` gives. */
type SerializedSql =
  | { readonly error: false; readonly statements: readonly unknown[] }
  | { readonly error: true; readonly error_message?: string }

/** Looks at every node of a parsed statement. */
function refuseOutside(node: unknown): void {
  if (typeof node !== 'object' || node === null) return
  if (Array.isArray(node)) {
    for (const each of node) refuseOutside(each)
    return
  }
  const {
    type,
    class: kind,
    table_name,
    schema_name,
    catalog_name,
    function_name,
  } = node as Record<string, unknown>
  const name = typeof function_name === 'string' ? function_name.toLowerCase() : undefined
  if (type === 'BASE_TABLE') refuseTable({ table_name, schema_name, catalog_name })
  else if (type === 'TABLE_FUNCTION')
    refuseTableFunction((node as { readonly function?: unknown }).function)
  else if (kind === 'FUNCTION' && name !== undefined && refusedFunctions.test(name))
    throw refused(`\`${name}\` reaches outside the pair`)
  for (const child of Object.values(node)) refuseOutside(child)
}

function refuseTable(named: Readonly<Record<string, unknown>>): void {
  const [table, schema, catalog] = [
    named['table_name'],
    named['schema_name'],
    named['catalog_name'],
  ].map((part) => (typeof part === 'string' ? part : '')) as [string, string, string]
  if (catalog !== '' || !schemas.has(schema.toLowerCase()) || !/^\w+$/.test(table))
    throw refused(
      `\`${[catalog, schema, table].filter((part) => part !== '').join('.')}\` is no table of the pair`,
    )
}

function refuseTableFunction(call: unknown): void {
  const name = String(
    (call as { readonly function_name?: unknown } | undefined)?.function_name,
  ).toLowerCase()
  if (!tableFunctions.has(name)) throw refused(`\`${name}\` reaches outside the pair`)
}

function refused(why: string): PairduckError {
  return new PairduckError(
    'REQUEST_REFUSED',
    `sql: ${why}; expected one SELECT over the tables of the pair`,
  )
}
