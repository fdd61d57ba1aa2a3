import type { DuckDBConnection } from '@duckdb/node-api'
import { LRUCache } from 'lru-cache'
import { PairduckError } from '../../errors.ts'
import type { Query } from '../../queries/query.ts'
import { withBoundedCollecting } from './collected-values.ts'
import { readRows } from './read-rows.ts'
import { boundValues } from './value-bounds.ts'
import { faultOfSelect, faultOfWords, parseSelectQuery, type SelectScope } from './select-guard.ts'

/** Texts that passed: builders ask the same one again and again. */
const passed = new LRUCache<string, true>({
  max: 1000,
  maxSize: 8_000_000,
  sizeCalculation: sizeOf,
})

/**
 * Refuses all that is not one SELECT over the tables of the pair (`WRITE_REFUSED`), by what the
 * engine's own parser makes of the text. Several statements in one text all run, and what they set
 * outlives the call: after `SELECT 1; USE p2` a connection would answer with the rows of another
 * pair. And who opens a database's file again, if only to read it, drops the lock on it when it is
 * closed. A text that cannot be parsed is left to the engine, which says where.
 */
export async function refuseNotOneSelect(
  connection: DuckDBConnection,
  { sql, isStrangers = false }: Pick<Query<unknown>, 'sql' | 'isStrangers'>,
  schemas: readonly string[] = [],
  database?: string,
): Promise<void> {
  refuseNul(sql)
  await boundValues(connection, sql, { isStrangers })
  const key = JSON.stringify([schemas, database, isStrangers, sql])
  if (passed.has(key)) return
  const scope: SelectScope = { schemas, database, catalog: !isStrangers, isStrangers }
  const { sql: parse, params } = parseSelectQuery(sql)
  const [row] = await readRows<{ tree: string }>(connection, parse, params)
  const words = isStrangers ? faultOfWords(sql) : undefined
  const fault =
    words === undefined ? faultOfSelect(row!.tree, scope) : { reason: words, isSyntax: false }
  if (fault === undefined) passed.set(key, true)
  else if (!fault.isSyntax)
    throw new PairduckError(
      'WRITE_REFUSED',
      `a query is one SELECT over the tables of the pair, and of this the engine says: ${fault.reason}`,
    )
}

/**
 * The same for what a text of a stranger's was made into: he may have put what is taken out or
 * replaced there where it is no code, and what is left is another statement then. Gives what is run.
 * `database`: what the engine calls the pair's own file, where the text was made to say it.
 */
export async function refuseMadeInto(
  connection: DuckDBConnection,
  { isStrangers, params }: Pick<Query<unknown>, 'isStrangers' | 'params'>,
  text: string,
  database?: string,
): Promise<string> {
  if (isStrangers !== true) return text
  await refuseNotOneSelect(connection, { sql: text, isStrangers }, [], database)
  return withBoundedCollecting(connection, { sql: text, params, isStrangers })
}

/** The engine would read up to there, and nothing behind it. */
export function refuseNul(sql: string): void {
  const at = sql.indexOf('\0')
  if (at >= 0) throw new TypeError(`the statement holds the character NUL, at ${at}`)
}

function sizeOf(_passed: true, key: string): number {
  return key.length
}
