import type { DuckDBConnection } from '@duckdb/node-api'
import type { PairDatabase } from '../pool/pair-database.ts'

/** Lends a reader's connection of an open pair, beside its writer. */
export async function reading<T>(
  database: PairDatabase,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const connection = await database.acquireReader()
  try {
    return await database.budget.read(() => work(connection))
  } finally {
    await database.releaseReader(connection, { reuse: true })
  }
}
