import type { BatchColumns } from './batch-function.ts'
import { ColumnsOfTicks } from './columns-of-ticks.ts'

/** Several batches as one, in their order. */
export function joinBatches(batches: readonly BatchColumns[]): BatchColumns {
  if (batches.length === 1) return batches[0]!
  const joined = new ColumnsOfTicks(batches.reduce((sum, batch) => sum + batch.length, 0))
  for (const batch of batches) joined.append(batch)
  return joined
}
