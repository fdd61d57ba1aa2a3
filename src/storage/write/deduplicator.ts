import { msFromMicros } from '../../time.ts'
import type { TickBatch } from './tick-batch.ts'
import type { Conflict } from '../events/outcomes.ts'

/** The same trade id within this time of a tick is the same trade. */
export const dedupeWindowMicros = 1_000_000

/** What became of a tick. `suspect` is only in between. */
export const verdict = { accepted: 0, duplicate: 1, conflict: 2, expired: 3, suspect: 4 } as const

/** A stored tick that has the id of one that is being judged. */
export interface StoredTick {
  readonly micros: number
  readonly price: number
  readonly volume: number
  readonly side: number
}

/** What a pair's writer remembers between commits. */
export interface Judgement {
  /** The newest tick that was ever stored, deleted or not. */
  readonly newest: number
  /** Ticks before this (µs) are deleted. */
  readonly deletedBefore: number
  /** Of ticks before this (µs) a namesake may have been deleted. */
  readonly judgedFrom: number
  /** The largest id, in the order of {@link isLaterId}, among the ticks of the newest second and since. */
  readonly maxId: string
}

/**
 * Sorts out in arrival order which ticks are new. A tick that is not older than the newest and
 * whose id is larger than all recent ones is new by comparison alone; the others are suspects,
 * whose stored namesakes have to be looked up.
 */
export class TickJudge {
  readonly verdicts: Uint8Array
  readonly suspects: number
  readonly expired: number
  readonly #batch: TickBatch
  readonly #judgedFrom: number
  /** Never below any id seen, so that a later comparison stays right. */
  readonly maxId: string

  constructor(batch: TickBatch, known: Judgement) {
    this.#batch = batch
    const { deletedBefore, judgedFrom } = known
    this.#judgedFrom = judgedFrom
    this.verdicts = new Uint8Array(batch.length)
    let { newest, maxId } = known
    let suspects = 0
    let expired = 0
    for (let row = 0; row < batch.length; row++) {
      const micros = batch.micros[row]!
      const id = batch.ids[row]!
      if (micros < deletedBefore) {
        this.verdicts[row] = verdict.expired
        expired++
        continue
      }
      if (id !== null) {
        const later = isLaterId(id, maxId)
        if (!later || micros < newest || micros < judgedFrom) {
          this.verdicts[row] = verdict.suspect
          suspects++
        }
        if (later) maxId = id
      }
      if (micros > newest) newest = micros
    }
    this.suspects = suspects
    this.expired = expired
    this.maxId = maxId
  }

  /** The time range in which namesakes of the suspects can lie, both ends included. */
  suspectRange(): { from: number; to: number } {
    let from = Infinity
    let to = -Infinity
    for (let row = 0; row < this.#batch.length; row++) {
      if (this.verdicts[row] !== verdict.suspect) continue
      from = Math.min(from, this.#batch.micros[row]!)
      to = Math.max(to, this.#batch.micros[row]!)
    }
    return { from: from - dedupeWindowMicros, to: to + dedupeWindowMicros }
  }

  /**
   * Judges the suspects, against what is stored and against the batch itself, in arrival order:
   * the first of two namesakes wins. Returns the conflicts.
   */
  resolve(stored: ReadonlyMap<string, readonly StoredTick[]>): Conflict[] {
    const batch = this.#batch
    const conflicts: Conflict[] = []
    const seen = new Map<string, StoredTick[]>()
    for (let row = 0; row < batch.length; row++) {
      const id = batch.ids[row]!
      if (id === null || this.verdicts[row] === verdict.expired) continue
      const tick = tickAt(batch, row)
      if (this.verdicts[row] === verdict.suspect) {
        const namesakes = [...(stored.get(id) ?? []), ...(seen.get(id) ?? [])].filter(
          ({ micros }) => Math.abs(micros - tick.micros) <= dedupeWindowMicros,
        )
        this.verdicts[row] = this.#judge(tick, namesakes)
        if (this.verdicts[row] === verdict.conflict)
          conflicts.push(conflictOf(id, namesakes[0]!, tick))
      }
      if (this.verdicts[row] !== verdict.accepted) continue
      const others = seen.get(id)
      if (others === undefined) seen.set(id, [tick])
      else others.push(tick)
    }
    return conflicts
  }

  #judge(tick: StoredTick, namesakes: readonly StoredTick[]): number {
    if (namesakes.some((other) => isSameTrade(other, tick))) return verdict.duplicate
    if (namesakes.length > 0) return verdict.conflict
    // Its namesake may have been deleted: it cannot be judged any more.
    if (tick.micros < this.#judgedFrom) return verdict.expired
    return verdict.accepted
  }
}

/** Numeric ids compare as numbers: first by length, then as text. */
export function isLaterId(id: string, than: string): boolean {
  return id.length === than.length ? id > than : id.length > than.length
}

function tickAt(batch: TickBatch, row: number): StoredTick {
  return {
    micros: batch.micros[row]!,
    price: batch.price[row]!,
    volume: batch.volume[row]!,
    side: batch.side[row]!,
  }
}

function isSameTrade(a: StoredTick, b: StoredTick): boolean {
  return a.price === b.price && a.volume === b.volume && a.side === b.side
}

function conflictOf(tradeId: string, stored: StoredTick, given: StoredTick): Conflict {
  const facts = ({ price, volume, side }: StoredTick): Conflict['given'] => ({
    price,
    volume,
    side: side === 0 ? 'BUY' : 'SELL',
  })
  return {
    tradeId,
    timestamp: msFromMicros(given.micros),
    stored: facts(stored),
    given: facts(given),
  }
}
