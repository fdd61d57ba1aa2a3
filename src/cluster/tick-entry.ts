import { msFromMicros } from '../time.ts'
import type { TickColumns } from '../storage/write/tick.ts'
import { TickBatch } from '../storage/write/tick-batch.ts'
import type { Tick } from '../schema/rows.ts'

/**
 * A call's ticks as one entry of a log: JSON by column, half the size of objects. Times are whole
 * microseconds, sides one letter each, ids text or null. Throws INVALID_TICK for what no file would
 * store, so that a bad tick is refused where it comes from and never waits in the log.
 */
export function encodeTicks(ticks: readonly Tick[] | TickColumns, latestMs: number): string {
  const batch = new TickBatch()
  batch.append(ticks, latestMs)
  const { length } = batch
  return JSON.stringify({
    t: Array.from(batch.micros.subarray(0, length)),
    p: Array.from(batch.price.subarray(0, length)),
    v: Array.from(batch.volume.subarray(0, length)),
    s: Array.from(batch.side.subarray(0, length), (side) => (side === 0 ? 'B' : 'S')).join(''),
    i: batch.ids.slice(0, length),
  })
}

/** The ticks of an entry, as `insertTicks` takes them. */
export function decodeTicks(entry: string): TickColumns {
  const { t, p, v, s, i } = JSON.parse(entry) as {
    t: number[]
    p: number[]
    v: number[]
    s: string
    i: (string | null)[]
  }
  return {
    timestamp: t.map((micros) => msFromMicros(micros)),
    price: p,
    volume: v,
    side: Array.from(s, (side) => (side === 'B' ? 'BUY' : 'SELL')),
    tradeId: i,
  }
}
