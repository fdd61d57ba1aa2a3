import type { DuckDBConnection } from '@duckdb/node-api'
import type { ClosedMark } from '../../schema/analytics-state.ts'
import type { Relation } from '../../schema/tables.ts'
import { readRows } from '../duckdb/read-rows.ts'

/** The mark from which on a tick is known to be new or not, although older ones were deleted. */
export const decidableMark = 'ticks:judged'

export type Mark = Relation | ClosedMark | typeof decidableMark | `${Relation}:visited`

/** Retention's marks, in Unix ms. */
export type Marks = Readonly<Partial<Record<Mark, number>>>

export async function readMarks(connection: DuckDBConnection): Promise<Marks> {
  const rows = await readRows<{ relation: Mark; mark: number }>(
    connection,
    'SELECT relation, deleted_before AS mark FROM pairduck_marks',
  )
  return Object.fromEntries(rows.map(({ relation, mark }) => [relation, mark]))
}

/**
 * A mark only ever moves forward: a clock that went back must not bring old ticks in again.
 * Returns whether it moved.
 */
export async function moveMark(
  connection: DuckDBConnection,
  relation: Mark,
  micros: number,
): Promise<boolean> {
  const to = `make_timestamp(${micros})`
  const moved = await connection.run(
    `UPDATE pairduck_marks SET deleted_before = ${to}
     WHERE relation = '${relation}' AND deleted_before < ${to}`,
  )
  if (moved.rowsChanged > 0) return true
  const made = await connection.run(
    `INSERT INTO pairduck_marks
     SELECT '${relation}', ${to} WHERE '${relation}' NOT IN (SELECT relation FROM pairduck_marks)`,
  )
  return made.rowsChanged > 0
}

/** Brings a mark back to a time (µs), or takes it away (-Infinity): rows before it are to come again. */
export async function lowerMark(
  connection: DuckDBConnection,
  relation: Mark,
  micros: number,
): Promise<void> {
  if (micros === -Infinity)
    await connection.run(`DELETE FROM pairduck_marks WHERE relation = '${relation}'`)
  else
    await connection.run(
      `UPDATE pairduck_marks SET deleted_before = make_timestamp(${micros})
       WHERE relation = '${relation}' AND deleted_before > make_timestamp(${micros})`,
    )
}
