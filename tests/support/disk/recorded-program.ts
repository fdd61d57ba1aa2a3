import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseManager } from '../../../src/index.ts'
import type { BlockSize } from '../../../src/storage/duckdb/block-size.ts'
import { rowGroupRows } from '../../../src/storage/duckdb/engine.ts'
import { sequenceTick } from '../tick-sequence.ts'

export const recordedPair = 'crash/spot/P0'
export const recordedRetention = {
  ticks: 120_000,
  candles_1m: 'forever',
  candles_5m: 'forever',
  candles_15m: 'forever',
  order_flow: 'forever',
  market_profile: 'forever',
} as const

/** A call of the program: ticks `from` up to before `to` of its sequence. */
export interface RecordedCall {
  readonly from: number
  readonly to: number
  readonly acknowledged: boolean
}

/**
 * Does to one pair what users do, in a file that is repacked to such blocks on the way, and writes to the file `calls` when it begins and when it was
 * answered each insert: what stands in the recording before that write was on the disk by then.
 */
async function main(root: string, blockSize: BlockSize): Promise<void> {
  const dataDir = join(root, 'data')
  let next = 0
  const tell = (call: RecordedCall): void =>
    appendFileSync(join(root, 'calls'), `${JSON.stringify(call)}\n`)

  const insert = async (store: DatabaseManager, count: number): Promise<void> => {
    const [from, to] = [next, (next += count)]
    tell({ from, to, acknowledged: false })
    const ticks = Array.from({ length: count }, (_, k) => sequenceTick(0, from + k))
    await store.insertTicks(recordedPair, ticks)
    tell({ from, to, acknowledged: true })
  }
  const session = async (work: (store: DatabaseManager) => Promise<void>): Promise<void> => {
    const store = await DatabaseManager.open({ dataDir, retention: recordedRetention })
    await work(store)
    await store.close()
  }

  await session(async (store) => {
    await insert(store, 40)
    await insert(store, 300)
    await store.repack(recordedPair, { blockSize })
    await store.cleanupPair(recordedPair, { now: 'newest-tick' })
    await insert(store, 21)
    await store.refreshAnalytics(recordedPair)
    await insert(store, 30)
  })
  await session(async (store) => {
    await insert(store, 9)
    // More than a row group goes into the file and not into the log, with late ones among it.
    await insert(store, rowGroupRows + 60)
    await insert(store, 14)
    await store.refreshAnalytics(recordedPair)
    await store.cleanupPair(recordedPair, { now: 'newest-tick' })
    await insert(store, 50)
    await store.snapshot(recordedPair, join(root, 'snapshot.duckdb'))
    await store.cleanupPair(recordedPair, { now: 'newest-tick' })
    await insert(store, 8)
  })
}

if (process.argv[2] === 'run') await main(process.argv[3]!, Number(process.argv[4]) as BlockSize)
