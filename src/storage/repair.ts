import { copyFile, mkdir, open, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { formatPair, symbolToFolder, type Pair } from '../pair.ts'
import { tables, type TableName } from '../schema/tables.ts'
import { timeframes } from '../time.ts'
import type { Engine } from './engine.ts'
import { migrate } from './migrate.ts'
import { quarantineFiles, sizeOf, type PairFiles } from './pair-files.ts'
import { readRows } from './read-rows.ts'
import type { VerifyReport } from './verify.ts'

export interface RepairReport {
  readonly pair: string
  /** `none`: nothing was wrong. `rescued`: a new file holds all that could be read. `set aside`: nothing could. */
  readonly action: 'none' | 'rescued' | 'set aside'
  readonly problems: readonly string[]
  /** Rows in the pair's file now, by table. */
  readonly rows: Readonly<Record<string, number>>
  /** Rows that are known to be lost, by table. */
  readonly lost?: Readonly<Record<string, number>>
  /** Where the damaged files are now; they are never deleted. */
  readonly quarantine?: string
}

/** Rows per attempt where a table cannot be read whole: DuckDB's row group. */
const rowGroup = 122_880

/**
 * Moves a damaged pair's files to quarantine and builds a new file from all that can still be read
 * of a copy of them.
 */
export async function repairFiles(
  pair: Pair,
  files: PairFiles,
  problems: readonly string[],
  of: {
    dataDir: string
    engine: Engine
    now: number
    verify: () => Promise<VerifyReport>
    release: () => Promise<void>
  },
): Promise<RepairReport> {
  const quarantine = await quarantineFiles(of.dataDir, pair, files, of.now)
  const workshop = join(
    of.dataDir,
    '.pairduck',
    `repair-${process.pid}-${symbolToFolder(pair.symbol).slice(0, 100)}`,
  )
  await rm(workshop, { recursive: true, force: true })
  await mkdir(workshop, { recursive: true })
  try {
    const lost = await rescue(quarantine, workshop, files, of.engine)
    const { rows } = await of.verify().catch(() => ({ rows: {} }))
    await of.release()
    return {
      pair: formatPair(pair),
      action: lost === undefined ? 'set aside' : 'rescued',
      problems,
      rows,
      ...(lost === undefined ? {} : { lost }),
      quarantine,
    }
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

/** Copies what can be read into a new file at the pair's place; undefined when nothing can. */
async function rescue(
  quarantine: string,
  workshop: string,
  files: PairFiles,
  engine: Engine,
): Promise<Record<string, number> | undefined> {
  const damaged = join(workshop, 'trading.duckdb')
  if ((await sizeOf(join(quarantine, 'trading.duckdb'))) === undefined) return undefined
  await copyFile(join(quarantine, 'trading.duckdb'), damaged)
  if ((await sizeOf(join(quarantine, 'trading.duckdb.wal'))) !== undefined)
    await copyFile(join(quarantine, 'trading.duckdb.wal'), `${damaged}.wal`)
  const from = await attachDamaged(engine, damaged)
  if (from === undefined) return undefined
  const to = await engine.attach(files.database)
  const source = await engine.connect(from)
  const target = await engine.connect(to)
  try {
    const views = await readRows<{ name: string }>(
      source,
      `SELECT view_name AS name FROM duckdb_views() WHERE database_name = '${from}' AND NOT internal`,
    )
    await migrate(
      target,
      timeframes.filter((timeframe) => views.some(({ name }) => name === `candles_${timeframe}`)),
    )
    const lost: Record<string, number> = {}
    await target.run('DELETE FROM pairduck_candle_state')
    for (const table of Object.keys(tables) as TableName[]) {
      const rows = await copyReadable(target, table, from, to)
      if (rows > 0) lost[table] = rows
    }
    await target.run(
      `INSERT INTO pairduck_candle_state SELECT '-infinity' WHERE NOT EXISTS (FROM pairduck_candle_state)`,
    )
    await target.run(`CHECKPOINT ${to}`)
    return lost
  } finally {
    source.closeSync()
    target.closeSync()
    await engine.detach(from)
    await engine.detach(to)
  }
}

/**
 * Attaches the copy; after a power loss the WAL may end in zeros, which are then cut off: what
 * they stand for was never acknowledged. Undefined when it cannot be opened either way.
 */
async function attachDamaged(engine: Engine, file: string): Promise<string | undefined> {
  const attempts: readonly (() => Promise<void>)[] = [
    async () => undefined,
    () => cutZeroTail(`${file}.wal`),
    () => rm(`${file}.wal`, { force: true }),
  ]
  for (const prepare of attempts) {
    await prepare()
    try {
      return await engine.attach(file)
    } catch {
      // The next attempt; when none is left the caller says that nothing could be read.
    }
  }
  return undefined
}

async function cutZeroTail(wal: string): Promise<void> {
  const size = await sizeOf(wal)
  if (size === undefined || size === 0) return
  const handle = await open(wal, 'r')
  let end = size
  try {
    const block = Buffer.alloc(65_536)
    scan: while (end > 0) {
      const from = Math.max(0, end - block.length)
      const { bytesRead } = await handle.read(block, 0, end - from, from)
      for (let index = bytesRead - 1; index >= 0; index--)
        if (block[index] !== 0) break scan
        else end--
    }
  } finally {
    await handle.close()
  }
  // The last whole entry may itself end in zeros: an entry is cut at 8 bytes, as the WAL pads it.
  await truncate(wal, Math.min(size, Math.ceil(end / 8) * 8))
}

/** Copies a table, or the row groups of it that can be read; returns the rows that cannot. */
async function copyReadable(
  target: DuckDBConnection,
  table: TableName,
  from: string,
  to: string,
): Promise<number> {
  const copy = (where = ''): Promise<unknown> =>
    target.run(`INSERT INTO ${to}.${table} SELECT * FROM ${from}.${table} ${where}`)
  try {
    await copy()
    return 0
  } catch {
    // Piece by piece, then.
  }
  let lost = 0
  const [extent] = await readRows<{ rows: number; last: number }>(
    target,
    `SELECT count(*) AS rows, coalesce(max(rowid), -1) AS last FROM ${from}.${table}`,
  ).catch(() => [{ rows: 0, last: -1 }])
  for (let first = 0; first <= extent!.last; first += rowGroup) {
    const where = `WHERE rowid BETWEEN ${first} AND ${first + rowGroup - 1}`
    try {
      await copy(where)
    } catch {
      const [gone] = await readRows<{ rows: number }>(
        target,
        `SELECT count(*) AS rows FROM ${from}.${table} ${where}`,
      ).catch(() => [{ rows: rowGroup }])
      lost += gone!.rows
    }
  }
  return lost
}
