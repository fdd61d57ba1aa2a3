import type { DuckDBConnection } from '@duckdb/node-api'
import type { Query } from '../../queries/query.ts'
import { readRows, type SqlParams } from './read-rows.ts'
import { sqlTokens } from './sql-tokens.ts'

/** A SELECT of which the columns are named as those of the text that it was made from. */
export async function withNamesOf(
  connection: DuckDBConnection,
  made: string,
  { sql, params }: Pick<Query<unknown>, 'sql' | 'params'>,
): Promise<string> {
  const names = await namesOf(connection, sql, params)
  const own = await namesOf(connection, made, params)
  if (names.every((name, column) => name === own[column])) return made
  const places = names.map((_, column) => `c${column}`)
  const columns = names.map((name, column) => `c${column} AS ${quotedName(name)}`)
  return `SELECT ${columns.join(', ')} FROM (${inner(made)}) AS given(${places.join(', ')})`
}

async function namesOf(
  connection: DuckDBConnection,
  sql: string,
  params: SqlParams,
): Promise<string[]> {
  // Before the types of its parameters are known a statement does not tell them.
  if (Object.keys(params).length > 0) {
    const described = `SELECT column_name AS "name" FROM (DESCRIBE ${inner(sql)})`
    // What is no SELECT, such as a SUMMARIZE, is not described.
    const rows = await readRows<{ name: string }>(connection, described, params).catch(() => [])
    return rows.map(({ name }) => name)
  }
  const statement = await connection.prepare(sql)
  try {
    return Array.from({ length: statement.columnCount }, (_, column) =>
      statement.columnName(column),
    )
  } finally {
    statement.destroySync()
  }
}

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** To stand within another statement: a comment, or a semicolon before it, may be at its end. */
function inner(sql: string): string {
  return sql.slice(0, sqlTokens(sql)?.findLast(({ value }) => value !== ';')?.end)
}
