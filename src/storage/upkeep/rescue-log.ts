import { open, type FileHandle } from 'node:fs/promises'
import { sizeOf } from '../file/pair-files.ts'
import { writeDurably } from '../file/write-durably.ts'
import { readDatabaseHeader } from '../recovery/database-header.ts'
import {
  commitEnd,
  commitEndsFrom,
  read,
  tableOfEntry,
  versionEntry,
  walEntriesFrom,
  walEntryType,
  walVersionEnd,
} from '../recovery/wal-entries.ts'
import { findWalEnd } from '../recovery/wal-tail.ts'
import type { DamagedCopy } from './rescue-file.ts'

/** Tables whose rows mean the same in another file; the others tell of what stands in their own. */
const portable: ReadonlySet<string> = new Set([
  'ticks',
  'order_flow',
  'market_profile',
  'supply_demand_zones',
  'fair_value_gaps',
  'pairduck_candle_parts',
])

/**
 * Writes, as the log of a new file with the same tables, the inserts that a damaged log still holds:
 * of a log without its file all, else those behind its first bad entry. An update or a delete goes
 * by row numbers of the old file and would hit other rows of the new one. Returns the number of
 * commits, 0 when there is nothing to write.
 */
export async function writeInsertsAsLog(
  { wholeWal }: DamagedCopy,
  target: string,
  { readable }: { readable: boolean },
): Promise<number> {
  if ((await sizeOf(wholeWal)) === undefined) return 0
  const file = await open(wholeWal, 'r')
  try {
    const { size } = await file.stat()
    const { commitsEnd } = await findWalEnd(file)
    const start = readable ? commitsEnd : ((await walVersionEnd(file, size)) ?? 0)
    const commits = await insertsFrom(file, start, size)
    if (commits.length > 0)
      await writeDurably(
        `${target}.wal`,
        Buffer.concat([await versionEntryOf(target), ...commits.flat()]),
      )
    return commits.length
  } finally {
    await file.close()
  }
}

/** The entries of each commit that insert into portable tables, whatever else stands between them. */
async function insertsFrom(file: FileHandle, start: number, bytes: number): Promise<Buffer[][]> {
  const commits: Buffer[][] = []
  for (let next: number | undefined = start; next !== undefined;) {
    let at: number = next
    let commit: Buffer[] = []
    let table: Buffer | undefined
    for await (const { type, from, to } of walEntriesFrom(file, at, bytes)) {
      at = to
      if (type === walEntryType.commit) {
        if (commit.length > 0) commits.push([...commit, commitEnd])
        commit = []
        table = undefined
      } else if (type === walEntryType.table) {
        const entry = await read(file, from, to - from)
        table = portable.has(tableOfEntry(entry) ?? '') ? entry : undefined
      } else if (type === walEntryType.insert && table !== undefined)
        commit.push(table, await read(file, from, to - from))
    }
    // Behind a bad entry it goes on with the next commit.
    next = await firstOf(commitEndsFrom(file, at, bytes))
  }
  return commits
}

async function firstOf<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item
  return undefined
}

/** What ties a log to its file, and to the file's last checkpoint. */
async function versionEntryOf(database: string): Promise<Buffer> {
  const file = await open(database, 'r')
  try {
    const header = await readDatabaseHeader(file)
    const identity = await read(file, identityAt, identityBytes)
    return versionEntry(identity, Number(header?.iteration ?? 0))
  } finally {
    await file.close()
  }
}

const identityAt = 124
const identityBytes = 16
