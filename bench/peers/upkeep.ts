/** 50 ticks a second with 15 minutes kept: what a cleanup takes, what stays on the disk, and the work. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseManager, type Tick } from '../../src/index.ts'
import { median } from '../harness/interleave.ts'
import type { BenchRow } from '../harness/row.ts'
import { inScratchFolder } from '../harness/scratch-folder.ts'
import { cutIntoCalls, makeTrades } from '../storage/trades.ts'
import { peerPackages } from './packages.ts'
import { SqliteFile, type Sqlite } from './stores/sqlite-file.ts'

const pair = 'bench/spot/BUSY'
const minute = 60_000
const passEveryMs = 5 * minute
const callSize = 10
const ticksPerPass = 15_000
const keepTicksMs = 15 * minute
/** The default retention of candles, by timeframe. */
const keepCandlesMs = { 60_000: 60 * minute, 300_000: 1440 * minute, 900_000: 1440 * minute }
const start = Date.UTC(2026, 0, 5)

/** A side of the comparison, which lives by the clock that it is told. */
interface Keeper {
  insert(ticks: readonly Tick[]): Promise<unknown>
  clean(now: number): Promise<void>
  close(): Promise<void>
}

interface Kept {
  readonly passMs: number[]
  cpuMicros: number
  largestBytes: number
}

export async function upkeep(full: boolean): Promise<BenchRow[]> {
  const hours = full ? 24 : 2
  return inScratchFolder(async (folder) => {
    const load = await peerPackages()
    let now = start
    const sides: Record<'ours' | 'sqlite', Keeper> = {
      ours: await pairduckKeeper(`${folder}/ours`, () => now),
      sqlite: sqliteKeeper(load('better-sqlite3') as Sqlite, `${folder}/sqlite.db`),
    }
    const kept = {
      ours: { passMs: [], cpuMicros: 0, largestBytes: 0 } as Kept,
      sqlite: { passMs: [], cpuMicros: 0, largestBytes: 0 } as Kept,
    }
    for (let pass = 0; now < start + hours * 60 * minute; pass++) {
      const calls = cutIntoCalls(
        makeTrades(ticksPerPass, now, { from: pass * ticksPerPass }),
        callSize,
      )
      now += passEveryMs
      for (const side of ['ours', 'sqlite'] as const) {
        const cpu = process.cpuUsage()
        for (const call of calls) await sides[side].insert(call)
        const startedAt = performance.now()
        await sides[side].clean(now)
        kept[side].passMs.push(performance.now() - startedAt)
        const { user, system } = process.cpuUsage(cpu)
        kept[side].cpuMicros += user + system
        kept[side].largestBytes = Math.max(
          kept[side].largestBytes,
          await bytesBelow(folder, side === 'ours' ? 'ours' : 'sqlite.db'),
        )
      }
    }
    await Promise.all(Object.values(sides).map((side) => side.close()))
    return rowsOf(hours, kept)
  })
}

async function pairduckKeeper(dataDir: string, clock: () => number): Promise<Keeper> {
  const db = await DatabaseManager.open({ dataDir, clock, localSocket: false })
  return {
    insert: (ticks) => db.insertTicks(pair, ticks),
    clean: async () => void (await db.cleanupPair(pair)),
    close: () => db.close(),
  }
}

function sqliteKeeper(sqlite: Sqlite, path: string): Keeper {
  const file = new SqliteFile(sqlite, path)
  const ticks = file.database.prepare('DELETE FROM ticks WHERE pair = 0 AND timestamp < ?')
  const candles = file.database.prepare(
    'DELETE FROM candles WHERE timeframe = ? AND pair = 0 AND open_time < ?',
  )
  return {
    insert: (given) => file.insert(0, given),
    clean: async (now) => {
      file.database.exec('BEGIN IMMEDIATE')
      ticks.run(now - keepTicksMs)
      for (const [timeframe, keepMs] of Object.entries(keepCandlesMs))
        candles.run(Number(timeframe), now - keepMs)
      file.database.exec('COMMIT')
      file.database.pragma('wal_checkpoint(TRUNCATE)')
    },
    close: async () => file.close(),
  }
}

/** Files, write-ahead logs and the commit log; a name also stands for the files that begin with it. */
async function bytesBelow(folder: string, name: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true })
  let bytes = 0
  for (const entry of entries.filter((each) => each.startsWith(name))) {
    const found = await stat(join(folder, entry)).catch(() => undefined)
    if (found?.isFile() === true) bytes += found.size
  }
  return bytes
}

function rowsOf(hours: number, kept: Record<'ours' | 'sqlite', Kept>): BenchRow[] {
  const { ours, sqlite } = kept
  const name = `${hours} h of 50 ticks/s, default retention`
  const passes = { ours: median(ours.passMs.slice(4)), sqlite: median(sqlite.passMs.slice(4)) }
  return [
    {
      name: `${name}: cleanup pass p50`,
      value: passes.ours,
      unit: 'ms',
      comparedWith: `SQLite, DELETE and a checkpoint: ${passes.sqlite.toFixed(1)} ms`,
      ratio: passes.ours / passes.sqlite,
      target: { atMost: 1 },
    },
    {
      name: `${name}: largest on disk, commit log included`,
      value: mb(ours.largestBytes),
      unit: 'MB',
      comparedWith: `SQLite: ${mb(sqlite.largestBytes).toFixed(1)} MB`,
      ratio: ours.largestBytes / sqlite.largestBytes,
      target: { atMost: 3, of: 'value' },
    },
    {
      name: `${name}: CPU, calls of 10 one after the other`,
      value: ours.cpuMicros / 1e6,
      unit: 's',
      comparedWith: `SQLite: ${(sqlite.cpuMicros / 1e6).toFixed(1)} s`,
      ratio: ours.cpuMicros / sqlite.cpuMicros,
      target: { atMost: 1.2 },
    },
  ]
}

function mb(bytes: number): number {
  return bytes / 2 ** 20
}
