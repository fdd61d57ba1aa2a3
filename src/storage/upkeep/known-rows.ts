import type { DuckDBConnection } from '@duckdb/node-api'
import { microsFromMs, type Timeframe } from '../../time.ts'
import { readRows } from '../duckdb/read-rows.ts'
import type { PairFiles } from '../file/pair-files.ts'
import { measureState } from '../file/pair-state.ts'
import { readState, type PairState } from '../file/state-file.ts'
import type { PairDatabase } from '../pool/pair-database.ts'
import type { LostCount } from './repair-rescued.ts'

/** What is known of damaged files from outside of them. */
export interface Witness {
  /** What the state file says that they held. */
  readonly state: PairState | undefined
  /** Ticks that were missing when they were opened; the state file tells of what came since. */
  readonly ticksLost?: LostCount
  /** Nothing has changed since that state was written: all its figures hold. */
  readonly isLast: boolean
}

/**
 * The state file as it is, or as it was when a pair was opened that had lost rows by then: closing
 * that has written it anew.
 */
export async function witnessOf(
  files: PairFiles,
  opened: PairDatabase | undefined,
  logBytes: number | undefined,
): Promise<Witness> {
  const loss = opened?.loss
  const [ticks] = loss?.rows ?? []
  const state = loss?.known ?? (await readState(files.state))
  const missing = ticks === undefined ? 0 : ticks.expectedRows - ticks.foundRows
  return {
    state,
    isLast: state?.clean === true && logBytes === undefined,
    ...(loss?.counted === false ? { ticksLost: 'unknown' } : missing > 0 && { ticksLost: missing }),
  }
}

/**
 * Compares the rows of a rescued file with what was known of the damaged one, and puts what is
 * missing into `lost`: an older state of a file can be read without any error. Returns what there is
 * to say about it.
 */
export async function compareWithKnown(
  connection: DuckDBConnection,
  candles: readonly Timeframe[],
  lost: Record<string, LostCount>,
  { state, ticksLost, isLast }: Witness,
): Promise<string[]> {
  if (state === undefined) return []
  const found = await measureState(connection, candles, true)
  const notes: string[] = []
  for (const [relation, { rows: expected }] of Object.entries(state.relations)) {
    const isTicks = relation === 'ticks'
    const name = relation as keyof typeof found.relations
    const there = found.relations[name]?.rows ?? 0
    if (!isTicks && !(isLast && state.marks?.[name] === found.marks?.[name])) continue
    const missing = isTicks
      ? (ticksLost ?? (await missingTicks(connection, state, found)))
      : expected - there
    const unread = lost[relation]
    if (missing === 'unknown') lost[relation] = missing
    else if (missing > 0) {
      notes.push(`${relation}: ${expected} rows when last closed, ${there} in the new file`)
      if (unread !== 'unknown' || isLast) lost[relation] = Math.max(missing, Number(unread) || 0)
    } else if (unread === 'unknown' && isLast) delete lost[relation]
  }
  return notes
}

/** Of those that retention had not deleted: an older state of the file still has them. */
async function missingTicks(
  connection: DuckDBConnection,
  state: PairState,
  found: PairState,
): Promise<number> {
  const mark = state.deletedBefore ?? -Infinity
  if ((found.deletedBefore ?? -Infinity) > mark) return 0
  const where = Number.isFinite(mark)
    ? `WHERE timestamp >= make_timestamp(${microsFromMs(mark)})`
    : ''
  const [row] = await readRows<{ rows: number }>(
    connection,
    `SELECT count(*) AS rows FROM ticks ${where}`,
  )
  return (state.relations.ticks?.rows ?? 0) - row!.rows
}
