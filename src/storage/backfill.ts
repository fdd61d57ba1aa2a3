import { shown } from '../errors.ts'
import type { PairLike } from '../pair.ts'
import type { Gap } from '../schema/gaps.ts'
import type { Tick } from '../schema/rows.ts'
import type { InsertCounts } from './events/outcomes.ts'
import { total } from './write/pending-commit.ts'
import { IdRanges } from './write/id-ranges.ts'
import type { InsertOptions } from './write/insert-options.ts'

/** Gives the trades that lie in a hole, as far as it can; more than those do no harm. */
export type GapFetcher = (
  gap: Gap,
) => Iterable<Tick> | AsyncIterable<Tick> | Promise<Iterable<Tick>>

/** What a backfill did: the holes as the ledger has them now, and what was stored. */
export interface BackfillReport {
  /** The holes, in the state that they have now. */
  readonly gaps: readonly Gap[]
  /** What became of the ticks. */
  readonly counts: InsertCounts
}

interface Store {
  gaps(pair: PairLike): Promise<Gap[]>
  insertTicks(
    pair: PairLike,
    ticks: readonly Tick[],
    options?: InsertOptions,
  ): Promise<InsertCounts>
}

const batchTicks = 5_000

/** Goes through a pair's holes, the oldest first; each is closed in the ledger after its trades are stored. */
export async function backfillGaps(
  store: Store,
  pair: PairLike,
  fetcher: GapFetcher,
): Promise<BackfillReport> {
  if (typeof fetcher !== 'function')
    throw new TypeError(`backfill: expected a function that gives ticks, got ${shown(fetcher)}`)
  const counts: InsertCounts[] = []
  const known = (await store.gaps(pair)).filter(
    ({ state, toTime }) => state !== 'filled' && toTime !== null,
  )
  const after: Gap[] = []
  for (const gap of known) {
    const ids = new IdCount(gap)
    let batch: Tick[] = []
    for await (const tick of await fetcher(gap)) {
      ids.add(tick.tradeId)
      batch.push(tick)
      if (batch.length < batchTicks) continue
      counts.push(await store.insertTicks(pair, batch))
      batch = []
    }
    const closed = { ...gap, ...ids.outcome(gap), tries: gap.tries + 1 }
    counts.push(await store.insertTicks(pair, batch, { gaps: [closed] }))
    after.push(closed)
  }
  return { gaps: after, counts: total(counts) }
}

/** Counts the consecutive ids of a hole, which alone prove that it is filled. */
class IdCount {
  readonly #from: bigint | undefined
  readonly #to: bigint | undefined
  readonly #seen = new IdRanges()

  constructor({ fromId, toId }: Gap) {
    this.#from = wholeNumber(fromId)
    this.#to = wholeNumber(toId)
  }

  add(tradeId: string | null | undefined): void {
    const id = wholeNumber(tradeId)
    if (id === undefined || this.#from === undefined || this.#to === undefined) return
    if (id > this.#from && id < this.#to) this.#seen.add(id)
  }

  outcome(gap: Gap): Pick<Gap, 'state' | 'reason' | 'closedAt'> {
    const { state, reason } = gap
    if (this.#from === undefined || this.#to === undefined || state === 'unproved')
      return { state: 'unproved', reason, closedAt: null }
    const missing = this.#seen
      .missing(this.#from, this.#to)
      .reduce((sum, [first, last]) => sum + last - first + 1n, 0n)
    if (missing === 0n) return { state: 'filled', reason, closedAt: Date.now() }
    return { state, reason: `${missing} trades are still missing`, closedAt: null }
  }
}

function wholeNumber(id: string | null | undefined): bigint | undefined {
  return id !== null && id !== undefined && /^\d+$/.test(id) ? BigInt(id) : undefined
}
