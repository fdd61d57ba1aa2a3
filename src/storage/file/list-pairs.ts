import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PairduckError } from '../../errors.ts'
import { folderToSymbol, formatPair, isPairName, type Pair } from '../../pair.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { pairFiles, sizeOf } from './pair-files.ts'

/** Told of a folder, or a pair, that could not be looked into. */
export type OnSkipped = (error: PairduckError) => void

/**
 * Every pair that has files in the data directory, sorted by its text form. Links to folders are
 * followed, each folder once; one that cannot be read is told of and stops no other.
 */
export async function listPairs(dataDir: string, onSkipped: OnSkipped): Promise<Pair[]> {
  const pairs: Pair[] = []
  const seen = new Set<string>()
  const looking = { seen, onSkipped }
  for (const exchange of await folders(dataDir, looking)) {
    if (!isPairName(exchange)) continue
    for (const market of await folders(join(dataDir, exchange), looking)) {
      if (!isPairName(market)) continue
      for (const folder of await folders(join(dataDir, exchange, market), looking)) {
        const symbol = folderToSymbol(folder)
        const pair = symbol === undefined ? undefined : { exchange, market, symbol }
        if (pair !== undefined && (await hasFiles(dataDir, pair, onSkipped))) pairs.push(pair)
      }
    }
  }
  return pairs.sort((a, b) => (formatPair(a) < formatPair(b) ? -1 : 1))
}

async function hasFiles(dataDir: string, pair: Pair, onSkipped: OnSkipped): Promise<boolean> {
  const { database, wal } = pairFiles(dataDir, pair)
  try {
    return (await sizeOf(database)) !== undefined || (await sizeOf(wal)) !== undefined
  } catch (error) {
    onSkipped(fromDuckDb(error, formatPair(pair), 'IO_FAILED'))
    return false
  }
}

/** The folders in a folder; of several names of one the folder itself comes before links to it. */
async function folders(
  directory: string,
  { seen, onSkipped }: { seen: Set<string>; onSkipped: OnSkipped },
): Promise<string[]> {
  const found: string[] = []
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    for (const entry of entries) if (entry.isDirectory()) found.push(entry.name)
    for (const real of await Promise.all(found.map((name) => realpath(join(directory, name)))))
      seen.add(real)
    for (const entry of entries) {
      if (!entry.isSymbolicLink() || entry.name.startsWith('.')) continue
      const link = join(directory, entry.name)
      try {
        const real = await realpath(link)
        if (seen.has(real) || !(await stat(real)).isDirectory()) continue
        seen.add(real)
        found.push(entry.name)
      } catch (error) {
        onSkipped(fromDuckDb(error, `folder ${link}`, 'IO_FAILED'))
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      onSkipped(fromDuckDb(error, `folder ${directory}`, 'IO_FAILED'))
  }
  return found
}
