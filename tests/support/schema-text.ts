import type { DuckDBConnection } from '@duckdb/node-api'

/**
 * Everything that the schema of the connection's database is, as statements that make it again:
 * tables with their first rows, then views.
 */
export async function schemaText(connection: DuckDBConnection): Promise<string> {
  const statements: string[] = []
  for (const [table, sql] of await texts(connection, tablesSql)) {
    statements.push(sql!)
    for (const row of await texts(connection, `SELECT COLUMNS(*)::VARCHAR FROM ${table}`))
      statements.push(
        `INSERT INTO ${table} VALUES (${row.map((text) => literal(text)).join(', ')});`,
      )
  }
  for (const [sql] of await texts(connection, viewsSql)) statements.push(sql!)
  return `${statements.join('\n')}\n`
}

/** The same without its views. */
export function withoutViews(text: string): string {
  return text.replaceAll(/^CREATE VIEW .*\n/gm, '')
}

const tablesSql = `SELECT table_name, sql FROM duckdb_tables()
  WHERE database_name = current_database() AND NOT internal ORDER BY ALL`
const viewsSql = `SELECT sql FROM duckdb_views()
  WHERE database_name = current_database() AND NOT internal ORDER BY ALL`

/** Rows of VARCHAR columns alone. */
async function texts(connection: DuckDBConnection, sql: string): Promise<string[][]> {
  return (await (await connection.run(sql)).getRowsJson()) as string[][]
}

function literal(text: string | null): string {
  return text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`
}
