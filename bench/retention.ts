/** What a file takes on the disk over 24 simulated hours of 50 ticks a second. */
import { stat } from 'node:fs/promises'
import { DatabaseManager } from '../src/index.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { makeTrades } from './storage/trades.ts'

const pair = 'bench/spot/BUSY'
const hours = 24
const ticksPerSecond = 50
const secondsPerCommit = 1
const cleanupEveryMs = 5 * 60_000

export function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (folder) => {
    let now = Date.UTC(2026, 0, 5)
    const end = now + hours * 3_600_000
    const db = await DatabaseManager.open({ dataDir: `${folder}/data`, clock: () => now })
    const file = `${folder}/data/bench/spot/BUSY/trading.duckdb`
    let largest = 0
    let sent = 0
    let fresh = 0
    while (now < end) {
      const count = ticksPerSecond * secondsPerCommit
      await db.insertTicks(pair, makeTrades(count, now, { from: sent }))
      sent += count
      now += secondsPerCommit * 1000
      if (now % 60_000 === 0) largest = Math.max(largest, await bytesOnDisk(file))
      if (now % cleanupEveryMs !== 0) continue
      // Just before a cleanup there are the most live rows: what they take when written fresh.
      if (now + cleanupEveryMs >= end) fresh = await freshBytes(db, `${folder}/fresh.duckdb`)
      await db.cleanupPair(pair, { now })
    }
    await db.close()
    return [row(largest, fresh)]
  })
}

function row(largest: number, fresh: number): BenchRow {
  return {
    name: `${hours} h of ${ticksPerSecond} ticks/s, default retention: largest file + WAL`,
    value: largest / 2 ** 20,
    unit: 'MB',
    comparedWith: `the live rows written fresh, just before a cleanup: ${(fresh / 2 ** 20).toFixed(2)} MB (bound: 3 × that, or 2 MB more)`,
    ratio: largest / fresh,
    target: { atMost: Math.max(3, 1 + 2 ** 21 / fresh) },
  }
}

async function freshBytes(db: DatabaseManager, file: string): Promise<number> {
  await db.snapshot(pair, file)
  return bytesOnDisk(file)
}

async function bytesOnDisk(file: string): Promise<number> {
  const sizes = await Promise.all(
    [file, `${file}.wal`].map(async (each) => (await stat(each).catch(() => undefined))?.size ?? 0),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
