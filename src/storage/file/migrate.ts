import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import { addTimeframeSql, candleViewSql } from '../../schema/candles.ts'
import { defaultCandles } from '../../schema/create.ts'
import { migrations, schemaVersion } from '../../schema/migrations.ts'
import { timeframes, type Timeframe } from '../../time.ts'
import { inTransaction } from '../duckdb/transaction.ts'
import { readRows } from '../duckdb/read-rows.ts'

/**
 * Brings the connection's file to this package's schema, adds the given candle timeframes and
 * returns those that the file keeps. A newer file is refused (`SCHEMA_NEWER`) and never touched; a failed step leaves the file as
 * it was before that step.
 */
export async function migrate(
  connection: DuckDBConnection,
  candles: readonly Timeframe[] | undefined,
  steps: readonly (readonly string[])[] = migrations,
): Promise<Timeframe[]> {
  let version = await readSchemaVersion(connection)
  const fresh = version === 0
  refuseNewer(version, steps.length)
  for (; version < steps.length; version++) {
    await inTransaction(connection, async () => {
      // As one text: each statement of its own is a trip to another thread and back.
      if (steps[version]!.length > 0) await connection.run(steps[version]!.join(';\n'))
      await connection.run(
        version === 0
          ? `CREATE TABLE pairduck_schema AS SELECT 1::INTEGER AS version, ''::VARCHAR AS candles`
          : `UPDATE pairduck_schema SET version = ${version + 1}
             WHERE version = ${version} OR error('the schema version changed under the migration')`,
      )
    })
  }
  return matchCandles(connection, candles, fresh)
}

/** Throws SCHEMA_NEWER for a version that this package does not know. */
export function refuseNewer(
  version: number,
  known: number = schemaVersion,
  subject = 'the file',
): void {
  if (version > known)
    throw new PairduckError(
      'SCHEMA_NEWER',
      `${subject} has schema version ${version}, this pairduck knows up to ${known}: update pairduck`,
      { version, known },
    )
}

/** 0 for a file without our schema. */
export async function readSchemaVersion(connection: DuckDBConnection): Promise<number> {
  return (await readSchema(connection, 'version')) ?? 0
}

/**
 * A column of our one-row schema table; undefined where there is none. Asking for it and failing
 * takes a fraction of what a look into the engine's catalogue does, which lists all open files.
 */
async function readSchema<T extends number | string>(
  connection: DuckDBConnection,
  column: 'version' | 'candles',
): Promise<T | undefined> {
  try {
    const [row] = await readRows<Record<string, T>>(
      connection,
      `SELECT ${column} FROM pairduck_schema`,
    )
    return row?.[column]
  } catch (error) {
    if (error instanceof Error && /pairduck_schema does not exist/.test(error.message))
      return undefined
    throw error
  }
}

/**
 * Adds the wanted timeframes that the file does not keep yet and returns all that it keeps. What
 * a file keeps is never taken away by opening it: a command line with other options may come by.
 */
async function matchCandles(
  connection: DuckDBConnection,
  wanted: readonly Timeframe[] | undefined,
  fresh: boolean,
): Promise<Timeframe[]> {
  const names = ((await readSchema<string>(connection, 'candles')) ?? '').split(' ')
  const kept = timeframes.filter((timeframe) => names.includes(timeframe))
  const missing = (wanted ?? (kept.length > 0 ? [] : defaultCandles)).filter(
    (timeframe) => !kept.includes(timeframe),
  )
  const all = timeframes.filter(
    (timeframe) => kept.includes(timeframe) || missing.includes(timeframe),
  )
  if (missing.length > 0)
    await inTransaction(connection, async () => {
      // A new file has no ticks to fold: its views alone are made in a third of the time.
      const sql = missing.flatMap((timeframe) =>
        fresh ? [candleViewSql(timeframe)] : addTimeframeSql(timeframe),
      )
      sql.push(`UPDATE pairduck_schema SET candles = '${all.join(' ')}'`)
      await connection.run(sql.join(';\n'))
    })
  return all
}
