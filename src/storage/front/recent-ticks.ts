import type { BatchColumns } from '../duckdb/batch-function.ts'
import type { MemoryBudget } from './memory-budget.ts'

/** A stored tick, as far as it tells whether another one is the same trade. */
export interface KnownTick {
  readonly micros: number
  readonly price: number
  readonly volume: number
  readonly side: number
}

/** How far the kept ticks reached at some time. */
export interface RecentEnd {
  readonly length: number
  readonly dropped: number
}

const firstCapacity = 64
/** So many are copied one by one: a view of an array takes longer to make. */
const fewRows = 32
const none: readonly KnownTick[] = []

/**
 * The newest ticks of a pair, in the order in which they were stored: every stored tick from
 * {@link coveredFrom} on is here, whether it is in the file already or not. Ids are only looked
 * up for ticks that are doubtful, and only then they are hashed.
 */
export class RecentTicks {
  /** From this time (µs) on nothing is stored that is not here. */
  coveredFrom: number
  length = 0
  micros: Float64Array = new Float64Array(firstCapacity)
  price: Float64Array = new Float64Array(firstCapacity)
  volume: Float64Array = new Float64Array(firstCapacity)
  side: Uint8Array = new Uint8Array(firstCapacity)
  ids: (string | null)[] = []
  readonly #budget: MemoryBudget
  /** The last row of an id; earlier ones of the same id are chained by `#before`. */
  readonly #rowOf = new Map<string, number>()
  #before = new Int32Array(firstCapacity)
  #hashed = 0
  /** How often some were let go of. */
  #dropped = 0
  /** The first so many are on the disk; those behind are on their way there. */
  durable = 0

  constructor(budget: MemoryBudget, coveredFrom: number) {
    this.#budget = budget
    this.coveredFrom = coveredFrom
  }

  get kept(): number {
    return this.length
  }

  append(batch: BatchColumns): void {
    const count = batch.length
    this.#reserve(this.length + count)
    const { ids } = batch
    if (count <= fewRows)
      for (let row = 0; row < count; row++) {
        const to = this.length + row
        this.micros[to] = batch.micros[row]!
        this.price[to] = batch.price[row]!
        this.volume[to] = batch.volume[row]!
        this.side[to] = batch.side[row]!
      }
    else {
      this.micros.set(batch.micros.subarray(0, count), this.length)
      this.price.set(batch.price.subarray(0, count), this.length)
      this.volume.set(batch.volume.subarray(0, count), this.length)
      this.side.set(batch.side.subarray(0, count), this.length)
    }
    for (let row = 0; row < count; row++) this.ids.push(ids[row]!)
    this.length += count
    this.#budget.grew(this, count)
    const { share } = this.#budget
    if (this.length > share * 1.5) this.trim(share)
  }

  /** All that was appended by now is on the disk. */
  settle(): void {
    this.durable = this.length
  }

  get end(): RecentEnd {
    return { length: this.length, dropped: this.#dropped }
  }

  /** Forgets what was appended since; false when that cannot be told any more. */
  cutTo({ length, dropped }: RecentEnd): boolean {
    if (dropped !== this.#dropped) return false
    this.#shorten(length)
    return true
  }

  /** Every kept tick of an id, the one that was stored first first. */
  find(id: string): readonly KnownTick[] {
    this.#hash()
    const last = this.#rowOf.get(id)
    // Nearly all ids are new, also those that have no order.
    if (last === undefined) return none
    const found: KnownTick[] = []
    for (let row = last; row >= 0; row = this.#before[row]!)
      found.push({
        micros: this.micros[row]!,
        price: this.price[row]!,
        volume: this.volume[row]!,
        side: this.side[row]!,
      })
    return found.length > 1 ? found.reverse() : found
  }

  /** Lets go of the oldest, all of a time or none, so that about `rows` stay. */
  trim(rows: number): void {
    if (this.length <= rows) return
    const times = this.micros.slice(0, this.length).sort()
    const from = times[this.length - rows]!
    // Many at one time: better none of them than all for ever.
    this.keepFrom(times[0] === from ? from + 1 : from)
    this.coveredFrom = Math.max(this.coveredFrom, times[0] === from ? from + 1 : from)
  }

  /** Drops what is older than a time (µs): it is not stored any more. */
  keepFrom(from: number): void {
    let to = 0
    let durable = 0
    for (let row = 0; row < this.length; row++) {
      if (this.micros[row]! < from) continue
      if (row < this.durable) durable++
      this.micros[to] = this.micros[row]!
      this.price[to] = this.price[row]!
      this.volume[to] = this.volume[row]!
      this.side[to] = this.side[row]!
      this.ids[to] = this.ids[row]!
      to++
    }
    if (to === this.length) return
    this.#dropped++
    this.durable = durable
    this.#shorten(to)
  }

  dispose(): void {
    this.#budget.leave(this)
  }

  #shorten(to: number): void {
    this.#budget.shrank(this.length - to)
    this.length = to
    this.durable = Math.min(this.durable, to)
    this.ids.length = to
    this.#rowOf.clear()
    this.#hashed = 0
  }

  #hash(): void {
    for (; this.#hashed < this.length; this.#hashed++) {
      const id = this.ids[this.#hashed]!
      if (id === null) continue
      this.#before[this.#hashed] = this.#rowOf.get(id) ?? -1
      this.#rowOf.set(id, this.#hashed)
    }
  }

  #reserve(needed: number): void {
    if (needed <= this.micros.length) return
    const capacity = Math.max(needed, this.micros.length * 2)
    this.micros = grown(this.micros, new Float64Array(capacity))
    this.price = grown(this.price, new Float64Array(capacity))
    this.volume = grown(this.volume, new Float64Array(capacity))
    this.side = grown(this.side, new Uint8Array(capacity))
    this.#before = grown(this.#before, new Int32Array(capacity))
  }
}

function grown<T extends Float64Array | Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
