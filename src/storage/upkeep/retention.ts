import type { DuckDBConnection } from '@duckdb/node-api'
import { closedMark } from '../../schema/analytics-state.ts'
import { barTimesSql } from '../../schema/candles.ts'
import { barStart, type Relation } from '../../schema/tables.ts'
import { microsFromMs } from '../../time.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { dedupeWindowMicros } from '../write/deduplicator.ts'
import { inTransaction } from '../duckdb/transaction.ts'
import { decidableMark, MarkMoves, type Marks } from '../file/marks.ts'
import { mergeCandleParts } from '../write/roll-up-ticks.ts'
import type { Content } from '../write/known-content.ts'
import type { WriterState } from '../write/writer-state.ts'
import { candleOf, nothingToDelete, type Deletion } from './retention-plan.ts'

/** What a pass did to a file. */
export interface Applied {
  /** Rows deleted, by relation. */
  readonly deleted: Readonly<Partial<Record<Relation, number>>>
  /** The marks that the file has then. */
  readonly marks: Marks
}

/**
 * Deletes what was planned, in one transaction with the marks, and merges candle parts on the way.
 * Ticks have to be rolled up to their `before` first. What the file is known to hold it is not asked for.
 */
export async function applyRetention(
  connection: DuckDBConnection,
  plan: readonly Deletion[],
  known?: Content,
): Promise<Applied> {
  return inTransaction(connection, async () => {
    await mergeCandleParts(connection)
    const moves = await MarkMoves.begin(connection)
    const deleted: Partial<Record<Relation, number>> = {}
    for (const deletion of plan) {
      const count = await applyDeletion(connection, deletion, { moves, known })
      if (count > 0) deleted[deletion.relation] = count
    }
    await moves.store(connection)
    return { deleted, marks: moves.marks }
  })
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

async function applyDeletion(
  connection: DuckDBConnection,
  deletion: Deletion,
  { moves, known }: { readonly moves: MarkMoves; readonly known: Content | undefined },
): Promise<number> {
  const { relation, before, where, visitedAt } = deletion
  const newest = before === undefined ? null : await newestKnown(connection, relation, known)
  const rows = isUntouched(deletion, known) ? 0 : await deleteRows(connection, deletion)
  if (before !== undefined && newest !== null)
    closeUpTo(moves, relation, { before: microsFromMs(before), newest })
  if (where !== undefined && rows > 0) await closePast(connection, relation, moves)
  if (visitedAt !== undefined) moves.put(`${relation}:visited`, microsFromMs(visitedAt))
  return rows
}

/** Whether a relation is known to hold no row that goes. Pieces of bars may be there that are not shown. */
function isUntouched(deletion: Deletion, known: Content | undefined): boolean {
  const isOfTicks = deletion.relation === 'ticks' || candleOf(deletion.relation) !== undefined
  return known !== undefined && !isOfTicks && nothingToDelete(known, [deletion])
}

async function deleteRows(connection: DuckDBConnection, deletion: Deletion): Promise<number> {
  const candle = candleOf(deletion.relation)
  const result = await connection.run(
    candle === undefined
      ? `DELETE FROM ${deletion.relation} WHERE ${conditionOf(deletion)}`
      : `DELETE FROM pairduck_candle_parts WHERE timeframe = '${candle}' AND (${conditionOf(deletion)})`,
  )
  return result.rowsChanged
}

async function newestKnown(
  connection: DuckDBConnection,
  relation: Relation,
  known: Content | undefined,
): Promise<number | null> {
  const stored = known?.relations[relation]
  // Of bars those before their mark are not known.
  if (stored === undefined || (stored.newest === null && candleOf(relation) !== undefined))
    return newestOf(connection, relation)
  return stored.newest === null ? null : microsFromMs(stored.newest)
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
  times: { before: number; newest: number },
): Promise<void> {
  const moves = await MarkMoves.begin(connection)
  closeUpTo(moves, relation, times)
  await moves.store(connection)
}

function closeUpTo(
  moves: MarkMoves,
  relation: Relation,
  { before, newest }: { before: number; newest: number },
): void {
  const end = newest + 1
  const moved = moves.forward(relation, Math.min(before, end))
  // A tick that is newer than every stored one cannot have the id of a deleted one.
  if (moved && relation === 'ticks')
    moves.forward(decidableMark, Math.min(before + dedupeWindowMicros, end))
}

/**
 * Rows that went for anything but their age leave no trace of when they were. So up to where the
 * analytic was processed, what is not stored now counts as deleted, and no refresh adds it again.
 */
async function closePast(
  connection: DuckDBConnection,
  relation: Relation,
  moves: MarkMoves,
): Promise<void> {
  const [row] = await readRows<{ micros: number | null }>(
    connection,
    `SELECT epoch_us(max(processed_until)) AS micros FROM pairduck_analytics WHERE analytic = '${relation}'`,
  )
  if (row?.micros != null) moves.forward(closedMark(relation), row.micros)
}
