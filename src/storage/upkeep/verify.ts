import type { DuckDBConnection } from '@duckdb/node-api'
import { tables } from '../../schema/tables.ts'
import { wrongCandles } from '../write/candle-check.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import type { PairDatabase } from '../pool/pair-database.ts'
import { RunningRead } from '../pool/running-read.ts'
import { readRows } from '../duckdb/read-rows.ts'

/** What `verify` found. */
export interface VerifyReport {
  /** The pair as text: `exchange/market/symbol`. */
  readonly pair: string
  /** True when nothing is damaged. */
  readonly ok: boolean
  /** What is wrong, in words; empty when all is well. */
  readonly problems: readonly string[]
  /** Rows that were read, by table. */
  readonly rows: Readonly<Record<string, number>>
}

/**
 * Reads every value of every table: a damaged block shows only when its own column is read,
 * counting and even inserting still pass. Then asks whether what is stored can be true. The signal
 * interrupts what is read.
 */
export async function verifyDatabase(
  database: PairDatabase,
  signal?: AbortSignal,
): Promise<VerifyReport> {
  const connection = await database.acquireReader()
  const problems: string[] = (database.loss?.rows ?? []).map(
    ({ relation, expectedRows, foundRows }) =>
      `${relation}: ${expectedRows} rows when last closed, ${foundRows} when opened: rows are lost`,
  )
  const rows: Record<string, number> = {}
  const reading = <T>(statement: () => Promise<T>): Promise<T> =>
    database.budget.read(() => {
      signal?.throwIfAborted()
      return new RunningRead(connection).run(statement, signal)
    }, signal)
  try {
    for (const table of tables) {
      try {
        rows[table] = await reading(() => readWhole(connection, table))
      } catch (error) {
        signal?.throwIfAborted()
        const problem = fromDuckDb(error, 'cannot be read', 'PAIR_CORRUPT')
        // What ended the reading is no fault of the file.
        if (problem.code !== 'PAIR_CORRUPT') throw problem
        problems.push(`${table}: ${problem.message}`)
      }
    }
    if (problems.length === 0)
      problems.push(
        ...(await reading(() => impossible(connection))),
        ...(await reading(() => wrongCandles(connection, database.candles))),
      )
  } finally {
    await database.releaseReader(connection, { reuse: true })
  }
  return { pair: database.name, ok: problems.length === 0, problems, rows }
}

/** Hashing whole rows makes the engine read all of them; the sum keeps it from dropping that. */
export async function readWhole(connection: DuckDBConnection, table: string): Promise<number> {
  const [row] = await readRows<{ rows: number }>(
    connection,
    `SELECT count(*) AS rows, bit_xor(hash(whole)) AS hash FROM ${table} AS whole`,
  )
  return row?.rows ?? 0
}

async function impossible(connection: DuckDBConnection): Promise<string[]> {
  const [found] = await readRows<{ ticks: number; twice: number }>(
    connection,
    `SELECT
       (SELECT count(*) FROM ticks WHERE price IS NULL OR NOT (price > 0 AND price < 'infinity')
          OR volume IS NULL OR NOT (volume > 0 AND volume < 'infinity')
          OR side IS NULL OR timestamp IS NULL) AS ticks,
       (SELECT count(*) FROM (
          SELECT timestamp - lag(timestamp) OVER (PARTITION BY trade_id ORDER BY timestamp) AS gap
          FROM ticks WHERE trade_id IS NOT NULL
        ) WHERE gap <= INTERVAL 1 SECOND) AS twice`,
  )
  return [
    ...(found!.ticks > 0 ? [`ticks: ${found!.ticks} rows with impossible values`] : []),
    ...(found!.twice > 0 ? [`ticks: ${found!.twice} trades are stored twice`] : []),
  ]
}
