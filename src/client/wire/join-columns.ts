import type { StreamColumn } from '../../storage/duckdb/column-batch.ts'
import type { ColumnValues } from '../../storage/duckdb/read-vector.ts'

/** The batches' columns as one of each, as `queryColumns` gives them. */
export function joinColumns(
  columns: readonly StreamColumn[],
  parts: readonly (readonly ColumnValues[])[],
): Record<string, ColumnValues> {
  return Object.fromEntries(
    columns.map(({ name, kind }, at) => {
      const numeric = kind === 'float64' || kind === 'int64' || kind === 'timestamp'
      return [
        name,
        numeric
          ? joined(parts[at]! as readonly Float64Array[])
          : parts[at]!.flatMap((part) => [...part]),
      ]
    }),
  )
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
