import type { BatchColumns } from './batch-function.ts'

/** So many are copied one by one: a view of an array takes longer to make. */
const fewRows = 32

/** Copies a batch's rows, all but their ids, into columns from a row `at` on. */
export function copyRows(
  batch: BatchColumns,
  to: Pick<BatchColumns, 'micros' | 'price' | 'volume' | 'side'>,
  at: number,
): void {
  const { length } = batch
  if (length <= fewRows)
    for (let row = 0; row < length; row++) {
      to.micros[at + row] = batch.micros[row]!
      to.price[at + row] = batch.price[row]!
      to.volume[at + row] = batch.volume[row]!
      to.side[at + row] = batch.side[row]!
    }
  else {
    to.micros.set(batch.micros.subarray(0, length), at)
    to.price.set(batch.price.subarray(0, length), at)
    to.volume.set(batch.volume.subarray(0, length), at)
    to.side.set(batch.side.subarray(0, length), at)
  }
}
