import type { DuckDBConnection } from '@duckdb/node-api'
import { msFromMicros } from '../../time.ts'
import type { BatchColumns } from '../duckdb/batch-function.ts'
import { dedupeWindowMicros, isLaterId, type DedupeState } from './deduplicator.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { decidableMark } from '../file/marks.ts'
import type { WriterMarks } from '../file/state-file.ts'

/** Where a pair's file stands; read on open, moved by commits and by retention. All times in µs. */
export interface WriterState extends DedupeState {
  /** Ticks before this are in the candle parts, the views read the later ones. */
  readonly rolledUntil: number
  /** Up to where some analytic is stored: a tick before it makes that analytic look again. */
  readonly analyzedUntil: number
  /** Ticks that are not rolled up yet. */
  readonly unrolled: number
}

/** As a state file has it. */
export function writtenState({ maxId, unrolled, ...times }: WriterState): WriterMarks {
  return { maxId, unrolled, ...mapTimes(times, (time) => (time === -Infinity ? null : time)) }
}

/** What a state file says of it. */
export function stateOf({ maxId, unrolled, ...times }: WriterMarks): WriterState {
  return { maxId, unrolled, ...mapTimes(times, (time) => time ?? -Infinity) }
}

function mapTimes<Name extends string, From, To>(
  times: Readonly<Record<Name, From>>,
  to: (time: From) => To,
): Record<Name, To> {
  const entries = Object.entries<From>(times).map(([name, time]) => [name, to(time)] as const)
  return Object.fromEntries(entries) as Record<Name, To>
}

/** Where it stands when ticks are stored that nobody has judged: the largest id is that of the newest second. */
export function stateAfter(state: WriterState, { micros, ids, length }: BatchColumns): WriterState {
  let { newest } = state
  for (let row = 0; row < length; row++) if (micros[row]! > newest) newest = micros[row]!
  const from = newest - dedupeWindowMicros
  let maxId = state.newest >= from ? state.maxId : ''
  for (let row = 0; row < length; row++) {
    const id = ids[row]!
    if (micros[row]! >= from && id !== null && isLaterId(id, maxId)) maxId = id
  }
  return { ...state, newest, maxId }
}

/** Reads from the file what the writer has to know before its first commit. */
export async function readWriterState(
  connection: DuckDBConnection,
): Promise<{ state: WriterState; ticks: number; deletedBefore: number | null }> {
  const [row] = await readRows<{
    ticks: number
    newest: number | null
    rolledUntil: number | null
    unrolled: number
    deletedBefore: number | null
    decidableFrom: number | null
    analyzedUntil: number | null
  }>(
    connection,
    `SELECT
       (SELECT count(*) FROM ticks) AS "ticks",
       (SELECT epoch_us(timestamp) FROM ticks ORDER BY timestamp DESC LIMIT 1) AS "newest",
       epoch_us(nullif(rolled_until, '-infinity')) AS "rolledUntil",
       (SELECT count(*) FROM ticks WHERE timestamp >= rolled_until) AS "unrolled",
       (SELECT epoch_us(deleted_before) FROM pairduck_marks WHERE relation = 'ticks') AS "deletedBefore",
       (SELECT epoch_us(deleted_before) FROM pairduck_marks WHERE relation = '${decidableMark}') AS "decidableFrom",
       (SELECT epoch_us(max(processed_until)) FROM pairduck_analytics) AS "analyzedUntil"
     FROM pairduck_candle_state`,
  )
  const { ticks, newest, rolledUntil, unrolled, analyzedUntil } = row!
  const deletedBefore = row!.deletedBefore ?? -Infinity
  return {
    ticks,
    deletedBefore: row!.deletedBefore === null ? null : msFromMicros(deletedBefore),
    state: {
      // Where all were deleted, the mark stands right behind the newest that there was.
      newest: newest ?? deletedBefore - 1,
      maxId: newest === null ? '' : await largestRecentId(connection, newest),
      rolledUntil: rolledUntil ?? -Infinity,
      unrolled,
      deletedBefore,
      decidableFrom: row!.decidableFrom ?? deletedBefore + dedupeWindowMicros,
      analyzedUntil: analyzedUntil ?? -Infinity,
    },
  }
}

/** Compared here and not in SQL, so that there is one order of ids and not two that nearly agree. */
async function largestRecentId(connection: DuckDBConnection, newest: number): Promise<string> {
  const rows = await readRows<{ id: string }>(
    connection,
    `SELECT trade_id AS id FROM ticks
     WHERE timestamp >= make_timestamp(${newest - dedupeWindowMicros}) AND trade_id IS NOT NULL`,
  )
  let largest = ''
  for (const { id } of rows) if (isLaterId(id, largest)) largest = id
  return largest
}
