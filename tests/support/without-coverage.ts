import type { Coverage } from '../../src/queries/coverage.ts'

const columns = ['coveredFrom', 'truncated', 'complete'] satisfies (keyof Coverage)[]

/** Rows without the columns that say how far the data reach: what a reference fold gives. */
export function withoutCoverage<Row extends Coverage>(
  rows: readonly Row[],
): Omit<Row, keyof Coverage>[] {
  return rows.map(
    (row) =>
      Object.fromEntries(
        Object.entries(row).filter(([name]) => !(columns as readonly string[]).includes(name)),
      ) as unknown as Omit<Row, keyof Coverage>,
  )
}
