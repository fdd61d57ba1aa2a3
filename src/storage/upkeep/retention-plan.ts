import type { RetentionPolicy } from '../../schema/retention-policy.ts'
import type { TableRetention } from '../../schema/descriptor.ts'
import { candleRelation, retained, type Relation } from '../../schema/tables.ts'
import { microsFromMs, timeframeMs, timeframes, type Timeframe } from '../../time.ts'
import { closedBefore } from './archive/closed-before.ts'
import type { Marks } from '../file/marks.ts'
import type { PairState } from '../file/state-file.ts'

/** What to delete from one relation. */
export interface Deletion {
  readonly relation: Relation
  /** Rows whose timestamp is before this Unix ms; undefined: age takes none. */
  readonly before?: number
  /** They are brought into the archive first; `before` is the end of a closed day or hour then. */
  readonly archive?: true
  /** Rows that go whatever their age. */
  readonly where?: string
  /** More rows than these are too many. */
  readonly maxRows?: number
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
  const relations: readonly [Relation, TableRetention?][] = [
    ...candles.map((timeframe): [Relation] => [candleRelation(timeframe)]),
    ...retained.map(({ name, retention }): [Relation, TableRetention] => [name, retention]),
  ]
  return relations.flatMap(([relation, table]): Deletion[] => {
    const { keepMs, everyMs, maxRows, then } = policy[relation]
    const before = keepMs === 'forever' ? undefined : now - keepMs
    if (then === 'archive') {
      if (before === undefined) return []
      const closed = closedBefore(before, now - before)
      return closed <= (marks[relation] ?? -Infinity)
        ? []
        : [{ relation, before: closed, archive: true }]
    }
    const where = [
      ...(table?.ended === undefined ? [] : [table.ended]),
      ...(maxRows === undefined ? [] : [tooMany(relation, table, maxRows)]),
    ].join(' OR ')
    if (where === '') {
      if (before === undefined) return []
      const due = !dueOnly || before - (marks[relation] ?? -Infinity) >= everyMs
      return due ? [{ relation, before }] : []
    }
    // Of a visit that seems to lie ahead the clock was wrong.
    if (dueOnly && Math.abs(now - (marks[`${relation}:visited`] ?? -Infinity)) < everyMs) return []
    return [
      {
        relation,
        where,
        visitedAt: now,
        ...(maxRows !== undefined && { maxRows }),
        ...(before !== undefined && { before }),
      },
    ]
  })
}

/** The rows beyond the first `maxRows` of those that are not over. */
function tooMany(
  relation: Relation,
  { ended = 'false', keepFirst = 'timestamp DESC' }: Partial<TableRetention> = {},
  maxRows: number,
): string {
  return `rowid NOT IN (SELECT rowid FROM ${relation} WHERE NOT (${ended})
    ORDER BY ${keepFirst} LIMIT ${maxRows})`
}

/** The time (µs) before which a plan deletes ticks: they have to be rolled up to there. */
export function ticksBefore(plan: readonly Deletion[]): number | undefined {
  const before = plan.find(({ relation }) => relation === 'ticks')?.before
  return before === undefined ? undefined : microsFromMs(before)
}

/** The time (µs) to which ticks have to be rolled up before a plan deletes them, or bars of them. */
export function foldedBefore(plan: readonly Deletion[]): number {
  const ends = plan.map(({ relation, before }) => {
    const timeframe = candleOf(relation)
    if (before === undefined || (timeframe === undefined && relation !== 'ticks')) return -Infinity
    // A bar that begins before that may end later.
    return microsFromMs(before + (timeframe === undefined ? 0 : timeframeMs[timeframe]))
  })
  return Math.max(-Infinity, ...ends)
}

/** The timeframe whose bars a relation has; undefined for one of other rows. */
export function candleOf(relation: Relation): Timeframe | undefined {
  return timeframes.find((timeframe) => candleRelation(timeframe) === relation)
}

/** Whether a cleanup would find nothing to delete, by what was measured when the file was closed. */
export function nothingToDelete(
  { relations }: Pick<PairState, 'relations'>,
  plan: readonly Deletion[],
): boolean {
  return plan.every(({ relation, before, maxRows = Infinity }) => {
    const { rows, oldest, ended = rows } = relations[relation] ?? { rows: 0, oldest: null }
    if (rows === 0) return true
    if (rows > maxRows) return false
    return ended === 0 && (before === undefined || (oldest !== null && oldest >= before))
  })
}
