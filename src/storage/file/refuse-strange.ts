import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import { schemaVersion } from '../../schema/migrations.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { readSchema, refuseNewer, type StoredSchema } from './migrate.ts'

/** Looks, before the first byte is written, whether the file is one of ours and of our time; returns what it says. */
export async function refuseStrange(
  connection: DuckDBConnection,
  name: string,
): Promise<StoredSchema> {
  const stored = await readSchema(connection)
  refuseNewer(stored.version, schemaVersion, name)
  if (stored.version > 0) return stored
  const [found] = await readRows<{ relations: number }>(
    connection,
    `SELECT count(*) AS relations FROM information_schema.tables
     WHERE table_catalog = current_database()`,
  )
  if (found!.relations > 0)
    throw new PairduckError(
      'PAIR_CORRUPT',
      `${name}: the file is a DuckDB database, but none that pairduck made`,
    )
  return stored
}
