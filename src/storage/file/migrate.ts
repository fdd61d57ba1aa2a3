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
 * returns those that the file keeps. A newer file is refused (`SCHEMA_NEWER`) and never touched; a
 * failed step leaves the file as it was before that step.
 */
export async function migrate(
  connection: DuckDBConnection,
  candles: readonly Timeframe[] | undefined,
  steps: readonly (readonly string[])[] = migrations,
  /** What the file says, where it was read just now. */
  stored?: StoredSchema,
): Promise<Timeframe[]> {
  const { version, candles: kept } = stored ?? (await readSchema(connection))
  refuseNewer(version, steps.length)
  if (version === 0) return create(connection, candles, steps)
  for (let from = version; from < steps.length; from++) await upgrade(connection, from, steps, kept)
  return addMissing(connection, candles, kept)
}

/** All versions in one transaction: a new file is ours and whole, or still empty. */
async function create(
  connection: DuckDBConnection,
  wanted: readonly Timeframe[] = defaultCandles,
  steps: readonly (readonly string[])[],
): Promise<Timeframe[]> {
  const candles = timeframes.filter((timeframe) => wanted.includes(timeframe))
  await inTransaction(connection, () =>
    run(connection, [
      ...emptyVersionSql(candles, steps),
      ...candles.map((timeframe) => candleViewSql(timeframe)),
    ]),
  )
  return candles
}

/**
 * The statements that make an empty file of a version, the number of `steps`. The views are
 * left out: they are this package's and need the newest version, to which {@link migrate} brings it.
 */
export function emptyVersionSql(
  candles: readonly Timeframe[],
  steps: readonly (readonly string[])[],
): string[] {
  return [
    ...steps.flat(),
    `CREATE TABLE pairduck_schema AS
     SELECT ${steps.length}::INTEGER AS version, '${candles.join(' ')}'::VARCHAR AS candles`,
  ]
}

/** One version on, in one transaction; with the last one the views become those of this package. */
async function upgrade(
  connection: DuckDBConnection,
  from: number,
  steps: readonly (readonly string[])[],
  kept: readonly Timeframe[],
): Promise<void> {
  const views = from + 1 === steps.length ? kept.map((timeframe) => candleViewSql(timeframe)) : []
  await inTransaction(connection, () =>
    run(connection, [
      ...steps[from]!,
      ...views,
      `UPDATE pairduck_schema SET version = ${from + 1}
       WHERE version = ${from} OR error('the schema version changed under the migration')`,
    ]),
  )
}

/** As one text: each statement of its own is a trip to another thread and back. */
async function run(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  await connection.run(statements.join(';\n'))
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

/** What a file says of itself. */
export interface StoredSchema {
  /** 0 for a file without our schema. */
  readonly version: number
  /** The timeframes that it keeps candles of. */
  readonly candles: Timeframe[]
}

/**
 * Reads our one-row schema table. Asking for it and failing takes a fraction of what a look into the
 * engine's catalogue does, which lists all open files.
 */
export async function readSchema(connection: DuckDBConnection): Promise<StoredSchema> {
  try {
    const [row] = await readRows<{ version: number; candles: string | null }>(
      connection,
      'SELECT * FROM pairduck_schema',
    )
    const names = (row?.candles ?? '').split(' ')
    return {
      version: row?.version ?? 0,
      candles: timeframes.filter((timeframe) => names.includes(timeframe)),
    }
  } catch (error) {
    if (error instanceof Error && /pairduck_schema does not exist/.test(error.message))
      return { version: 0, candles: [] }
    throw error
  }
}

/**
 * Adds the wanted timeframes that the file does not keep yet and returns all that it keeps. What
 * a file keeps is never taken away by opening it: a command line with other options may come by.
 */
async function addMissing(
  connection: DuckDBConnection,
  wanted: readonly Timeframe[] | undefined,
  kept: Timeframe[],
): Promise<Timeframe[]> {
  const missing = (wanted ?? (kept.length > 0 ? [] : defaultCandles)).filter(
    (timeframe) => !kept.includes(timeframe),
  )
  if (missing.length === 0) return kept
  const all = timeframes.filter(
    (timeframe) => kept.includes(timeframe) || missing.includes(timeframe),
  )
  await inTransaction(connection, () =>
    run(connection, [
      ...missing.flatMap((timeframe) => addTimeframeSql(timeframe)),
      `UPDATE pairduck_schema SET candles = '${all.join(' ')}'`,
    ]),
  )
  return all
}
