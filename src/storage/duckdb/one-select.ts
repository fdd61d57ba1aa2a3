import { StatementType, type DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'

/**
 * Refuses all that is not one SELECT (`WRITE_REFUSED`), by what the engine's own parser makes of
 * the text. Several statements in one text all run, and what they set outlives the call: after
 * `SELECT 1; USE p2` a connection would answer with the rows of another pair.
 */
export async function refuseNotOneSelect(connection: DuckDBConnection, sql: string): Promise<void> {
  if (isPlainlyOneSelect(sql)) return
  const statements = await connection.extractStatements(sql)
  if (statements.count !== 1)
    throw new PairduckError(
      'WRITE_REFUSED',
      `a query is one SELECT, and this text has ${statements.count} statements`,
    )
  const statement = await statements.prepare(0)
  const kind = statement.statementType
  statement.destroySync()
  if (kind !== StatementType.SELECT)
    throw new PairduckError(
      'WRITE_REFUSED',
      `a query is one SELECT, and this is ${StatementType[kind]}: use \`execute\` of a lease`,
    )
}

/** A text that begins like one and holds no `;` can be nothing else; WITH may begin an INSERT too. */
function isPlainlyOneSelect(sql: string): boolean {
  return (
    !sql.includes(';') &&
    (/^\s*(?:select|from)\b/i.test(sql) ||
      (/^\s*with\b/i.test(sql) && !/\b(?:insert|update|delete|merge)\b/i.test(sql)))
  )
}
