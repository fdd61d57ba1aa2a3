import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../errors.ts'
import { addTimeframeSql, candleViewSql } from '../schema/candles.ts'
import { defaultCandles } from '../schema/create.ts'
import { migrations, schemaVersion } from '../schema/migrations.ts'
import { candleRelation } from '../schema/tables.ts'
import { timeframes, type Timeframe } from '../time.ts'
import { inTransaction } from './transaction.ts'
import { readRows } from './read-rows.ts'

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
          ? `CREATE TABLE pairduck_schema AS SELECT 1::INTEGER AS version`
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
  const [there] = await readRows<{ tables: number }>(
    connection,
    `SELECT count(*) AS tables FROM duckdb_tables()
     WHERE database_name = current_database() AND table_name = 'pairduck_schema'`,
  )
  if (there?.tables === 0) return 0
  const [row] = await readRows<{ version: number }>(
    connection,
    'SELECT version FROM pairduck_schema',
  )
  return row?.version ?? 0
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
  const views = await readRows<{ name: string }>(
    connection,
    `SELECT view_name AS name FROM duckdb_views()
     WHERE database_name = current_database() AND NOT internal`,
  )
  const kept = timeframes.filter((timeframe) =>
    views.some(({ name }) => name === candleRelation(timeframe)),
  )
  const missing = (wanted ?? (kept.length > 0 ? [] : defaultCandles)).filter(
    (timeframe) => !kept.includes(timeframe),
  )
  if (missing.length > 0)
    await inTransaction(connection, async () => {
      // A new file has no ticks to fold: its views alone are made in a third of the time.
      const sql = missing.flatMap((timeframe) =>
        fresh ? [candleViewSql(timeframe)] : addTimeframeSql(timeframe),
      )
      await connection.run(sql.join(';\n'))
    })
  return timeframes.filter((timeframe) => kept.includes(timeframe) || missing.includes(timeframe))
}
