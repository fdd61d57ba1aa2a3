import type { BatchColumns } from '../duckdb/batch-function.ts'
import type { PackedIds } from '../duckdb/packed-ids.ts'
import { msFromMicros } from '../../time.ts'
import type { TickColumns } from './tick.ts'

/** Ticks that were checked where they were read, by column, in arrays that nobody changes any more. */
export class CheckedTicks implements BatchColumns {
  static readonly none: CheckedTicks = new CheckedTicks({
    micros: new Float64Array(0),
    price: new Float64Array(0),
    volume: new Float64Array(0),
    side: new Uint8Array(0),
    ids: [],
  })

  readonly length: number
  readonly micros: Float64Array
  readonly price: Float64Array
  readonly volume: Float64Array
  readonly side: Uint8Array
  readonly packed: PackedIds | undefined
  #ids: readonly (string | null)[] | undefined

  constructor(of: {
    micros: Float64Array
    price: Float64Array
    volume: Float64Array
    side: Uint8Array
    ids: readonly (string | null)[] | PackedIds
  }) {
    this.length = of.micros.length
    this.micros = of.micros
    this.price = of.price
    this.volume = of.volume
    this.side = of.side
    if ('numbers' in of.ids) this.packed = of.ids
    else this.#ids = of.ids
  }

  get ids(): readonly (string | null)[] {
    return (this.#ids ??= this.packed!.texts(this.length))
  }
}

/** The same in the words of the API. */
export function tickColumns({
  length,
  micros,
  price,
  volume,
  side,
  ids,
}: BatchColumns): TickColumns {
  return {
    timestamp: micros.subarray(0, length).map(msFromMicros),
    price: price.subarray(0, length),
    volume: volume.subarray(0, length),
    side: Array.from(side.subarray(0, length), (code) => (code === 0 ? 'BUY' : 'SELL')),
    tradeId: ids,
  }
}
