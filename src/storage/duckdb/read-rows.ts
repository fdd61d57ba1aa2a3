import type {
  DuckDBConnection,
  DuckDBMaterializedResult,
  DuckDBPreparedStatement,
} from '@duckdb/node-api'
import { shown } from '../../errors.ts'
import type { Query, SqlValue } from '../../queries/query.ts'
import { distinctNames } from './distinct-names.ts'
import { rowMaker } from './row-maker.ts'
import { tooManyRows } from './too-many-rows.ts'
import { columnSink, type ColumnSink, type ColumnValues } from './read-vector.ts'

/** Values of a statement's placeholders, by name or by position. */
export type SqlParams = Readonly<Record<string, SqlValue>> | readonly SqlValue[]

/** Runs one statement and gives its rows as objects: 3 times faster than `getRowObjectsJS`. */
export async function readRows<Row>(
  connection: DuckDBConnection,
  sql: string,
  params?: SqlParams,
  check?: ColumnCheck,
): Promise<Row[]> {
  return rowsOf<Row>(await runStatement(connection, sql, params), check)
}

/** The rows of a query that may have so many: more are refused before any is made, which takes far more memory. */
export async function readBoundedRows<Row>(
  connection: DuckDBConnection,
  { sql, params, mostRows = Infinity }: Query<unknown>,
): Promise<Row[]> {
  const result = await runStatement(connection, sql, params)
  if (result.rowCount > mostRows) throw tooManyRows(mostRows)
  return rowsOf<Row>(result)
}

/** Looks at a column that was read, and throws for what it must not hold. */
export type ColumnCheck = (
  name: string,
  column: { readonly values: ColumnValues; readonly nulls?: Uint8Array | undefined },
) => void

/** The rows of a result as objects. */
export function rowsOf<Row>(result: DuckDBMaterializedResult, check?: ColumnCheck): Row[] {
  const { names, sinks, length } = sinksOf(result, check)
  return rowMaker(names)(sinks, length) as Row[]
}

/** Runs one statement and gives its columns: numbers and times as Float64Array (NULL as NaN). */
export async function readColumns(
  connection: DuckDBConnection,
  sql: string,
  params?: SqlParams,
  check?: ColumnCheck,
): Promise<Record<string, ColumnValues>> {
  const { names, sinks } = sinksOf(await runStatement(connection, sql, params), check)
  return Object.fromEntries(names.map((name, column) => [name, sinks[column]!.values]))
}

function sinksOf(
  result: DuckDBMaterializedResult,
  check: ColumnCheck | undefined,
): {
  names: string[]
  sinks: ColumnSink[]
  length: number
} {
  const length = result.rowCount
  const names = distinctNames(result.columnNames())
  const sinks = names.map((_, column) => columnSink(result.columnType(column), length))
  let at = 0
  for (let index = 0; index < result.chunkCount; index++) {
    const chunk = result.getChunk(index)
    for (const [column, sink] of sinks.entries()) sink.read(chunk, column, at)
    at += chunk.rowCount
  }
  if (check !== undefined) for (const [column, sink] of sinks.entries()) check(names[column]!, sink)
  return { names, sinks, length }
}

/**
 * A number binds as DOUBLE, a bigint as BIGINT, whatever their value. A statement is never kept for
 * the next call, though planning is most of a small one's cost: the engine (1.5.6) plans it by the
 * statistics of that moment, and after a commit beyond them it gives rows that are not there.
 */
async function runStatement(
  connection: DuckDBConnection,
  sql: string,
  params: SqlParams = {},
): Promise<DuckDBMaterializedResult> {
  const entries = Object.entries(params)
  // Without parameters ad-hoc text is run in one hop.
  if (entries.length === 0) return connection.run(sql)
  const statement = await bound(connection, sql, params)
  try {
    return await statement.run()
  } finally {
    statement.destroySync()
  }
}

/** A prepared statement with its parameters; whoever asks for it destroys it. */
export async function bound(
  connection: DuckDBConnection,
  sql: string,
  params: SqlParams = {},
): Promise<DuckDBPreparedStatement> {
  const statement = await connection.prepare(sql)
  try {
    bindAll(statement, params)
    return statement
  } catch (error) {
    statement.destroySync()
    throw error
  }
}

/** Gives a statement the values of its placeholders. */
export function bindAll(statement: DuckDBPreparedStatement, params: SqlParams): void {
  for (const [name, value] of Object.entries(params)) {
    const index = Array.isArray(params) ? Number(name) + 1 : indexOf(statement, name)
    if (index > statement.parameterCount)
      throw new TypeError(
        `values for ${Object.keys(params).length} parameters were given, and the statement has ${statement.parameterCount}`,
      )
    if (value === null) statement.bindNull(index)
    else if (typeof value === 'number') statement.bindDouble(index, value)
    else if (typeof value === 'bigint') statement.bindBigInt(index, inBigInt(name, value))
    else if (typeof value === 'boolean') statement.bindBoolean(index, value)
    else if (typeof value === 'string') statement.bindVarchar(index, value)
    else
      throw new TypeError(
        `parameter \`${name}\`: expected a number, a bigint, a string, a boolean or null, got ${shown(value)}`,
      )
  }
}

function indexOf(statement: DuckDBPreparedStatement, name: string): number {
  try {
    return statement.parameterIndex(name)
  } catch (error) {
    const names = Array.from({ length: statement.parameterCount }, (_, at) =>
      statement.parameterName(at + 1),
    )
    throw new TypeError(
      `the statement has no parameter \`${name}\`; it has: ${names.join(', ') || 'none'}`,
      { cause: error },
    )
  }
}

function inBigInt(name: string, value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value
  throw new TypeError(
    `parameter \`${name}\`: expected a bigint of at most 64 bits, got ${shown(value)}`,
  )
}
