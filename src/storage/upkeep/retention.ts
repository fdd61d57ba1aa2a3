import type { DuckDBConnection } from '@duckdb/node-api'
import { closedMark } from '../../schema/analytics-state.ts'
import { barTimesSql } from '../../schema/candles.ts'
import { barStart, type Relation } from '../../schema/tables.ts'
import { microsFromMs } from '../../time.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { dedupeWindowMicros } from '../write/deduplicator.ts'
import { inTransaction } from '../duckdb/transaction.ts'
import { decidableMark, moveMark, type Marks } from '../file/marks.ts'
import { mergeCandleParts } from '../write/roll-up-ticks.ts'
import type { WriterState } from '../write/writer-state.ts'
import { candleOf, type Deletion } from './retention-plan.ts'

/**
 * Deletes what was planned, in one transaction with the marks, and merges candle parts on the way.
 * Ticks have to be rolled up to their `before` first. Returns the rows deleted by relation.
 */
export async function applyRetention(
  connection: DuckDBConnection,
  plan: readonly Deletion[],
): Promise<Partial<Record<Relation, number>>> {
  const deleted: Partial<Record<Relation, number>> = {}
  await inTransaction(connection, async () => {
    await mergeCandleParts(connection)
    for (const deletion of plan) {
      const count = await applyDeletion(connection, deletion)
      if (count > 0) deleted[deletion.relation] = count
    }
  })
  return deleted
}

/** What the writer has to know of the marks. */
export function tickMarks(marks: Marks): Pick<WriterState, 'deletedBefore' | 'decidableFrom'> {
  const deletedBefore = microsFromMs(marks.ticks ?? -Infinity)
  const decidable = marks[decidableMark]
  return {
    deletedBefore,
    decidableFrom:
      decidable === undefined ? deletedBefore + dedupeWindowMicros : microsFromMs(decidable),
  }
}

/** How many rows a plan would delete, by relation; of candles how many bars. */
export async function countDeletions(
  connection: DuckDBConnection,
  plan: readonly Deletion[],
): Promise<Partial<Record<Relation, number>>> {
  const counted: Partial<Record<Relation, number>> = {}
  for (const deletion of plan) {
    const candle = candleOf(deletion.relation)
    const from = candle === undefined ? deletion.relation : `(${barTimesSql(candle)})`
    const [row] = await readRows<{ rows: number }>(
      connection,
      `SELECT count(*) AS rows FROM ${from} WHERE ${conditionOf(deletion)}`,
    )
    if (row!.rows > 0) counted[deletion.relation] = row!.rows
  }
  return counted
}

function conditionOf({ before, where }: Deletion): string {
  const conditions: string[] = []
  if (before !== undefined) conditions.push(`timestamp < make_timestamp(${microsFromMs(before)})`)
  if (where !== undefined) conditions.push(`(${where})`)
  return conditions.length === 0 ? 'false' : conditions.join(' OR ')
}

async function applyDeletion(connection: DuckDBConnection, deletion: Deletion): Promise<number> {
  const { relation, before, where, visitedAt } = deletion
  const newest = before === undefined ? null : await newestOf(connection, relation)
  const candle = candleOf(relation)
  const result = await connection.run(
    candle === undefined
      ? `DELETE FROM ${relation} WHERE ${conditionOf(deletion)}`
      : `DELETE FROM pairduck_candle_parts WHERE timeframe = '${candle}' AND (${conditionOf(deletion)})`,
  )
  if (before !== undefined && newest !== null)
    await closeAged(connection, relation, { before: microsFromMs(before), newest })
  if (where !== undefined && result.rowsChanged > 0) await closePast(connection, relation)
  if (visitedAt !== undefined) await noteVisit(connection, relation, microsFromMs(visitedAt))
  return result.rowsChanged
}

/** The newest row (µs) that a relation holds; of candles also the bar of the newest tick. */
export async function newestOf(
  connection: DuckDBConnection,
  relation: Relation,
): Promise<number | null> {
  const candle = candleOf(relation)
  const [row] = await readRows<{ micros: number | null }>(
    connection,
    candle === undefined
      ? `SELECT epoch_us(max(timestamp)) AS micros FROM ${relation}`
      : `SELECT epoch_us(greatest(
           (SELECT max(timestamp) FROM pairduck_candle_parts WHERE timeframe = '${candle}'),
           (SELECT ${barStart(candle, 'max(timestamp)')} FROM ticks))) AS micros`,
  )
  return row!.micros
}

/**
 * Moves a relation's mark to `before`, but not beyond its newest row: nothing newer than that can
 * have been deleted, and a clock that jumped ahead must not close the time that is still to come.
 */
export async function closeAged(
  connection: DuckDBConnection,
  relation: Relation,
  { before, newest }: { before: number; newest: number },
): Promise<void> {
  const end = newest + 1
  const moved = await moveMark(connection, relation, Math.min(before, end))
  // A tick that is newer than every stored one cannot have the id of a deleted one.
  if (moved && relation === 'ticks')
    await moveMark(connection, decidableMark, Math.min(before + dedupeWindowMicros, end))
}

/**
 * Rows that went for anything but their age leave no trace of when they were. So up to where the
 * analytic was processed, what is not stored now counts as deleted, and no refresh adds it again.
 */
async function closePast(connection: DuckDBConnection, relation: Relation): Promise<void> {
  const [row] = await readRows<{ micros: number | null }>(
    connection,
    `SELECT epoch_us(max(processed_until)) AS micros FROM pairduck_analytics WHERE analytic = '${relation}'`,
  )
  if (row?.micros != null) await moveMark(connection, closedMark(relation), row.micros)
}

async function noteVisit(
  connection: DuckDBConnection,
  relation: Relation,
  micros: number,
): Promise<void> {
  await connection.run(`DELETE FROM pairduck_marks WHERE relation = '${relation}:visited'`)
  await connection.run(
    `INSERT INTO pairduck_marks VALUES ('${relation}:visited', make_timestamp(${micros}))`,
  )
}
