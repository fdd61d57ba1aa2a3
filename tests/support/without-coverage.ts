import type { Coverage } from '../../src/queries/coverage.ts'

type Told = keyof Coverage | 'source'

/** Rows without what they say of their data, how far they reach and from where: what a reference fold gives. */
export function withoutCoverage<Row extends Coverage>(rows: readonly Row[]): Omit<Row, Told>[] {
  const told = new Set<string>(['coveredFrom', 'truncated', 'complete', 'source'])
  return rows.map(
    (row) =>
      Object.fromEntries(
        Object.entries(row).filter(([name]) => !told.has(name)),
      ) as unknown as Omit<Row, Told>,
  )
}
