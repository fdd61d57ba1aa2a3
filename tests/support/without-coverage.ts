import type { Coverage } from '../../src/queries/coverage.ts'

/** Rows without the two columns that say how far the data reach: what a reference fold gives. */
export function withoutCoverage<Row extends Coverage>(
  rows: readonly Row[],
): Omit<Row, keyof Coverage>[] {
  return rows.map(
    (row) =>
      Object.fromEntries(
        Object.entries(row).filter(([name]) => name !== 'coveredFrom' && name !== 'truncated'),
      ) as unknown as Omit<Row, keyof Coverage>,
  )
}
