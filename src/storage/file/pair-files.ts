import { mkdir, mkdtemp, readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { folderToSymbol, formatPair, isPairName, symbolToFolder, type Pair } from '../../pair.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'

/** Where a pair's files are. Only checked names become paths: DuckDB takes a path literally. */
export interface PairFiles {
  readonly directory: string
  readonly database: string
  readonly wal: string
  readonly state: string
}

export function pairFiles(dataDir: string, pair: Pair): PairFiles {
  const directory = join(dataDir, pair.exchange, pair.market, symbolToFolder(pair.symbol))
  const database = join(directory, 'trading.duckdb')
  return {
    directory,
    database,
    wal: `${database}.wal`,
    state: join(directory, 'trading.state.json'),
  }
}

/** Every pair that has a folder in the data directory, sorted by its text form. */
export async function listPairs(dataDir: string): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (const exchange of await folders(dataDir)) {
    if (!isPairName(exchange)) continue
    for (const market of await folders(join(dataDir, exchange))) {
      if (!isPairName(market)) continue
      for (const folder of await folders(join(dataDir, exchange, market))) {
        const symbol = folderToSymbol(folder)
        if (symbol === undefined) continue
        const pair: Pair = { exchange, market, symbol }
        const files = pairFiles(dataDir, pair)
        if ((await sizeOf(files.database)) !== undefined || (await sizeOf(files.wal)) !== undefined)
          pairs.push(pair)
      }
    }
  }
  return pairs.sort((a, b) => (formatPair(a) < formatPair(b) ? -1 : 1))
}

/**
 * Makes the folder and looks at what lies there before the engine does: a WAL without its main
 * file would open empty and is refused.
 */
export async function prepareFiles(
  pair: Pair,
  files: PairFiles,
): Promise<{ isNew: boolean; hadWal: boolean }> {
  await mkdir(files.directory, { recursive: true })
  const main = await sizeOf(files.database)
  const wal = await sizeOf(files.wal)
  if (wal !== undefined && wal > 0 && !(main !== undefined && main > 0))
    throw new PairduckError(
      'PAIR_CORRUPT',
      `${formatPair(pair)}: there is a write-ahead log but no main file; bring the file back, or \`repair\` moves the log aside`,
      { file: files.wal },
    )
  return { isNew: main === undefined || main === 0, hadWal: wal !== undefined && wal > 0 }
}

/** Throws PAIR_NOT_FOUND when the pair has neither file nor WAL. */
export async function refuseMissing(pair: Pair, files: PairFiles): Promise<void> {
  if ((await sizeOf(files.database)) === undefined && (await sizeOf(files.wal)) === undefined)
    throw new PairduckError('PAIR_NOT_FOUND', `${formatPair(pair)}: there is no file for this pair`)
}

/**
 * Removes the 0-byte file that a full disk leaves behind, which the engine refuses for ever. Only
 * to be called when the engine has just refused it: until then the file may be one that another
 * process is about to fill. Says whether there was one.
 */
export async function removeLeftover(files: PairFiles): Promise<boolean> {
  if ((await sizeOf(files.database)) !== 0) return false
  await unlink(files.database)
  return true
}

/** Moves a pair's files to the quarantine folder and returns where they are now. */
export async function quarantineFiles(
  dataDir: string,
  pair: Pair,
  files: PairFiles,
  now: number,
): Promise<string> {
  const stamp = new Date(now).toISOString().replaceAll(/[:.]/g, '-')
  const shelf = join(dataDir, '.pairduck', 'quarantine')
  await mkdir(shelf, { recursive: true })
  // A folder of its own each time: nothing in quarantine is ever overwritten.
  const target = await mkdtemp(
    join(
      shelf,
      `${pair.exchange}-${pair.market}-${symbolToFolder(pair.symbol).slice(0, 80)}-${stamp}-`,
    ),
  )
  for (const [file, name] of [
    [files.database, 'trading.duckdb'],
    [files.wal, 'trading.duckdb.wal'],
    [files.state, 'trading.state.json'],
  ] as const)
    if ((await sizeOf(file)) !== undefined) await rename(file, join(target, name))
  return target
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

async function folders(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fromDuckDb(error, `folder ${directory}`, 'IO_FAILED')
  }
}
