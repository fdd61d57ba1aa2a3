import { createReadStream } from 'node:fs'
import { copyFile, mkdtemp, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { formatPair, type Pair } from '../../pair.ts'
import { candleRelation, tables, type TableName } from '../../schema/tables.ts'
import { timeframes, type Timeframe } from '../../time.ts'
import { firstBadWalEntry } from '../duckdb/duckdb-errors.ts'
import type { Engine } from '../duckdb/engine.ts'
import { emptyVersionSql, migrate } from '../file/migrate.ts'
import { migrations, schemaVersion } from '../../schema/migrations.ts'
import { repairRescued, type LostCount } from './repair-rescued.ts'
import { quarantineFiles, sizeOf, type PairFiles } from '../file/pair-files.ts'
import { readState, type PairState } from '../file/pair-state.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { readWhole } from './verify.ts'

export interface RepairReport {
  readonly pair: string
  /** `none`: nothing was wrong. `rescued`: a new file holds all that could be read. `set aside`: nothing could. */
  readonly action: 'none' | 'rescued' | 'set aside'
  readonly problems: readonly string[]
  /** Rows in the pair's file now, by table. */
  readonly rows: Readonly<Record<string, number>>
  /** Rows that are lost, by table; `unknown` where not even their number can be read. */
  readonly lost?: Readonly<Record<string, LostCount>>
  /** What was made anew, and what cannot be: in words. */
  readonly notes?: readonly string[]
  /** Where the damaged files are now; they are never deleted. */
  readonly quarantine?: string
}

/** Below this many rows a stretch that cannot be read is given up: the engine reads as many at once. */
const smallestStretch = 2048

/**
 * Moves a damaged pair's files to quarantine and builds a new file from all that can still be read
 * of a copy of them. The new one takes the pair's place when it is whole.
 */
export async function repairFiles(
  pair: Pair,
  files: PairFiles,
  problems: readonly string[],
  { dataDir, engine, now }: { dataDir: string; engine: Engine; now: number },
): Promise<RepairReport> {
  const name = formatPair(pair)
  const quarantine = await quarantineFiles(pair, files, now)
  const workshop = await mkdtemp(join(dataDir, '.pairduck', 'repair-'))
  try {
    const damaged = join(workshop, 'damaged.duckdb')
    const rescued = join(workshop, 'rescued.duckdb')
    const opened = await openCopy(quarantine, damaged, engine)
    if (opened === undefined)
      return { pair: name, action: 'set aside', problems, rows: {}, quarantine }
    const before = await readState(join(quarantine, 'trading.state.json'))
    const { rows, lost, mended } = await rescue(opened.alias, rescued, engine, before)
    await rename(rescued, files.database)
    return {
      pair: name,
      action: 'rescued',
      problems: [...problems, ...opened.problems],
      notes: mended,
      rows,
      lost,
      quarantine,
    }
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

/** Attaches a copy of what lies in quarantine; undefined when there is nothing that opens. */
async function openCopy(
  quarantine: string,
  copy: string,
  engine: Engine,
): Promise<{ alias: string; problems: string[] } | undefined> {
  const problems: string[] = []
  if ((await sizeOf(join(quarantine, 'trading.duckdb'))) === undefined) return undefined
  await copyFile(join(quarantine, 'trading.duckdb'), copy)
  const wal = `${copy}.wal`
  if ((await sizeOf(join(quarantine, 'trading.duckdb.wal'))) !== undefined)
    await copyFile(join(quarantine, 'trading.duckdb.wal'), wal)
  for (;;) {
    try {
      return { alias: await engine.attach(copy), problems }
    } catch (error) {
      const size = await sizeOf(wal)
      if (size === undefined) return undefined
      // After a power loss a log may end in zeros: what comes before its first bad entry is good.
      const end = firstBadWalEntry(error) ?? 0
      if (!(await isZeroFrom(wal, end)))
        problems.push(`the write-ahead log can be read up to byte ${end} of ${size}`)
      if (end > 0 && end < size) await truncate(wal, end)
      else await rm(wal)
    }
  }
}

async function isZeroFrom(file: string, from: number): Promise<boolean> {
  for await (const chunk of createReadStream(file, { start: from }) as AsyncIterable<Buffer>)
    if (chunk.some((byte) => byte !== 0)) return false
  return true
}

/** Copies all that can be read into a new file, and detaches both. */
async function rescue(
  from: string,
  file: string,
  engine: Engine,
  before: PairState | undefined,
): Promise<{
  rows: Record<string, number>
  lost: Record<string, LostCount>
  mended: string[]
}> {
  const to = await engine.attach(file)
  const target = await engine.connect(to)
  const rows: Record<string, number> = {}
  const lost: Record<string, LostCount> = {}
  const mended: string[] = []
  try {
    const kept = await keptCandles(target, from)
    const version = await versionOf(target, from)
    // Rows of an older version are copied into tables of that version, and migrated with them.
    if (version < schemaVersion)
      await target.run(emptyVersionSql(kept, migrations.slice(0, version)).join(';\n'))
    else await migrate(target, kept)
    await target.run('DELETE FROM pairduck_candle_state')
    for (const table of await tablesOf(target, to)) {
      const gone = await copyReadable(target, table, from, to)
      if (gone !== 0) lost[table] = gone
    }
    const state = await target.run(
      `INSERT INTO pairduck_candle_state SELECT '-infinity' WHERE NOT EXISTS (FROM pairduck_candle_state)`,
    )
    if (state.rowsChanged > 0) lost['pairduck_candle_state'] ??= 1
    const candles = await migrate(target, kept)
    mended.push(...(await repairRescued(target, candles, lost, before)))
    for (const table of tables) rows[table] = await readWhole(target, table)
    await target.run(`CHECKPOINT ${to}`)
  } finally {
    target.closeSync()
    await engine.detach(from)
    await engine.detach(to)
  }
  return { rows, lost, mended }
}

/** The schema version of an attached file; where it cannot be read, the newest. */
async function versionOf(connection: DuckDBConnection, alias: string): Promise<number> {
  const [row] = await readRows<{ version: number }>(
    connection,
    `SELECT version FROM ${alias}.pairduck_schema`,
  ).catch(() => [])
  return Math.min(row?.version ?? schemaVersion, schemaVersion)
}

/** Those of our tables that an attached file has. */
async function tablesOf(connection: DuckDBConnection, alias: string): Promise<TableName[]> {
  const rows = await readRows<{ name: string }>(
    connection,
    `SELECT table_name AS name FROM duckdb_tables() WHERE database_name = '${alias}'`,
  )
  return tables.filter((table) => rows.some(({ name }) => name === table))
}

async function keptCandles(connection: DuckDBConnection, alias: string): Promise<Timeframe[]> {
  const views = await readRows<{ name: string }>(
    connection,
    `SELECT view_name AS name FROM duckdb_views() WHERE database_name = '${alias}' AND NOT internal`,
  )
  return timeframes.filter((timeframe) =>
    views.some(({ name }) => name === candleRelation(timeframe)),
  )
}

/** Copies a table, or those stretches of it that can be read; returns the rows that cannot. */
async function copyReadable(
  target: DuckDBConnection,
  table: TableName,
  from: string,
  to: string,
): Promise<LostCount> {
  const [extent] = await readRows<{ end: number }>(
    target,
    `SELECT coalesce(max(rowid) + 1, 0) AS "end" FROM ${from}.${table}`,
  ).catch(() => [])
  if (extent === undefined) return 'unknown'
  let lost = 0
  const stretches: [first: number, end: number][] = [[0, extent.end]]
  for (let next = stretches.pop(); next !== undefined; next = stretches.pop()) {
    const [first, end] = next
    const where = `WHERE rowid >= ${first} AND rowid < ${end}`
    try {
      await target.run(`INSERT INTO ${to}.${table} SELECT * FROM ${from}.${table} ${where}`)
    } catch {
      const half = Math.ceil((end - first) / 2 / smallestStretch) * smallestStretch
      if (end - first > smallestStretch) stretches.push([first + half, end], [first, first + half])
      else lost += await countRows(target, `${from}.${table} ${where}`, end - first)
    }
  }
  return lost
}

async function countRows(
  connection: DuckDBConnection,
  of: string,
  otherwise: number,
): Promise<number> {
  const [found] = await readRows<{ rows: number }>(
    connection,
    `SELECT count(*) AS rows FROM ${of}`,
  ).catch(() => [{ rows: otherwise }])
  return found!.rows
}
