import type { BatchColumns } from '../duckdb/batch-function.ts'

/** Several batches as one, in their order. */
export function joinBatches(batches: readonly BatchColumns[]): BatchColumns {
  if (batches.length === 1) return batches[0]!
  const length = batches.reduce((sum, batch) => sum + batch.length, 0)
  const micros = new Float64Array(length)
  const price = new Float64Array(length)
  const volume = new Float64Array(length)
  const side = new Uint8Array(length)
  const ids: (string | null)[] = []
  let at = 0
  for (const batch of batches) {
    micros.set(batch.micros.subarray(0, batch.length), at)
    price.set(batch.price.subarray(0, batch.length), at)
    volume.set(batch.volume.subarray(0, batch.length), at)
    side.set(batch.side.subarray(0, batch.length), at)
    for (let row = 0; row < batch.length; row++) ids.push(batch.ids[row]!)
    at += batch.length
  }
  return { length, micros, price, volume, side, ids }
}
