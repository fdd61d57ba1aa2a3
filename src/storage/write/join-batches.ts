import type { BatchColumns } from '../duckdb/batch-function.ts'
import { copyRows } from '../duckdb/copy-rows.ts'

/** Several batches as one, in their order. */
export function joinBatches(batches: readonly BatchColumns[]): BatchColumns {
  if (batches.length === 1) return batches[0]!
  const length = batches.reduce((sum, batch) => sum + batch.length, 0)
  const ids: (string | null)[] = []
  const joined = {
    length,
    micros: new Float64Array(length),
    price: new Float64Array(length),
    volume: new Float64Array(length),
    side: new Uint8Array(length),
    ids,
  }
  let at = 0
  for (const batch of batches) {
    copyRows(batch, joined, at)
    for (let row = 0; row < batch.length; row++) ids.push(batch.ids[row]!)
    at += batch.length
  }
  return joined
}
