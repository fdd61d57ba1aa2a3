import { setTimeout as delay } from 'node:timers/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { isCheckpointBlocked } from './duckdb-errors.ts'

/** What ends does so within a moment; what does not keeps a log in which everything is. */
const longestBlockMs = 1000
const againMs = 10

/**
 * Runs `work` in a transaction of the connection: all of it is durable when the promise resolves,
 * nothing of it when it rejects. On an error it is always ROLLBACK, never COMMIT: a COMMIT of an
 * aborted transaction resolves and keeps nothing. The statements `first` go before `work`, on the
 * way to the engine that BEGIN takes: each way costs as much as a small statement.
 */
export function inTransaction<T>(
  connection: DuckDBConnection,
  work: () => Promise<T>,
  first = '',
): Promise<T> {
  return unlessItFails(connection, `BEGIN TRANSACTION; ${first}`, async () => {
    const result = await work()
    await connection.run('COMMIT')
    return result
  })
}

/** Runs `work` in a transaction that cannot write to any database. */
export async function readOnly<T>(
  connection: DuckDBConnection,
  work: () => Promise<T>,
): Promise<T> {
  const result = await beginReadOnly(connection, work)
  await rollback(connection)
  return result
}

/** The same for what is read later: the transaction stays open, until somebody ends it, unless `work` fails. */
export function beginReadOnly<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  return unlessItFails(connection, 'BEGIN TRANSACTION READ ONLY', work)
}

/** An interrupt that meets BEGIN itself may leave a transaction behind, aborted already. */
async function unlessItFails<T>(
  connection: DuckDBConnection,
  begin: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    await connection.run(begin)
    return await work()
  } catch (error) {
    await rollback(connection)
    throw error
  }
}

/**
 * Interrupts connections until `done` settles: one interrupt ends only the statement that runs,
 * and others may stand in line behind it.
 */
export async function interruptUntil(
  connections: Iterable<DuckDBConnection>,
  done: Promise<unknown>,
): Promise<void> {
  const interrupt = (): void => {
    for (const connection of connections) connection.interrupt()
  }
  interrupt()
  const again = setInterval(interrupt, 10)
  try {
    await done
  } finally {
    clearInterval(again)
  }
}

/** Ends whatever transaction is open; harmless when none is. */
export async function rollback(connection: DuckDBConnection): Promise<void> {
  for (;;) {
    try {
      await connection.run('ROLLBACK')
      return
    } catch (error) {
      // An interrupt that was meant for the statement before; all else is that no transaction is active.
      if (!/INTERRUPT/.test(String(error))) return
    }
  }
}

/** Checkpoints once what was interrupted or released just now has let go of the database. */
export async function checkpointUnblocked(checkpoint: () => Promise<void>): Promise<void> {
  const until = performance.now() + longestBlockMs
  for (;;) {
    try {
      return await checkpoint()
    } catch (error) {
      if (!isCheckpointBlocked(error) || performance.now() > until) throw error
      await delay(againMs)
    }
  }
}
