import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PairduckError } from '../../errors.ts'
import { folderToSymbol, formatPair, isPairName, type Pair } from '../../pair.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { hasFiles, pairFiles } from './pair-files.ts'

/** A folder, or a pair's, that could not be looked into. */
export interface Skipped {
  /** The pair as text, where it is one's. */
  readonly pair?: string
  readonly error: PairduckError
}
export type OnSkipped = (skipped: Skipped) => void

/**
 * Every pair that has files in the data directory, sorted by its text form. Links to folders are
 * followed, each folder once; one that cannot be read is told of and stops no other.
 */
export async function listPairs(
  dataDir: string,
  onSkipped: OnSkipped,
  signal?: AbortSignal,
): Promise<Pair[]> {
  const pairs: Pair[] = []
  const seen = new Set<string>()
  const looking = { seen, onSkipped }
  for (const exchange of await folders(dataDir, looking)) {
    if (!isPairName(exchange)) continue
    for (const market of await folders(join(dataDir, exchange), looking)) {
      if (!isPairName(market)) continue
      const pairOf = (folder: string): Pair | undefined => {
        const symbol = folderToSymbol(folder)
        return symbol === undefined ? undefined : { exchange, market, symbol }
      }
      for (const folder of await folders(join(dataDir, exchange, market), { ...looking, pairOf })) {
        signal?.throwIfAborted()
        const pair = pairOf(folder)
        if (pair !== undefined && (await isStored(dataDir, pair, onSkipped))) pairs.push(pair)
      }
    }
  }
  return pairs.sort((a, b) => (formatPair(a) < formatPair(b) ? -1 : 1))
}

async function isStored(dataDir: string, pair: Pair, onSkipped: OnSkipped): Promise<boolean> {
  try {
    return await hasFiles(pair, pairFiles(dataDir, pair))
  } catch (error) {
    const name = formatPair(pair)
    onSkipped({ pair: name, error: fromDuckDb(error, name, 'IO_FAILED') })
    return false
  }
}

/** The folders in a folder; of several names of one the folder itself comes before links to it. */
async function folders(
  directory: string,
  {
    seen,
    onSkipped,
    pairOf,
  }: {
    seen: Set<string>
    onSkipped: OnSkipped
    /** Whose a folder of that name is. */
    pairOf?: (name: string) => Pair | undefined
  },
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
        const pair = pairOf?.(entry.name)
        const told = fromDuckDb(error, `folder ${link}`, 'IO_FAILED')
        onSkipped(pair === undefined ? { error: told } : { pair: formatPair(pair), error: told })
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      onSkipped({ error: fromDuckDb(error, `folder ${directory}`, 'IO_FAILED') })
  }
  return found
}
