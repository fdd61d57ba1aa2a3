import type { Query } from '../../src/queries/query.ts'

/** One builder beside the plainest SQL that gives the same figures. */
export interface QueryCase {
  readonly name: string
  /** Written by hand and first; it is not the builder's text. */
  readonly plainSql: string
  readonly query: Query<object>
}

/** From when on the ticks are there: every plain text that answers for a window says it too. */
export const plainCoveredFrom = `coalesce(
  (SELECT deleted_before FROM pairduck_marks WHERE relation = 'ticks'),
  (SELECT min(timestamp) FROM ticks))`
