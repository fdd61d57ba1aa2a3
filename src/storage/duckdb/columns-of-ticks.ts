import type { BatchColumns } from './batch-function.ts'

/** So many are copied one by one: a view of an array takes longer to make. */
const fewRows = 32

/** Ticks by column, in arrays that grow. */
export class ColumnsOfTicks implements BatchColumns {
  length = 0
  micros: Float64Array
  price: Float64Array
  volume: Float64Array
  side: Uint8Array
  readonly ids: (string | null)[] = []

  /** `capacity`: for so many at first. */
  constructor(capacity: number) {
    this.micros = new Float64Array(capacity)
    this.price = new Float64Array(capacity)
    this.volume = new Float64Array(capacity)
    this.side = new Uint8Array(capacity)
  }

  append(batch: BatchColumns): void {
    const { length } = batch
    this.#reserve(this.length + length)
    copyRows(batch, this, this.length)
    const { ids } = batch
    for (let row = 0; row < length; row++) this.ids.push(ids[row]!)
    this.length += length
  }

  #reserve(needed: number): void {
    if (needed <= this.micros.length) return
    const capacity = Math.max(needed, this.micros.length * 2)
    this.micros = grown(this.micros, new Float64Array(capacity))
    this.price = grown(this.price, new Float64Array(capacity))
    this.volume = grown(this.volume, new Float64Array(capacity))
    this.side = grown(this.side, new Uint8Array(capacity))
  }
}

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

/** The same values at the beginning of a larger array. */
export function grown<T extends Float64Array | Uint8Array | Int32Array>(from: T, to: T): T {
  if (from.length > 0) to.set(from)
  return to
}
