import type { Tick } from '../../../src/index.ts'
import { foldBars, mergeBar, timeframesMs, type Bar, type PeerStore } from '../store.ts'

/** As much of lmdb as is used here. */
interface Table {
  get(key: Buffer): Buffer | undefined
  doesExist(key: Buffer): boolean
  put(key: Buffer, value: Buffer): unknown
}

interface Environment extends Table {
  openDB(options: object): Table
  transaction<T>(work: () => T): Promise<T>
  close(): Promise<void>
}

export interface Lmdb {
  open(options: object): Environment
}

const asBytes = { keyEncoding: 'binary', encoding: 'binary' }
const prefixBytes = 4

/** LMDB with one environment for all pairs: its transactions gather by themselves what comes meanwhile. */
export class LmdbStore implements PeerStore {
  readonly #environment: Environment
  readonly #ids: Table
  readonly #ticks: Table
  readonly #candles: Table

  constructor(lmdb: Lmdb, path: string) {
    // Without `overlappingSync` a transaction resolves when it is on the disk, not when it is seen.
    this.#environment = lmdb.open({ path, maxDbs: 3, overlappingSync: false, ...asBytes })
    this.#ids = this.#environment.openDB({ name: 'ids', ...asBytes })
    this.#ticks = this.#environment.openDB({ name: 'ticks', ...asBytes })
    this.#candles = this.#environment.openDB({ name: 'candles', ...asBytes })
  }

  insert(pair: number, ticks: readonly Tick[]): Promise<number> {
    return this.#environment.transaction(() => {
      const added = ticks.filter((tick) => this.#store(pair, tick))
      for (const timeframeMs of timeframesMs)
        for (const bar of foldBars(added, timeframeMs)) this.#merge(timeframeMs, pair, bar)
      return added.length
    })
  }

  async settle(): Promise<void> {}

  close(): Promise<void> {
    return this.#environment.close()
  }

  #store(pair: number, { timestamp, price, volume, side, tradeId }: Tick): boolean {
    const id = keyOf(pair, Buffer.from(tradeId!, 'latin1'))
    if (this.#ids.doesExist(id)) return false
    const time = Buffer.allocUnsafe(8)
    // Positive doubles are in the order of their bytes.
    time.writeDoubleBE(timestamp)
    this.#ids.put(id, time)
    const value = Buffer.allocUnsafe(17)
    value.writeDoubleLE(price, 0)
    value.writeDoubleLE(volume, 8)
    value[16] = side === 'BUY' ? 0 : 1
    this.#ticks.put(keyOf(pair, time, id.subarray(prefixBytes)), value)
    return true
  }

  #merge(timeframeMs: number, pair: number, bar: Bar): void {
    const time = Buffer.allocUnsafe(12)
    time.writeUInt32BE(timeframeMs)
    time.writeDoubleBE(bar.openTime, 4)
    const key = keyOf(pair, time)
    const stored = this.#candles.get(key)
    const merged = stored === undefined ? bar : readBar(stored)
    if (stored !== undefined) mergeBar(merged, bar)
    this.#candles.put(key, writeBar(merged))
  }
}

function keyOf(pair: number, ...parts: readonly Buffer[]): Buffer {
  const prefix = Buffer.allocUnsafe(prefixBytes)
  prefix.writeUInt32BE(pair)
  return Buffer.concat([prefix, ...parts])
}

function writeBar(bar: Bar): Buffer {
  const { openTime, open, high, low, close, volume, buyVolume, quoteVolume } = bar
  const sums = [volume, buyVolume, quoteVolume, bar.trades, bar.firstAt, bar.lastAt]
  return Buffer.from(Float64Array.of(openTime, open, high, low, close, ...sums).buffer)
}

function readBar(bytes: Buffer): Bar {
  const at = (field: number): number => bytes.readDoubleLE(field * 8)
  return {
    openTime: at(0),
    open: at(1),
    high: at(2),
    low: at(3),
    close: at(4),
    volume: at(5),
    buyVolume: at(6),
    quoteVolume: at(7),
    trades: at(8),
    firstAt: at(9),
    lastAt: at(10),
  }
}
