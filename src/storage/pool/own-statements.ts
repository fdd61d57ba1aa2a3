import { StatementType, type DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import { aliasPattern } from '../duckdb/engine.ts'
import { bindAll, rowsOf, type SqlParams } from '../duckdb/read-rows.ts'
import { refuseNul } from '../duckdb/one-select.ts'
import { sqlTokens } from '../duckdb/sql-tokens.ts'
import { reachOf } from './reaching.ts'

/** Statements that stay within the pair's own database, as long as their text names no other. */
const allowed: ReadonlySet<StatementType> = new Set([
  StatementType.SELECT,
  StatementType.INSERT,
  StatementType.UPDATE,
  StatementType.DELETE,
  StatementType.MERGE_INTO,
  StatementType.CREATE,
  StatementType.CREATE_FUNC,
  StatementType.ALTER,
  StatementType.DROP,
  StatementType.TRANSACTION,
  StatementType.EXPLAIN,
  StatementType.PREPARE,
  StatementType.EXECUTE,
  StatementType.VACUUM,
])
/**
 * Runs statements of a lease and gives the rows of the last. What could reach another pair, a file
 * or the engine's settings is refused (`WRITE_REFUSED`) before it runs.
 */
export async function runOwnStatements<Row>(
  connection: DuckDBConnection,
  { sql, params = {}, alias }: { sql: string; params?: SqlParams | undefined; alias: string },
): Promise<Row[]> {
  refuseNul(sql)
  if (sqlTokens(sql)?.length === 0) throw new TypeError('the text holds no statement')
  refuseReaching(sql, alias)
  await refuseShadowing(connection, sql)
  const statements = await connection.extractStatements(sql)
  let rows: Row[] = []
  for (let at = 0; at < statements.count; at++) {
    const statement = await statements.prepare(at)
    try {
      if (!allowed.has(statement.statementType))
        throw refused(`a statement of the kind ${StatementType[statement.statementType]}`)
      if (at === statements.count - 1) bindAll(statement, params)
      rows = rowsOf<Row>(await statement.run())
    } finally {
      statement.destroySync()
    }
  }
  return rows
}

/** By the text, before the engine sees it: it looks into files when it plans. */
function refuseReaching(sql: string, alias: string): void {
  const others = sql.match(aliasPattern) ?? []
  if (others.some((other) => other.toLowerCase() !== alias))
    throw refused('what names another pair’s database')
  const reach = reachOf(sql)
  if (reach !== undefined) throw refused(reach)
}

/** A macro by the name of a function stands in front of it for all that reads the pair's file. */
async function refuseShadowing(connection: DuckDBConnection, sql: string): Promise<void> {
  const macros = macrosMadeBy(sql)
  if (macros.length === 0) return
  const builtIn = await connection.runAndReadAll(
    'SELECT DISTINCT function_name FROM duckdb_functions() WHERE internal',
  )
  const names = new Set(builtIn.getRows().map(([name]) => String(name).toLowerCase()))
  const macro = macros.find((name) => names.has(name))
  if (macro !== undefined)
    throw new PairduckError(
      'WRITE_REFUSED',
      `\`${macro}\` is a function of DuckDB, which a macro of that name would replace for every reader of the pair: give it another name`,
      { macro },
    )
}

/** `CREATE [OR REPLACE] [TEMP] MACRO | FUNCTION [IF NOT EXISTS] [schema.]name(…)`: each name. */
function macrosMadeBy(sql: string): string[] {
  const tokens = sqlTokens(sql) ?? []
  const names: string[] = []
  for (const [at, { kind, value }] of tokens.entries()) {
    const isMade =
      kind === 'word' &&
      (value === 'macro' || value === 'function') &&
      /^(?:create|replace|temp|temporary)$/.test(tokens[at - 1]?.value ?? '')
    if (!isMade) continue
    const open = tokens.findIndex((token, index) => index > at && token.value === '(')
    if (open > 0) names.push(tokens[open - 1]!.value.toLowerCase())
  }
  return names
}

function refused(what: string): PairduckError {
  return new PairduckError(
    'WRITE_REFUSED',
    `a lease works on the tables of its own pair: ${what} reaches outside it`,
  )
}
