import type { RetentionPolicy } from '../../schema/retention-policy.ts'
import { candleRelation, type Relation } from '../../schema/tables.ts'
import type { Timeframe } from '../../time.ts'
import type { Marks } from '../file/marks.ts'
import type { PairState } from '../file/pair-state.ts'

/** What to delete from one relation. */
export interface Deletion {
  readonly relation: Relation
  /** Rows whose timestamp is before this Unix ms; undefined: age takes none. */
  readonly before?: number
  /** Rows that go whatever their age. */
  readonly where?: string
  /** The Unix ms from which `everyMs` counts for rows that do not go by age alone. */
  readonly visitedAt?: number
}

/**
 * What a cleanup at `now` deletes; pure. With `dueOnly` a relation waits until its mark would move
 * by its `everyMs`, and zones and gaps until that long after their last visit: that is how a timer
 * that comes more often than needed finds nothing to do.
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
  const { fair_value_gaps: gaps, supply_demand_zones: zones } = policy
  const wheres = {
    fair_value_gaps: 'filled_at IS NOT NULL',
    supply_demand_zones: `status = 'broken' OR rowid NOT IN (
      SELECT rowid FROM supply_demand_zones WHERE status <> 'broken'
      ORDER BY strength DESC, timestamp DESC, timeframe, type LIMIT ${zones.maxRows ?? 50})`,
  }
  for (const [relation, { keepMs, everyMs }] of [
    ['fair_value_gaps', gaps],
    ['supply_demand_zones', zones],
  ] as const)
    // Of a visit that seems to lie ahead the clock was wrong.
    if (!dueOnly || Math.abs(now - (marks[`${relation}:visited`] ?? -Infinity)) >= everyMs)
      plan.push({
        relation,
        where: wheres[relation],
        visitedAt: now,
        ...(keepMs === 'forever' ? {} : { before: now - keepMs }),
      })
  return plan
}

/** Whether a cleanup would find nothing to delete, by what was measured when the file was closed. */
export function nothingToDelete(
  { relations }: PairState,
  plan: readonly Deletion[],
  maxZones: number = Infinity,
): boolean {
  return plan.every(({ relation, before }) => {
    const { rows, oldest, ended = rows } = relations[relation] ?? { rows: 0, oldest: null }
    if (rows === 0) return true
    if (relation === 'supply_demand_zones' && rows > maxZones) return false
    return ended === 0 && (before === undefined || (oldest !== null && oldest >= before))
  })
}
