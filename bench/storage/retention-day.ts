import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseManager, type Lease, type Tick } from '../../src/index.ts'
import { cutIntoCalls, makeTrades } from './trades.ts'

const pair = 'bench/spot/BUSY'
const ticksPerCommit = 10
const commitsPerSecond = 5
const msPerCommit = 1000 / commitsPerSecond
const cleanupEveryMs = 5 * 60_000
/** The reader's habits: every 7 minutes it keeps a query open for one, now and then over a cleanup. */
const readEveryMs = 7 * 60_000
const readForMs = 60_000

/** What a file took on the disk over a simulated time, beside its live rows written fresh. */
export interface RetentionDay {
  readonly commits: number
  readonly largestBytes: number
  readonly freshBytes: number
  /** The worst of (file + WAL) ÷ bound, where the bound is 3 × fresh, or fresh + 2 MB if that is more. */
  readonly worstShareOfBound: number
  readonly cleanups: number
}

/**
 * 50 ticks a second in commits of 10 under the default retention, by a clock of its own, with a
 * reader. Fresh sizes are taken before and after each cleanup, where the live rows are most and
 * fewest; between the two they grow with time.
 */
export async function simulateRetention(folder: string, minutes: number): Promise<RetentionDay> {
  const start = Date.UTC(2026, 0, 5)
  let now = start
  const dataDir = join(folder, 'data')
  const db = await DatabaseManager.open({ dataDir, clock: () => now })
  const file = join(dataDir, pair, 'trading.duckdb')
  const day = { commits: 0, largestBytes: 0, freshBytes: 0, worstShareOfBound: 0, cleanups: 0 }
  const ahead: Tick[][] = []
  /** Right after the last cleanup. */
  let least: number | undefined
  /** Since then: how far towards the next cleanup, and what the file took. */
  let sizes: (readonly [share: number, bytes: number])[] = []
  let reader: Lease | undefined
  for (; now < start + minutes * 60_000; now += msPerCommit) {
    if (ahead.length === 0) ahead.push(...hourOfCommits(now, day.commits * ticksPerCommit))
    await db.insertTicks(pair, ahead.shift()!)
    day.commits++
    const passed = now - start
    if (passed % readEveryMs === 0) reader = await openRead(db)
    if (passed % readEveryMs === readForMs) reader = await endRead(reader)
    if (passed > 0 && passed % cleanupEveryMs === 0) {
      const fresh = join(folder, 'fresh.duckdb')
      if (least !== undefined) {
        const most = await freshBytes(db, fresh)
        for (const [share, bytes] of sizes) {
          const live = least + share * (most - least)
          const bound = Math.max(3 * live, live + 2 ** 21)
          day.worstShareOfBound = Math.max(day.worstShareOfBound, bytes / bound)
        }
      }
      await db.cleanupPair(pair)
      day.cleanups++
      // Rows are deleted from the 20th minute on: before that the file only grows.
      if (passed >= 4 * cleanupEveryMs) day.freshBytes = least = await freshBytes(db, fresh)
      sizes = []
    }
    if (day.commits % 25 !== 0) continue
    const bytes = await bytesOnDisk(file)
    day.largestBytes = Math.max(day.largestBytes, bytes)
    sizes.push([(passed % cleanupEveryMs) / cleanupEveryMs, bytes])
  }
  await endRead(reader)
  await db.close()
  return day
}

/** Made by the hour, so that prices and volumes do not repeat within what is kept. */
function hourOfCommits(from: number, firstId: number): Tick[][] {
  const ticks = 3600 * commitsPerSecond * ticksPerCommit
  return cutIntoCalls(makeTrades(ticks, from, { from: firstId }), ticksPerCommit)
}

/** A read transaction that goes on seeing what it saw first. */
async function openRead(db: DatabaseManager): Promise<Lease> {
  const lease = await db.acquire(pair)
  await lease.connection.run('BEGIN')
  await lease.connection.run('SELECT count(*) FROM ticks')
  return lease
}

async function endRead(reader: Lease | undefined): Promise<undefined> {
  await reader?.release()
}

async function freshBytes(db: DatabaseManager, file: string): Promise<number> {
  const { bytes } = await db.snapshot(pair, file)
  await rm(file)
  return bytes
}

async function bytesOnDisk(file: string): Promise<number> {
  const sizes = await Promise.all(
    [file, `${file}.wal`].map(async (each) => (await stat(each).catch(() => undefined))?.size ?? 0),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
