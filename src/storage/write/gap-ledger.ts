import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError, shown } from '../../errors.ts'
import type { Query } from '../../queries/query.ts'
import { gapStates, type Gap } from '../../schema/gaps.ts'
import { markDirtySql } from '../../schema/analytics-state.ts'
import { earliestMs, latestMs, microsFromMs } from '../../time.ts'
import { readRows } from '../duckdb/read-rows.ts'

/** The columns of `gaps` in the words of the API. */
const columns = `from_time AS "fromTime", to_time AS "toTime", from_id AS "fromId", to_id AS "toId",
  state::VARCHAR AS "state", reason AS "reason", tries AS "tries", opened_at AS "openedAt",
  closed_at AS "closedAt"`

/** Every hole that the file knows of, the oldest first. */
export const gapsQuery: Query<Gap> = {
  name: 'gaps',
  sql: `SELECT ${columns} FROM gaps ORDER BY from_time, length(from_id), from_id`,
  params: {},
}

/** Throws INVALID_ROW for a hole that cannot be noted; the ledger is written with the ticks or not at all. */
export function checkGaps(gaps: readonly Gap[]): void {
  for (const [index, gap] of gaps.entries()) {
    const fault = faultOf(gap)
    if (fault === undefined) continue
    throw new PairduckError('INVALID_ROW', `gap ${index}: \`${fault}\` is ${shown(gap[fault])}`, {
      index,
      field: fault,
      value: gap[fault],
    })
  }
}

/**
 * Notes holes, each in place of what was known of the one that begins at the same trade; to be run
 * in the transaction that stores what came after it, so that a crash leaves no silent hole.
 */
export async function storeGaps(connection: DuckDBConnection, gaps: readonly Gap[]): Promise<void> {
  const newest = new Map(gaps.map((gap) => [JSON.stringify([gap.fromTime, gap.fromId]), gap]))
  const payload = JSON.stringify([...newest.values()].map((gap) => inMicros(gap)))
  const given = `SELECT unnest(from_json($payload, '${shape}')) AS gap`
  const [changed] = await readRows<{ from: number | null }>(
    connection,
    `SELECT epoch_us(min(${changedFrom})) AS "from" FROM (${given}) AS given LEFT JOIN gaps
     ON gaps.from_time = make_timestamp(gap.fromTime) AND gaps.from_id IS NOT DISTINCT FROM gap.fromId`,
    { payload },
  )
  // What was computed over a hole that nobody knew of, or over one that is filled, is wrong.
  if (typeof changed?.from === 'number')
    await connection.run(markDirtySql(`make_timestamp(${changed.from})`))
  await readRows(
    connection,
    `DELETE FROM gaps USING (${given}) AS given
     WHERE gaps.from_time = make_timestamp(gap.fromTime)
       AND gaps.from_id IS NOT DISTINCT FROM gap.fromId`,
    { payload },
  )
  await readRows(
    connection,
    `INSERT INTO gaps (from_time, to_time, from_id, to_id, state, reason, tries, opened_at, closed_at)
     SELECT make_timestamp(gap.fromTime), make_timestamp(gap.toTime), gap.fromId, gap.toId, gap.state,
       gap.reason, gap.tries, make_timestamp(gap.openedAt), make_timestamp(gap.closedAt)
     FROM (${given})`,
    { payload },
  )
}

/** From when on a hole is another one than the ledger's; NULL where it is missing the same trades. */
const changedFrom = `CASE
  WHEN coalesce(gaps.state, 'filled') = 'filled' AND gap.state = 'filled' THEN NULL
  WHEN coalesce(gaps.state, 'filled') = 'filled' OR gap.state = 'filled' THEN make_timestamp(gap.fromTime)
  WHEN gaps.to_time IS DISTINCT FROM make_timestamp(gap.toTime)
    THEN least(coalesce(gaps.to_time, 'infinity'), coalesce(make_timestamp(gap.toTime), 'infinity'))
  END`

const shape = JSON.stringify([
  {
    fromTime: 'BIGINT',
    toTime: 'BIGINT',
    fromId: 'VARCHAR',
    toId: 'VARCHAR',
    state: 'VARCHAR',
    reason: 'VARCHAR',
    tries: 'BIGINT',
    openedAt: 'BIGINT',
    closedAt: 'BIGINT',
  },
])

function inMicros(gap: Gap): Record<string, unknown> {
  return {
    ...gap,
    fromTime: microsFromMs(gap.fromTime),
    toTime: microsOrNull(gap.toTime),
    openedAt: microsFromMs(gap.openedAt),
    closedAt: microsOrNull(gap.closedAt),
  }
}

function microsOrNull(ms: number | null): number | null {
  return ms === null ? null : microsFromMs(ms)
}

function faultOf(gap: Gap): keyof Gap | undefined {
  if (!isTime(gap.fromTime)) return 'fromTime'
  if (gap.toTime !== null && !isTime(gap.toTime)) return 'toTime'
  for (const id of ['fromId', 'toId', 'reason'] as const)
    if (gap[id] !== null && typeof gap[id] !== 'string') return id
  if (!gapStates.includes(gap.state)) return 'state'
  if (!Number.isSafeInteger(gap.tries) || gap.tries < 0) return 'tries'
  if (!isTime(gap.openedAt)) return 'openedAt'
  return gap.closedAt === null || isTime(gap.closedAt) ? undefined : 'closedAt'
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= earliestMs && value < latestMs
}
