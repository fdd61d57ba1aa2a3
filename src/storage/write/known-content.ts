import { candleRelation, type Relation } from '../../schema/tables.ts'
import { microsFromMs, msFromMicros, timeframeMs, timeframes, type Timeframe } from '../../time.ts'
import type { BatchColumns } from '../duckdb/batch-function.ts'
import type { PairState, RelationState } from '../file/state-file.ts'

/** What a file holds, and up to where retention has deleted. */
export type Content = Required<Pick<PairState, 'relations' | 'marks'>>

/**
 * What a pair's file holds, as far as that is known without asking it: its state file told it when it was
 * opened, and ticks behind its newest bars keep it known. Whatever else is written makes it unknown, until a
 * cleanup or whoever closes the file asks it.
 */
export class KnownContent {
  #content: Content | undefined
  #forgotten = 0

  constructor(content: Content | undefined) {
    this.#content = content
  }

  /** Undefined where only the file can tell. */
  get content(): Content | undefined {
    return this.#content
  }

  forget(): void {
    this.#content = undefined
    this.#forgotten++
  }

  /** How often it was forgotten: whoever asks the file remembers it from before. */
  get forgotten(): number {
    return this.#forgotten
  }

  /** What the file was asked since then, unless somebody may have written to it meanwhile. */
  learn({ relations, marks }: Content, forgotten: number): void {
    if (forgotten === this.#forgotten) this.#content = { relations, marks }
  }

  /** These ticks are in the file now. */
  add(batch: BatchColumns): void {
    if (this.#content === undefined || batch.length === 0) return
    const { relations, marks } = this.#content
    const added: Partial<Record<Relation, RelationState>> = { ...relations }
    added.ticks = withTicks(relations.ticks, batch)
    for (const timeframe of timeframes) {
      const name = candleRelation(timeframe)
      const bars = relations[name]
      if (bars === undefined) continue
      const after = withBars(bars, batch, { timeframe, mark: marks[name] })
      if (after === undefined) return this.forget()
      added[name] = after
    }
    this.#content = { relations: added, marks }
  }
}

function withTicks(
  ticks: RelationState | undefined,
  { micros, length }: BatchColumns,
): RelationState {
  let oldest = ticks?.oldest ?? Infinity
  let newest = ticks?.newest ?? -Infinity
  for (let row = 0; row < length; row++) {
    const ms = msFromMicros(micros[row]!)
    if (ms < oldest) oldest = ms
    if (ms > newest) newest = ms
  }
  return { rows: (ticks?.rows ?? 0) + length, oldest, newest, ended: 0 }
}

/** Undefined where a tick belongs to a bar before the newest, of which nobody knows whether it is there. */
function withBars(
  bars: RelationState,
  { micros, length }: BatchColumns,
  { timeframe, mark }: { timeframe: Timeframe; mark: number | undefined },
): RelationState | undefined {
  // Bars before the mark are not shown, and where none is shown the next one may be before it.
  if (bars.newest === null && mark !== undefined) return undefined
  const width = microsFromMs(timeframeMs[timeframe])
  const newest = bars.newest === null ? -Infinity : microsFromMs(bars.newest) / width
  const more = new Set<number>()
  let last = newest
  for (let row = 0; row < length; row++) {
    const bar = Math.floor(micros[row]! / width)
    if (bar === last) continue
    if (bar < newest) return undefined
    if (bar > newest) more.add(bar)
    last = bar
  }
  if (more.size === 0) return bars
  let [first, end] = [Infinity, -Infinity]
  for (const bar of more) {
    first = Math.min(first, bar)
    end = Math.max(end, bar)
  }
  return {
    rows: bars.rows + more.size,
    oldest: bars.oldest ?? msFromMicros(first * width),
    newest: msFromMicros(end * width),
    ended: 0,
  }
}
