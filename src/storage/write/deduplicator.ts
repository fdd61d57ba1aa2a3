import { msFromMicros } from '../../time.ts'
import { packedNumber, type PackedIds } from '../duckdb/packed-ids.ts'
import type { TickBatch } from './tick-batch.ts'
import type { Conflict } from '../events/outcomes.ts'
import type { KnownTick } from '../front/recent-ticks.ts'

/** The same trade id within this time of a tick is the same trade. */
export const dedupeWindowMicros = 1_000_000

/** What became of a tick. `suspect` is only in between. */
export const outcome = { accepted: 0, duplicate: 1, conflict: 2, expired: 3, suspect: 4 } as const

const none: readonly KnownTick[] = []

/** What a pair's writer remembers between commits. */
export interface DedupeState {
  /** The newest tick that was ever stored, deleted or not. */
  readonly newest: number
  /** Ticks before this (µs) are deleted. */
  readonly deletedBefore: number
  /** Of ticks before this (µs) one with the same id may have been deleted. */
  readonly decidableFrom: number
  /** The largest id, in the order of {@link isLaterId}, among the ticks of the newest second and since. */
  readonly maxId: string
}

/**
 * Sorts out in arrival order which ticks are new. A tick that is not older than the newest and
 * whose id is larger than all recent ones is new by comparison alone; the others are suspects,
 * whose stored sameId have to be looked up.
 */
export class Deduplicator {
  readonly outcomes: Uint8Array
  readonly suspects: number
  readonly expired: number
  readonly #batch: TickBatch
  readonly #decidableFrom: number
  /** Never below any id seen, so that a later comparison stays right. */
  readonly maxId: string

  constructor(batch: TickBatch, known: DedupeState) {
    this.#batch = batch
    const { deletedBefore, decidableFrom } = known
    this.#decidableFrom = decidableFrom
    this.outcomes = new Uint8Array(batch.length)
    let { newest } = known
    let suspects = 0
    let expired = 0
    const largest =
      comparedAsNumbers(batch.packed, known.maxId) ?? new LargestText(batch.ids, known.maxId)
    for (let row = 0; row < batch.length; row++) {
      const micros = batch.micros[row]!
      if (micros < deletedBefore) {
        this.outcomes[row] = outcome.expired
        expired++
        continue
      }
      if (largest.hasId(row)) {
        const later = largest.raise(row)
        if (!later || micros < newest || micros < decidableFrom) {
          this.outcomes[row] = outcome.suspect
          suspects++
        }
      }
      if (micros > newest) newest = micros
    }
    this.suspects = suspects
    this.expired = expired
    this.maxId = largest.id
  }

