import { rm } from 'node:fs/promises'
import { migrations, schemaVersion } from '../../schema/migrations.ts'
import { candleRelation, tables, type TableName } from '../../schema/tables.ts'
import { timeframes, type Timeframe } from '../../time.ts'
import { isDamage } from '../duckdb/duckdb-errors.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { sizeOf } from '../file/pair-files.ts'
import { emptyVersionSql, migrate } from '../file/migrate.ts'
import type { PairState } from '../file/state-file.ts'
import { compareWithKnown, type Witness } from './known-rows.ts'
import { copyReadable } from './copy-readable.ts'
import { repairRescued, type LostCount } from './repair-rescued.ts'
import { RescueEngine } from './rescue-engine.ts'
import { writeInsertsAsLog, type Opened } from './rescue-log.ts'
import { readWhole } from './verify.ts'
import { doubtMarks } from '../write/log-marks.ts'

/** A copy of damaged files, made ready to be opened. */
export interface DamagedCopy {
  readonly database: string
  readonly wal: string
  /** The log as it was found; of the other one only what stands before its damage is left. */
  readonly wholeWal: string
  readonly problems: readonly string[]
  /** Why ticks may be missing that no figure tells of. */
  readonly doubts: readonly string[]
  /** Whether its newest header may be one that cannot be read. */
  readonly isOlder: boolean
}

/** What a new file holds of a damaged one. */
export interface Rescue {
  readonly rows: Readonly<Record<string, number>>
  readonly lost: Readonly<Record<string, LostCount>>
  /** Tables of which not even the number of rows could be read. */
  readonly unread: ReadonlySet<string>
  readonly notes: readonly string[]
}

/**
 * Fills a new file with all that can be read of a damaged copy: its tables, and the inserts of its
 * log from behind the first bad entry, or all of them when the file itself cannot be opened.
 */
export async function rescueFile(
  copy: DamagedCopy,
  target: string,
  witness: Witness,
): Promise<Rescue> {
  const before = witness.state
  const lost: Record<string, LostCount> = {}
  const notes: string[] = []
  let { rescue, opened } = await openDamaged(copy, target)
  try {
    const kept = await keptCandles(rescue, before)
    await makeTables(rescue, kept)
    await copyTables(rescue, lost)
    await rescue.connection.run(`CHECKPOINT ${rescue.to}`)
    await rescue.close()
    const commits = await writeInsertsAsLog(copy, target, opened)
    rescue = await openReplayed(target, commits, notes)
    const made = await rescue.connection.run(
      `INSERT INTO pairduck_candle_state (rolled_until) SELECT '-infinity' WHERE NOT EXISTS (FROM pairduck_candle_state)`,
    )
    if (made.rowsChanged > 0) lost['pairduck_candle_state'] ??= 1
    const candles = await migrate(rescue.connection, kept)
    await doubtMarks(rescue.connection)
    notes.push(...(await repairRescued(rescue.connection, candles, lost, before)))
    const unread = new Set(Object.keys(lost).filter((table) => lost[table] === 'unknown'))
    notes.push(...(await compareWithKnown(rescue.connection, candles, lost, witness)))
    const doubts = await doubtsOf(copy, opened, witness)
    if (doubts.length > 0) lost['ticks'] = 'unknown'
    notes.push(...doubts)
    const rows: Record<string, number> = {}
    for (const table of tables) rows[table] = await readWhole(rescue.connection, table)
    await rescue.connection.run(`CHECKPOINT ${rescue.to}`)
    return { rows, lost, unread, notes }
  } finally {
    await rescue.close()
  }
}

/** With what stands at the start of its log; where the engine does not take that, without. */
async function openDamaged(
  copy: DamagedCopy,
  target: string,
): Promise<{ rescue: RescueEngine; opened: Opened }> {
  const rescue = await RescueEngine.open(copy.database, target)
  if (rescue.from !== undefined) return { rescue, opened: 'with log' }
  await rescue.close()
  for (const log of [copy.wal, `${copy.wal}.checkpoint`]) await rm(log, { force: true })
  const alone = await RescueEngine.open(copy.database, target)
  return { rescue: alone, opened: alone.from === undefined ? 'not' : 'alone' }
}

async function doubtsOf(
  copy: DamagedCopy,
  opened: Opened,
  { state }: Witness,
): Promise<readonly string[]> {
  const isLogLeft = opened === 'alone' && ((await sizeOf(copy.wholeWal)) ?? 0) > 0
  const doubts = [...copy.doubts]
  if (isLogLeft && doubts.length === 0)
    doubts.push('the write-ahead log does not go with the file: what else it held is lost')
  // With a log that goes with the older header that one is in force, and a state file tells by number.
  if (copy.isOlder && state === undefined && (await sizeOf(copy.wholeWal)) === undefined)
    doubts.push(
      'a header cannot be read, and there is no state file: unless it was the older one, this is the state of an earlier checkpoint, and what came since is lost',
    )
  return doubts
}

/** Rows of an older version are copied into tables of that version, and migrated with them. */
async function makeTables(
  { connection, from }: RescueEngine,
  kept: readonly Timeframe[] | undefined,
): Promise<void> {
  const [row] =
    from === undefined
      ? []
      : await readRows<{ version: number }>(
          connection,
          `SELECT version FROM ${from}.pairduck_schema`,
        ).catch(() => [])
  const version = row?.version ?? schemaVersion
  if (version >= schemaVersion) await migrate(connection, kept)
  else await connection.run(emptyVersionSql(kept ?? [], migrations.slice(0, version)).join(';\n'))
}

/** Those of our tables that the new file has. */
async function tablesOf({ connection, to }: RescueEngine): Promise<TableName[]> {
  const rows = await readRows<{ name: string }>(
    connection,
    `SELECT table_name AS name FROM duckdb_tables() WHERE database_name = '${to}'`,
  )
  return tables.filter((table) => rows.some(({ name }) => name === table))
}

async function copyTables(rescue: RescueEngine, lost: Record<string, LostCount>): Promise<void> {
  await rescue.connection.run('DELETE FROM pairduck_candle_state')
  for (const table of await tablesOf(rescue)) {
    const gone =
      rescue.from === undefined
        ? 'unknown'
        : await copyReadable(rescue.connection, table, rescue.from, rescue.to)
    if (gone === 0) continue
    lost[table] = gone
    await rescue.revive()
  }
}

/** Opens the new file alone, with the inserts of the damaged log where the engine takes them. */
async function openReplayed(
  target: string,
  commits: number,
  notes: string[],
): Promise<RescueEngine> {
  try {
    const rescue = await RescueEngine.open(undefined, target)
    if (commits > 0)
      notes.push(
        `${commits} commits came back by the inserts that the log holds of them; what they changed or deleted did not`,
      )
    return rescue
  } catch (error) {
    if (commits === 0 || !isDamage(error)) throw error
    await rm(`${target}.wal`, { force: true })
    notes.push(`${commits} commits of the log could not be brought back`)
    return RescueEngine.open(undefined, target)
  }
}

async function keptCandles(
  { connection, from }: RescueEngine,
  before: PairState | undefined,
): Promise<Timeframe[] | undefined> {
  const names =
    from === undefined
      ? Object.keys(before?.relations ?? {})
      : (
          await readRows<{ name: string }>(
            connection,
            `SELECT view_name AS name FROM duckdb_views() WHERE database_name = '${from}' AND NOT internal`,
          )
        ).map(({ name }) => name)
  const kept = timeframes.filter((timeframe) => names.includes(candleRelation(timeframe)))
  return kept.length > 0 ? kept : undefined
}
