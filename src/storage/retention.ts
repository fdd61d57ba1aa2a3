import type { DuckDBConnection } from '@duckdb/node-api'
import { closedMark, type ClosedMark } from '../schema/analytics-state.ts'
import { compactPartsSql, crowdedPartsSql } from '../schema/candles.ts'
import type { RetentionPolicy } from '../schema/retention-policy.ts'
import { candleRelation, type Relation } from '../schema/tables.ts'
import { microsFromMs, type Timeframe } from '../time.ts'
import { readRows } from './read-rows.ts'
import { inTransaction } from './transaction.ts'

/** What to delete from one relation. */
export interface Deletion {
  readonly relation: Relation
  /** Rows whose timestamp is before this Unix ms; undefined: age takes none. */
  readonly before?: number
  /** Rows that go whatever their age. */
  readonly where?: string
}

/** Retention's marks by relation, in Unix ms. */
export type Marks = Readonly<Partial<Record<Relation, number>>>

/**
 * What a cleanup at `now` deletes; pure. With `dueOnly` a relation waits until its mark would move
 * by its `everyMs`: that is how a timer that comes more often than needed finds nothing to do.
 */
export function planRetention(
  policy: RetentionPolicy,
  candles: readonly Timeframe[],
  now: number,
  { marks = {}, dueOnly = false }: { marks?: Marks; dueOnly?: boolean } = {},
): Deletion[] {
  const aged: readonly Relation[] = [
    'ticks',
    ...candles.map((timeframe) => candleRelation(timeframe)),
    'order_flow',
    'market_profile',
  ]
  const plan: Deletion[] = []
  for (const relation of aged) {
    const { keepMs, everyMs } = policy[relation]
    if (keepMs === 'forever') continue
    const before = now - keepMs
    if (!dueOnly || before - (marks[relation] ?? -Infinity) >= everyMs)
      plan.push({ relation, before })
  }
  plan.push({
    relation: 'fair_value_gaps',
    where: 'filled_at IS NOT NULL',
    ...(policy.fair_value_gaps.keepMs === 'forever'
      ? {}
      : { before: now - policy.fair_value_gaps.keepMs }),
  })
  plan.push({
    relation: 'supply_demand_zones',
    where: `status = 'broken' OR rowid NOT IN (
      SELECT rowid FROM supply_demand_zones WHERE status <> 'broken'
      ORDER BY strength DESC, timestamp DESC LIMIT ${policy.supply_demand_zones.maxRows ?? 50})`,
    ...(policy.supply_demand_zones.keepMs === 'forever'
      ? {}
      : { before: now - policy.supply_demand_zones.keepMs }),
  })
  return plan
}

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
    const crowded = await connection.run(crowdedPartsSql)
    if (crowded.rowCount > 0) for (const sql of compactPartsSql) await connection.run(sql)
    for (const deletion of plan) {
      const count = await applyDeletion(connection, deletion)
      if (count > 0) deleted[deletion.relation] = count
    }
  })
  return deleted
}

export async function readMarks(connection: DuckDBConnection): Promise<Marks> {
  const rows = await readRows<{ relation: Relation; mark: number }>(
    connection,
    'SELECT relation, deleted_before AS mark FROM pairduck_marks',
  )
  return Object.fromEntries(rows.map(({ relation, mark }) => [relation, mark]))
}

async function applyDeletion(
  connection: DuckDBConnection,
  { relation, before, where }: Deletion,
): Promise<number> {
  const conditions: string[] = []
  if (before !== undefined) conditions.push(`timestamp < make_timestamp(${microsFromMs(before)})`)
  if (where !== undefined) conditions.push(`(${where})`)
  if (conditions.length === 0) return 0
  const candle = relation.startsWith('candles_') ? relation.slice('candles_'.length) : undefined
  const result = await connection.run(
    candle === undefined
      ? `DELETE FROM ${relation} WHERE ${conditions.join(' OR ')}`
      : `DELETE FROM pairduck_candle_parts WHERE timeframe = '${candle}' AND ${conditions.join(' OR ')}`,
  )
  if (before !== undefined) await moveMark(connection, relation, microsFromMs(before))
  if (where !== undefined && result.rowsChanged > 0) await closePast(connection, relation)
  return result.rowsChanged
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

/** A mark only ever moves forward: a clock that went back must not bring old ticks in again. */
async function moveMark(
  connection: DuckDBConnection,
  relation: Relation | ClosedMark,
  micros: number,
): Promise<void> {
  const moved = await connection.run(
    `UPDATE pairduck_marks SET deleted_before = greatest(deleted_before, make_timestamp(${micros}))
     WHERE relation = '${relation}'`,
  )
  if (moved.rowsChanged === 0)
    await connection.run(
      `INSERT INTO pairduck_marks VALUES ('${relation}', make_timestamp(${micros}))`,
    )
}
