import type { DuckDBConnection } from '@duckdb/node-api'

/**
 * Runs `work` in a transaction of the connection: all of it is durable when the promise resolves,
 * nothing of it when it rejects. On an error it is always ROLLBACK, never COMMIT: a COMMIT of an
 * aborted transaction resolves and keeps nothing.
 */
export async function inTransaction<T>(
  connection: DuckDBConnection,
  work: () => Promise<T>,
): Promise<T> {
  await connection.run('BEGIN TRANSACTION')
  try {
    const result = await work()
    await connection.run('COMMIT')
    return result
  } catch (error) {
    await rollback(connection)
    throw error
  }
}

/** Ends whatever transaction is open; harmless when none is. */
export async function rollback(connection: DuckDBConnection): Promise<void> {
  // The only thing that ROLLBACK can say is that no transaction is active.
  await connection.run('ROLLBACK').catch(() => undefined)
}
