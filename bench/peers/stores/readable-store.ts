import type { PeerStore } from '../store.ts'

/** A side that is also asked for its newest rows. */
export interface ReadableStore extends PeerStore {
  /** The newest ticks of a pair; how many came. */
  lastTicks(pair: number, count: number): Promise<number>
  /** The newest candles of a minute; how many came. */
  lastCandles(pair: number, count: number): Promise<number>
}
