import { lstat, mkdtemp, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { formatPair, symbolToFolder, type Pair } from '../../pair.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { makeFolder } from './sync-folder.ts'

/** Where a pair's files are. Only checked names become paths: DuckDB takes a path literally. */
export interface PairFiles {
  readonly directory: string
  readonly database: string
  readonly wal: string
  readonly state: string
  /** The data directory's folder of things that are no pairs. */
  readonly ours: string
}

export function pairFiles(dataDir: string, pair: Pair): PairFiles {
  const directory = join(dataDir, pair.exchange, pair.market, symbolToFolder(pair.symbol))
  const database = join(directory, 'trading.duckdb')
  return {
    directory,
    database,
    wal: `${database}.wal`,
    state: join(directory, 'trading.state.json'),
    ours: join(dataDir, '.pairduck'),
  }
}

/**
 * Makes the folder and looks at what lies there before the engine does: a WAL without its main
 * file would open empty and is refused.
 */
export async function prepareFiles(
  pair: Pair,
  files: PairFiles,
): Promise<{ isMissing: boolean; isNew: boolean; hadWal: boolean }> {
  await makeFolder(files.directory)
  const [main, wal] = await Promise.all([sizeOf(files.database), sizeOf(files.wal)])
  if (wal !== undefined && wal > 0 && !(main !== undefined && main > 0))
    throw new PairduckError(
      'PAIR_CORRUPT',
      `${formatPair(pair)}: there is a write-ahead log but no main file; bring the file back, or \`repair\` moves the log aside`,
      { file: files.wal },
    )
  const isMissing = main === undefined
  return { isMissing, isNew: isMissing || main === 0, hadWal: wal !== undefined && wal > 0 }
}

/** Throws PAIR_NOT_FOUND when the pair has neither file nor WAL. */
export async function refuseMissing(pair: Pair, files: PairFiles): Promise<void> {
  if (!(await hasFiles(pair, files)))
    throw new PairduckError('PAIR_NOT_FOUND', `${formatPair(pair)}: there is no file for this pair`)
}

/** Whether the pair has file or WAL; throws IO_FAILED where that cannot be seen, or a link leads nowhere. */
export async function hasFiles(pair: Pair, files: PairFiles): Promise<boolean> {
  try {
    for (const file of [files.database, files.wal])
      if ((await sizeOf(file)) !== undefined) return true
    for (const path of [files.database, files.directory])
      if (await isDeadLink(path))
        throw new PairduckError(
          'IO_FAILED',
          `${formatPair(pair)}: ${path} is a link, and nothing is where it leads`,
          { file: path },
        )
    return false
  } catch (error) {
    throw fromDuckDb(error, formatPair(pair), 'IO_FAILED')
  }
}

async function isDeadLink(path: string): Promise<boolean> {
  if ((await sizeOf(path)) !== undefined) return false
  return lstat(path).then(
    (entry) => entry.isSymbolicLink(),
    () => false,
  )
}

/** Makes a folder in quarantine, of its own each time: nothing there is ever overwritten. */
export async function quarantineFolder(pair: Pair, files: PairFiles, now: number): Promise<string> {
  const stamp = new Date(now).toISOString().replaceAll(/[:.]/g, '-')
  const shelf = join(files.ours, 'quarantine')
  await makeFolder(shelf)
  const name = `${pair.exchange}-${pair.market}-${symbolToFolder(pair.symbol).slice(0, 80)}`
  return mkdtemp(join(shelf, `${name}-${stamp}-`))
}

/** Bytes of a file, or undefined when there is none. Only `stat`: reading an open file drops its lock. */
export async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
