import type { KeptAnalytic } from './plan-refresh.ts'

/**
 * The mark up to which a cleanup has deleted by anything but age. Nothing that ends before it is
 * added any more: what is missing there was deleted (a filled gap, a broken or weak zone).
 */
export function closedRelation(analytic: KeptAnalytic): string {
  return `${analytic}:closed`
}

/** The block of the last bar that a stored level needed; -1 where it lies before the bars read. */
export const lastBlockSql = 'coalesce(bar.block, -1)'
