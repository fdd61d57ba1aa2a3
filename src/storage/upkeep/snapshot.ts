import { execFile } from 'node:child_process'
import { mkdtemp, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { PairduckError } from '../../errors.ts'
import type { Engine } from '../duckdb/engine.ts'
import { fromDuckDb, isCheckpointBlocked } from '../duckdb/duckdb-errors.ts'
import { flag, resolveOptions } from '../../options.ts'
import type { PairDatabase } from '../pool/pair-database.ts'
import { sizeOf } from '../file/pair-files.ts'
import { blocksOf } from './compact-file.ts'
import { syncFolder } from '../file/sync-folder.ts'

/** What `snapshot` wrote. */
export interface SnapshotReport {
  /** The pair as text: `exchange/market/symbol`. */
  readonly pair: string
  /** Path of the file. */
  readonly file: string
  /** Size in bytes. */
  readonly bytes: number
}

/** Options of `snapshot`. */
export interface SnapshotOptions {
  /**
   * Writes every table anew, without holes: the smallest file. False copies the file as it is after a
   * checkpoint, at a tenth of the cost, for copies that are made again and again; commits of the pair
   * wait meanwhile. Default true.
   */
  readonly compact?: boolean | undefined
}

export function resolveSnapshotOptions(options: SnapshotOptions | undefined): {
  readonly compact: boolean
} {
  return resolveOptions('snapshot', options, { compact: flag(true) })
}

/**
 * A consistent copy of an open pair, by the engine itself: copying the file would miss what is in
 * the WAL, and reading it would drop the lock. It takes its final name when it is whole.
 */
export async function snapshotDatabase(
  database: PairDatabase,
  engine: Engine,
  { file, compact, dataDir }: { file: string; compact: boolean; dataDir: string },
): Promise<SnapshotReport> {
  const target = await targetOf(file, dataDir)
  await refuseStranger(target)
  // Two snapshots to one target each have a draft of their own; the last to end stays.
  const scratch = await mkdtemp(`${target}.draft-`)
  const draft = join(scratch, 'snapshot.duckdb')
  try {
    const isCopied = !compact && (await copyFile(database, draft))
    if (!isCopied) await copyTables(database, engine, draft)
    await rename(draft, target)
    await syncFolder(dirname(target))
  } catch (error) {
    throw fromDuckDb(error, `${database.name}: snapshot to ${target}`, 'QUERY_FAILED')
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return { pair: database.name, file: target, bytes: (await sizeOf(target)) ?? 0 }
}

async function copyTables(database: PairDatabase, engine: Engine, draft: string): Promise<void> {
  const reader = await database.acquireReader()
  try {
    const { blockSize } = await blocksOf(reader)
    const alias = await engine.attach(draft, blockSize)
    try {
      await database.budget.read(async () => {
        await reader.run(`COPY FROM DATABASE ${database.alias} TO ${alias}`)
        await reader.run(`CHECKPOINT ${alias}`)
      })
    } finally {
      await engine.detach(alias)
    }
  } finally {
    await database.releaseReader(reader, { reuse: false })
  }
}

/**
 * The file after a checkpoint, as a job of the writer, so that nothing is committed meanwhile. By a
 * process of its own: one that closes a file of ours drops our locks on it. False: a transaction that
 * is open elsewhere keeps part of the pair in the write-ahead log.
 */
function copyFile(database: PairDatabase, draft: string): Promise<boolean> {
  return database.writer.run(async (connection) => {
    try {
      await database.checkpoint(connection)
    } catch (error) {
      if (isCheckpointBlocked(error)) return false
      throw error
    }
    await run('cp', ['--reflink=auto', '--', database.files.database, draft])
    const handle = await open(draft, 'r+')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    return true
  })
}

const run = promisify(execFile)

/** An older copy is replaced, whatever else has that name stays: one mistyped word, and it were gone. */
async function refuseStranger(target: string): Promise<void> {
  try {
    const found = await stat(target).catch(() => undefined)
    // Nothing can take the place of a folder: the system says so.
    if (found === undefined || found.isDirectory()) return
    if (found.isFile() && (found.size === 0 || (await isDuckDb(target)))) return
  } catch (error) {
    throw fromDuckDb(error, `snapshot to ${target}`, 'IO_FAILED')
  }
  throw new PairduckError(
    'WRITE_REFUSED',
    `a snapshot replaces an older one, but ${target} is no DuckDB file`,
    { file: target },
  )
}

/** By the letters that every DuckDB file has behind its first checksum. */
async function isDuckDb(file: string): Promise<boolean> {
  const handle = await open(file, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 8)
    return buffer.toString('latin1') === 'DUCK'
  } finally {
    await handle.close()
  }
}

/** Where the file really is: through a link, too, no snapshot lands on an open database. */
async function targetOf(file: string, dataDir: string): Promise<string> {
  if (typeof file !== 'string' || file === '' || file.includes('\0'))
    throw new TypeError('a snapshot needs the name of a file')
  const named = resolve(file)
  let folder: string
  try {
    folder = await realpath(dirname(named))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new PairduckError(
        'IO_FAILED',
        `snapshot to ${named}: there is no folder ${dirname(named)}; make it first`,
        { file: named, cause: error },
      )
    throw fromDuckDb(error, `snapshot to ${named}`, 'IO_FAILED')
  }
  const target = join(folder, basename(named))
  if (target === dataDir || target.startsWith(dataDir + sep))
    throw new TypeError(`a snapshot does not go into the data directory: ${target}`)
  return target
}
