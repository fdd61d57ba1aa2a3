import type { BatchColumns } from '../duckdb/batch-function.ts'
import { ColumnsOfTicks, grown } from '../duckdb/columns-of-ticks.ts'
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
/** So many are hashed before it is looked whether fewer would do. */
const fewHashed = 1024
const none: readonly KnownTick[] = []

/**
 * The newest ticks of a pair, in the order in which they were stored: every stored tick from
 * {@link coveredFrom} on is here, whether it is in the file already or not. Ids are only looked
 * up for ticks that are doubtful, and only those of about their time are hashed: a map of all would be
 * too large for the processor's caches, and asking it cost more than all else that a tick takes.
 */
export class RecentTicks extends ColumnsOfTicks {
  /** From this time (µs) on nothing is stored that is not here. */
  coveredFrom: number
  readonly #budget: MemoryBudget
  /** The last row of an id, of the rows that are hashed; earlier ones of the same id are chained by `#before`. */
  readonly #rowOf = new Map<string, number>()
  #before = new Int32Array(firstCapacity)
  /** The rows from the first of these to before the second are hashed. */
  #hashedFrom = 0
  #hashed = 0
  /** No row before the hashed ones is of a later time. */
  #latestBefore = -Infinity
  #mostHashed = fewHashed
  /** How often some were let go of. */
  #dropped = 0
  /** The first so many are on the disk; those behind are on their way there. */
  durable = 0

  constructor(budget: MemoryBudget, coveredFrom: number) {
    super(firstCapacity)
    this.#budget = budget
    this.coveredFrom = coveredFrom
  }

  get kept(): number {
    return this.length
  }

  override append(batch: BatchColumns): void {
    super.append(batch)
    this.#budget.grew(this, batch.length)
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

  /** Every kept tick of an id and of a time (µs) or later, perhaps older ones too; the one that was stored first first. */
  find(id: string, since: number): readonly KnownTick[] {
    this.#hash(since)
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
    this.#hashFrom(Infinity)
  }

  #hash(since: number): void {
    const hashed = this.#hashed - this.#hashedFrom
    if (since <= this.#latestBefore || hashed > this.#mostHashed) this.#hashFrom(since)
    if (this.#before.length < this.length)
      this.#before = grown(this.#before, new Int32Array(2 * this.length))
    for (; this.#hashed < this.length; this.#hashed++) {
      const id = this.ids[this.#hashed]!
      if (id === null) continue
      this.#before[this.#hashed] = this.#rowOf.get(id) ?? -1
      this.#rowOf.set(id, this.#hashed)
    }
  }

  /** Begins to hash anew, with the first row that is of a time (µs) or later. */
  #hashFrom(since: number): void {
    // Who asks for older ones again and again has all of them hashed soon.
    const atLeast = since <= this.#latestBefore ? 2 * (this.length - this.#hashedFrom) : 0
    this.#rowOf.clear()
    this.#latestBefore = -Infinity
    let row = 0
    for (; row < this.length - atLeast && this.micros[row]! < since; row++)
      this.#latestBefore = Math.max(this.#latestBefore, this.micros[row]!)
    this.#hashedFrom = this.#hashed = row
    this.#mostHashed = Math.max(fewHashed, 2 * (this.length - row))
  }
}
