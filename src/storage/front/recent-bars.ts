import type { StoredCandle } from '../../schema/rows.ts'
import { msFromMicros, timeframeMs, type Timeframe } from '../../time.ts'
import type { BatchColumns } from '../duckdb/batch-function.ts'
import type { MemoryBudget } from './memory-budget.ts'

/** A stored bar, with what it takes to merge another tick into it. Times are µs. */
export interface WarmBar {
  readonly micros: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  buyVolume: number | null
  sellVolume: number | null
  quoteVolume: number | null
  tradeCount: number | null
  firstMicros: number
  firstId: string
  lastMicros: number
  lastId: string
  /** It came from elsewhere and stands for its whole bar, whatever ticks come. */
  readonly given: boolean
}

/** Bars as the file has them, the oldest first. */
export interface StoredBars {
  readonly bars: WarmBar[]
  /** From this time (µs) on every stored bar is among them; before it, none is looked at. */
  readonly from: number
  /** No older one is stored. */
  readonly isWhole: boolean
}

/** The newest bars of one timeframe, kept right tick by tick with the same merge as the views'. */
export class RecentBars {
  readonly #width: number
  readonly #budget: MemoryBudget
  readonly #bars: WarmBar[]
  #from: number
  #isWhole: boolean

  constructor(timeframe: Timeframe, { bars, from, isWhole }: StoredBars, budget: MemoryBudget) {
    this.#width = timeframeMs[timeframe] * 1000
    this.#bars = bars
    this.#from = from
    this.#isWhole = isWhole
    this.#budget = budget
    budget.grew(this, bars.length)
  }

  get kept(): number {
    return this.#bars.length
  }

  /** Merges ticks that are stored now. */
  fold(batch: BatchColumns): void {
    const before = this.#bars.length
    for (let row = 0; row < batch.length; row++) {
      const start = batch.micros[row]! - (batch.micros[row]! % this.#width)
      if (start >= this.#from) this.#merge(start, batch, row)
    }
    this.#budget.grew(this, this.#bars.length - before)
    const { share } = this.#budget
    if (this.#bars.length > share * 1.5) this.trim(share)
  }

  /** The newest bars, the oldest of them first; undefined where these do not tell. */
  last(count: number): StoredCandle[] | undefined {
    const known = this.#bars.length > 0 && (this.#isWhole || this.#bars.length >= count)
    if (!known) return undefined
    const bars = this.#bars.slice(-count)
    return bars.every(isFinite) ? bars.map(candleOf) : undefined
  }

  /** Lets go of all but the newest. */
  trim(rows: number): void {
    const gone = this.#bars.length - rows
    if (gone <= 0) return
    this.#bars.splice(0, gone)
    this.#budget.shrank(gone)
    this.#isWhole = false
    this.#from = this.#bars[0]?.micros ?? Infinity
  }

  dispose(): void {
    this.#budget.leave(this)
  }

  #merge(start: number, batch: BatchColumns, row: number): void {
    const bars = this.#bars
    // Nearly always it is the last one's.
    let at = bars.length
    while (at > 0 && bars[at - 1]!.micros > start) at--
    const bar = bars[at - 1]
    if (bar?.micros !== start) bars.splice(at, 0, barOf(start, batch, row))
    else if (!bar.given) mergeTick(bar, batch, row)
  }
}

function barOf(micros: number, batch: BatchColumns, row: number): WarmBar {
  const [one, volume, time, id] = [
    batch.price[row]!,
    batch.volume[row]!,
    batch.micros[row]!,
    batch.ids[row] ?? '',
  ]
  return {
    micros,
    open: one,
    high: one,
    low: one,
    close: one,
    volume,
    buyVolume: batch.side[row] === 0 ? volume : 0,
    sellVolume: batch.side[row] === 0 ? 0 : volume,
    quoteVolume: one * volume,
    tradeCount: 1,
    firstMicros: time,
    firstId: id,
    lastMicros: time,
    lastId: id,
    given: false,
  }
}

function mergeTick(bar: WarmBar, batch: BatchColumns, row: number): void {
  const [price, volume, time] = [batch.price[row]!, batch.volume[row]!, batch.micros[row]!]
  const id = batch.ids[row] ?? ''
  bar.high = Math.max(bar.high, price)
  bar.low = Math.min(bar.low, price)
  bar.volume += volume
  bar.buyVolume! += batch.side[row] === 0 ? volume : 0
  bar.sellVolume! += batch.side[row] === 0 ? 0 : volume
  bar.quoteVolume! += price * volume
  bar.tradeCount!++
  if ((time - bar.firstMicros || compareIds(id, bar.firstId) || price - bar.open) < 0) {
    bar.firstMicros = time
    bar.firstId = id
    bar.open = price
  }
  if ((time - bar.lastMicros || compareIds(id, bar.lastId) || price - bar.close) > 0) {
    bar.lastMicros = time
    bar.lastId = id
    bar.close = price
  }
}

/** As the engine does: by the number of characters, then by the bytes of UTF-8. */
function compareIds(a: string, b: string): number {
  if (a === b) return 0
  if (isAscii(a) && isAscii(b)) return a.length - b.length || (a < b ? -1 : 1)
  return [...a].length - [...b].length || Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}

/** A sum beyond the largest number: the file's answer says so by an error. */
function isFinite({ volume, quoteVolume }: WarmBar): boolean {
  return volume < Infinity && (quoteVolume ?? 0) < Infinity
}

function candleOf(bar: WarmBar): StoredCandle {
  return {
    timestamp: msFromMicros(bar.micros),
    open: bar.open,
    high: bar.high,
    low: bar.low,
    close: bar.close,
    volume: bar.volume,
    buyVolume: bar.buyVolume,
    sellVolume: bar.sellVolume,
    quoteVolume: bar.quoteVolume,
    tradeCount: bar.tradeCount,
  }
}
