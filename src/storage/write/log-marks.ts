import type { DuckDBConnection } from '@duckdb/node-api'
import { readRows } from '../duckdb/read-rows.ts'

/**
 * The mark of a file that was repaired: it may hold more of a log than its marks say. What is behind
 * them is compared with it before it is applied.
 */
const doubted = 'doubted'

/** How far a file has the logs that there are. */
export interface LogMarks {
  /** The sequence of the last record of a log that is in the file. */
  readonly applied: ReadonlyMap<string, number>
  /** It may hold later ones, too. */
  readonly isDoubted: boolean
}

export async function readLogMarks(connection: DuckDBConnection): Promise<LogMarks> {
  const rows = await readRows<{ log: string; applied: number }>(
    connection,
    'SELECT log, applied FROM pairduck_log',
  )
  const applied = new Map(rows.map(({ log, applied }) => [log, applied]))
  return { applied, isDoubted: applied.has(doubted) }
}

/** From now on the file's marks are doubted. */
export async function doubtMarks(connection: DuckDBConnection): Promise<void> {
  await connection.run(`INSERT INTO pairduck_log VALUES ('${doubted}', 0)`)
}

/** All that was behind the marks is in the file. */
export async function trustMarks(connection: DuckDBConnection): Promise<void> {
  await connection.run(`DELETE FROM pairduck_log WHERE log = '${doubted}'`)
}

/** How far a file has the records of a log. */
export interface LogMark {
  readonly log: string
  readonly sequence: number
}

/** A log's mark from now on, of which the file has one already. */
export function moveMarkSql({ log, sequence }: LogMark): string {
  return `UPDATE pairduck_log SET applied = ${sequence} WHERE log = '${log}'`
}

/** A log's mark from now on, the only one of it. Marks of logs that are not among `logs` go: those are gone themselves. */
export function newMarkSql({ log, sequence }: LogMark, logs: readonly string[]): string {
  const kept = [doubted, ...logs.filter((each) => each !== log)].map((each) => `'${each}'`)
  return `DELETE FROM pairduck_log WHERE log NOT IN (${kept.join(', ')});
     INSERT INTO pairduck_log VALUES ('${log}', ${sequence})`
}
