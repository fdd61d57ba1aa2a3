import type { Candle, StoredCandle, StoredTick, Tick } from '../../src/schema/rows.ts'
import { timeframeMs, type Timeframe } from '../../src/time.ts'
import { foldCandles } from './candle-fold.ts'
import { byTickOrder } from './tick-order.ts'

const windowMicros = 1_000_000

/**
 * What a pair's store has to do, one tick after the other, by the plainest means: no batches, no
 * roll-up, nothing remembered but the ticks themselves and where retention has been.
 */
export class StoreModel {
  ticks: StoredTick[] = []
  /** All that were ever stored: candles outlive their ticks. */
  readonly #ever: StoredTick[] = []
  readonly #given = new Map<Timeframe, Map<number, StoredCandle>>()
  /** Of a tick (µs) before this one with the same id may have been deleted. */
  #decidableFrom = -Infinity
  readonly #marks = new Map<string, number>()
  readonly #keepMs: Readonly<Record<string, number>>

  constructor(keepMs: Readonly<Record<string, number>>) {
    this.#keepMs = keepMs
  }

  insert(ticks: readonly Tick[]): Counts {
    const counts = { inserted: 0, duplicates: 0, conflicts: 0, expired: 0, late: 0 }
    for (const tick of ticks) {
      const stored = { ...tick, tradeId: tick.tradeId ?? null }
      const outcome = this.#outcomeOf(stored)
      counts[outcome]++
      if (outcome !== 'inserted') continue
      if (this.#ever.some(({ timestamp }) => timestamp > tick.timestamp)) counts.late++
      this.ticks.push(stored)
      this.#ever.push(stored)
    }
    return counts
  }

  insertCandles(timeframe: Timeframe, candles: readonly Candle[]): RowCounts {
    const counts = { inserted: 0, replaced: 0, expired: 0 }
    for (const candle of candles) {
      const there = this.candles(timeframe).some(({ timestamp }) => timestamp === candle.timestamp)
      if (candle.timestamp < this.#mark(`candles_${timeframe}`)) {
        counts.expired++
        continue
      }
      counts[there ? 'replaced' : 'inserted']++
      const given = this.#given.get(timeframe) ?? new Map<number, StoredCandle>()
      this.#given.set(timeframe, given)
      given.set(candle.timestamp, {
        ...candle,
        buyVolume: candle.buyVolume ?? null,
        sellVolume: candle.sellVolume ?? null,
        quoteVolume: candle.quoteVolume ?? null,
        tradeCount: candle.tradeCount ?? null,
      })
    }
    return counts
  }

  cleanup(now: number): void {
    for (const [relation, keepMs] of Object.entries(this.#keepMs)) {
      // Nothing newer than the newest that there ever was can be deleted.
      const newest = this.#newest(relation)
      const mark = Math.min(now - keepMs, (micros(newest) + 1) / 1000)
      if (mark <= this.#mark(relation)) continue
      this.#marks.set(relation, mark)
      if (relation === 'ticks')
        this.#decidableFrom = Math.min(micros(now - keepMs) + windowMicros, micros(newest) + 1)
    }
    this.ticks = this.ticks.filter(({ timestamp }) => timestamp >= this.#mark('ticks'))
  }

  sortedTicks(): StoredTick[] {
    return this.ticks.toSorted(byTickOrder)
  }

  candles(timeframe: Timeframe): StoredCandle[] {
    const folded = foldCandles(this.#ever, timeframeMs[timeframe])
    const bars = new Map<number, StoredCandle>(folded.map((candle) => [candle.timestamp, candle]))
    for (const [start, candle] of this.#given.get(timeframe) ?? []) bars.set(start, candle)
    return [...bars.values()]
      .filter(({ timestamp }) => timestamp >= this.#mark(`candles_${timeframe}`))
      .sort((a, b) => a.timestamp - b.timestamp)
  }

  #outcomeOf(tick: StoredTick): 'inserted' | 'duplicates' | 'conflicts' | 'expired' {
    const mark = this.#mark('ticks')
    if (tick.timestamp < mark) return 'expired'
    if (tick.tradeId === null) return 'inserted'
    const sameId = this.ticks.filter(
      ({ tradeId, timestamp }) =>
        tradeId === tick.tradeId &&
        Math.abs(micros(timestamp) - micros(tick.timestamp)) <= windowMicros,
    )
    const same = sameId.some(
      ({ price, volume, side }) =>
        price === tick.price && volume === tick.volume && side === tick.side,
    )
    if (same) return 'duplicates'
    if (sameId.length > 0) return 'conflicts'
    // One with its id may have been deleted.
    return micros(tick.timestamp) < this.#decidableFrom ? 'expired' : 'inserted'
  }

  #newest(relation: string): number {
    const ever = Math.max(...this.#ever.map(({ timestamp }) => timestamp))
    if (relation === 'ticks') return ever
    const timeframe = relation.slice('candles_'.length) as Timeframe
    const bar = Math.floor(ever / timeframeMs[timeframe]) * timeframeMs[timeframe]
    return Math.max(bar, ...(this.#given.get(timeframe)?.keys() ?? []))
  }

  /** Since when the ticks are there. */
  get coveredFrom(): number | null {
    return this.#marks.get('ticks') ?? this.sortedTicks()[0]?.timestamp ?? null
  }

  #mark(relation: string): number {
    return this.#marks.get(relation) ?? -Infinity
  }
}

function micros(ms: number): number {
  return Math.round(ms * 1000)
}

export interface Counts {
  inserted: number
  duplicates: number
  conflicts: number
  expired: number
  late: number
}

interface RowCounts {
  inserted: number
  replaced: number
  expired: number
}
