import type { Relation } from './tables.ts'

/** The mark up to which rows have been deleted by anything but age; see `closePast` in retention. */
export type ClosedMark = `${Relation}:closed`

export function closedMark(relation: Relation): ClosedMark {
  return `${relation}:closed`
}

/**
 * Tells the analytics that something at `time` (a TIMESTAMP expression) came or changed after they
 * had been processed beyond it: the next refresh looks again from there. To be run in the
 * transaction of the change.
 */
export function markDirtySql(time: string, where = 'true'): string {
  return `
    UPDATE pairduck_analytics SET dirty_from = least(coalesce(dirty_from, ${time}), ${time})
    WHERE processed_until > ${time} AND ${where}`
}
