import type { Tick } from '../../schema/rows.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import { CheckedTicks } from './checked-ticks.ts'
import { TickBatch } from './tick-batch.ts'
import type { TickColumns } from './tick.ts'
import { outcome } from './deduplicator.ts'

interface Call {
  readonly from: number
  readonly to: number
  readonly resolve: (counts: InsertCounts) => void
  readonly reject: (error: unknown) => void
}

/** Emptied batches: making and collecting the arrays of one takes longer than filling it with a few ticks. */
const spare: TickBatch[] = []
const mostSpare = 256
/** What one large call needed is not kept for the small ones. */
const mostSpareTicks = 64

/** The calls that will share one commit, and their ticks. */
export class PendingCommit {
  readonly batch: TickBatch = spare.pop() ?? new TickBatch()
  readonly calls: Call[] = []
  /** When its first call came, by the clock of `performance`. */
  readonly began: number = performance.now()
  /** Ticks that count against the bounds of what may wait. */
  counted = 0
  /** Holes that are noted with the ticks of its one call, as JSON; '' for none. */
  rows = ''
  /** It goes straight to the file. */
  isDirect = false
  #onEnd: (() => void) | undefined

  /** Joins a call; throws INVALID_TICK and then holds nothing of it. */
  add(ticks: readonly Tick[] | TickColumns | CheckedTicks, latest: number): Promise<InsertCounts> {
    const from = this.batch.length
    if (ticks instanceof CheckedTicks) this.batch.adopt(ticks)
    else this.batch.append(ticks, latest)
    const to = this.batch.length
    return new Promise((resolve, reject) => {
      this.calls.push({ from, to, resolve, reject })
    })
  }

  /** Leaves only what is to be written. */
  dropRejected(outcomes: Uint8Array): void {
    // A loop, which takes no call for each.
    for (let row = 0; row < outcomes.length; row++)
      if (outcomes[row] !== outcome.accepted) return this.batch.compact(outcomes, outcome.accepted)
  }

  /** Nobody looks at its ticks any more. */
  dispose(): void {
    const { batch } = this
    if (batch.price.length > mostSpareTicks || spare.length >= mostSpare) return
    batch.clear()
    spare.push(batch)
  }

  /** Resolves when its calls are answered, whatever with. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEnd = resolve
    })
  }

  settle(counts: readonly InsertCounts[]): void {
    for (const [index, call] of this.calls.entries()) call.resolve(counts[index]!)
    this.#onEnd?.()
  }

  fail(error: unknown): void {
    for (const call of this.calls) call.reject(error)
    this.#onEnd?.()
  }
}

/** What became of each call's ticks, and the span of what is to be stored. */
export function countCalls(
  { batch, calls }: PendingCommit,
  outcomes: Uint8Array,
  newestBefore: number,
): { counts: InsertCounts[]; newest: number; oldest: number } {
  let newest = newestBefore
  let oldest = Infinity
  const counts = calls.map(({ from, to }) => {
    const tally = [0, 0, 0, 0]
    let late = 0
    for (let row = from; row < to; row++) {
      const each = outcomes[row]!
      tally[each]!++
      if (each !== outcome.accepted) continue
      const micros = batch.micros[row]!
      if (micros < newest) late++
      else newest = micros
      if (micros < oldest) oldest = micros
    }
    const [inserted, duplicates, conflicts, expired] = tally as [number, number, number, number]
    return { inserted, duplicates, conflicts, expired, late }
  })
  return { counts, newest, oldest }
}

/** The counts of several calls added up. */
export function total(counts: readonly InsertCounts[]): InsertCounts {
  if (counts.length === 1) return counts[0]!
  const sum = { inserted: 0, duplicates: 0, conflicts: 0, expired: 0, late: 0 }
  for (const each of counts)
    for (const name of Object.keys(sum) as (keyof InsertCounts)[]) sum[name] += each[name]
  return sum
}