  /** The time range in which sameId of the suspects can lie, both ends included. */
  suspectRange(): { from: number; to: number } {
    let from = Infinity
    let to = -Infinity
    for (let row = 0; row < this.#batch.length; row++) {
      if (this.outcomes[row] !== outcome.suspect) continue
      from = Math.min(from, this.#batch.micros[row]!)
      to = Math.max(to, this.#batch.micros[row]!)
    }
    return { from: from - dedupeWindowMicros, to: to + dedupeWindowMicros }
  }

  /**
   * Decides about the suspects, against what is stored and against the batch itself, in arrival
   * order: of two ticks with the same id the first is kept. Returns the conflicts. `storedWith` gives
   * the stored ticks of an id and of a time (µs) or later, at least.
   */
  resolve(storedWith: (id: string, since: number) => readonly KnownTick[]): Conflict[] {
    const batch = this.#batch
    const { ids, micros } = batch
    const conflicts: Conflict[] = []
    const rowsOf = new Map<string, number[]>()
    for (let row = 0; row < batch.length; row++) {
      const id = ids[row]!
      if (id === null || this.outcomes[row] === outcome.expired) continue
      const others = rowsOf.get(id)
      if (this.outcomes[row] === outcome.suspect) {
        const stored = storedWith(id, micros[row]! - dedupeWindowMicros)
        // Nearly all ids are new, also those that have no order.
        const isNew = stored.length === 0 && others === undefined
        const sameId = isNew ? none : this.#meeting(row, stored, others)
        this.outcomes[row] = this.#outcomeOf(row, sameId)
        if (this.outcomes[row] === outcome.conflict)
          conflicts.push(conflictOf(id, sameId[0]!, tickAt(batch, row)))
      }
      // The last one meets none of the others any more.
      if (this.outcomes[row] !== outcome.accepted || row === batch.length - 1) continue
      if (others === undefined) rowsOf.set(id, [row])
      else others.push(row)
    }
    return conflicts
  }

  /** Of ticks with the id of a row, stored ones and others of the batch, those near it in time. */
  #meeting(row: number, stored: readonly KnownTick[], others: readonly number[] = []): KnownTick[] {
    const micros = this.#batch.micros[row]!
    return [...stored, ...others.map((other) => tickAt(this.#batch, other))].filter(
      (other) => Math.abs(other.micros - micros) <= dedupeWindowMicros,
    )
  }

  #outcomeOf(row: number, sameId: readonly KnownTick[]): number {
    if (sameId.length > 0) {
      const tick = tickAt(this.#batch, row)
      return sameId.some((other) => isSameTrade(other, tick)) ? outcome.duplicate : outcome.conflict
    }
    // A tick with the same id may have been deleted: whether this one is new cannot be told any more.
    if (this.#batch.micros[row]! < this.#decidableFrom) return outcome.expired
    return outcome.accepted
  }
}

/** The largest id up to a row. */
class LargestText {
  id: string
  readonly #ids: readonly (string | null)[]

  constructor(ids: readonly (string | null)[], id: string) {
    this.#ids = ids
    this.id = id
  }

  hasId(row: number): boolean {
    return this.#ids[row] !== null
  }

  /** Whether the row's id is larger than all before; then it is the largest. */
  raise(row: number): boolean {
    const id = this.#ids[row]!
    if (!isLaterId(id, this.id)) return false
    this.id = id
    return true
  }
}

/** The same where each row has an id, and all are plain numbers. */
class LargestNumber {
  readonly #numbers: Float64Array
  #largest: number

  constructor({ numbers }: PackedIds, largest: number) {
    this.#numbers = numbers
    this.#largest = largest
  }

  get id(): string {
    return this.#largest < 0 ? '' : String(this.#largest)
  }

  hasId(_row: number): boolean {
    return true
  }

  raise(row: number): boolean {
    const number = this.#numbers[row]!
    if (number <= this.#largest) return false
    this.#largest = number
    return true
  }
}

/** Undefined where the ids, or the largest one so far, are not all plain numbers. */
function comparedAsNumbers(ids: PackedIds | undefined, largest: string): LargestNumber | undefined {
  if (ids === undefined) return undefined
  const number = packedNumber(largest)
  return number < 0 && largest !== '' ? undefined : new LargestNumber(ids, number)
}

/** Numeric ids compare as numbers: first by length, then as text. */
export function isLaterId(id: string, than: string): boolean {
  return id.length === than.length ? id > than : id.length > than.length
}

function tickAt(batch: TickBatch, row: number): KnownTick {
  return {
    micros: batch.micros[row]!,
    price: batch.price[row]!,
    volume: batch.volume[row]!,
    side: batch.side[row]!,
  }
}

function isSameTrade(a: KnownTick, b: KnownTick): boolean {
  return a.price === b.price && a.volume === b.volume && a.side === b.side
}

function conflictOf(tradeId: string, stored: KnownTick, given: KnownTick): Conflict {
  return {
    tradeId,
    timestamp: msFromMicros(given.micros),
    stored: factsOf(stored),
    given: factsOf(given),
  }
}

function factsOf({ price, volume, side }: KnownTick): Conflict['given'] {
  return { price, volume, side: side === 0 ? 'BUY' : 'SELL' }
}
