import type { FileHandle } from 'node:fs/promises'
import { sizeOf } from '../file/pair-files.ts'
import { writeDurably } from '../file/write-durably.ts'
import { readDatabaseHeader } from '../recovery/database-header.ts'
import { identity } from '../recovery/header-fields.ts'
import {
  commitEnd,
  commitEndsFrom,
  read,
  readWalStart,
  tableOfEntry,
  versionEntry,
  walEntriesFrom,
  walEntryType,
} from '../recovery/wal-entries.ts'
import { findWalEnd } from '../recovery/wal-tail.ts'
import type { DamagedCopy } from './rescue-file.ts'
import { onFile } from '../file/on-file.ts'

/** Tables whose rows mean the same in another file; the others tell of what stands in their own. */
const portable: ReadonlySet<string> = new Set([
  'ticks',
  'order_flow',
  'market_profile',
  'supply_demand_zones',
  'fair_value_gaps',
  'pairduck_candle_parts',
])

/** How the damaged file was opened: with what stands at the start of its log, alone, or not at all. */
export type Opened = 'with log' | 'alone' | 'not'

/**
 * Writes, as the log of a new file with the same tables, the inserts that a damaged log holds and
 * the new file has not got. An update or a delete goes by row numbers of the old file and would hit
 * other rows of the new one. Returns the number of commits, 0 when there is nothing to write.
 */
export async function writeInsertsAsLog(
  { database, wholeWal }: DamagedCopy,
  target: string,
  opened: Opened,
): Promise<number> {
  if ((await sizeOf(wholeWal)) === undefined) return 0
  const commits = await onFile(wholeWal, 'r', async (log) => {
    const { size } = await log.stat()
    const start = await firstToBring(log, size, database, opened)
    return start === undefined ? [] : insertsFrom(log, start, size)
  })
  if (commits.length > 0)
    await writeDurably(
      `${target}.wal`,
      Buffer.concat([await versionEntryOf(target), ...commits.flat()]),
    )
  return commits.length
}

/** Undefined for a log of another file, or one whose rows went into the file that was opened. */
async function firstToBring(
  log: FileHandle,
  bytes: number,
  database: string,
  opened: Opened,
): Promise<number | undefined> {
  if (opened === 'with log') return (await findWalEnd(log)).commitsEnd
  const start = await readWalStart(log, bytes)
  const of = await fileStart(database)
  if (start?.identity !== undefined && of !== undefined && !start.identity.equals(of.identity))
    return undefined
  if (opened === 'alone' && start?.iteration !== of?.iteration) return undefined
  return start?.end ?? 0
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
  const { identity, iteration } = (await fileStart(database))!
  return versionEntry(identity, iteration)
}

/** Undefined for what has no headers that can be read. */
function fileStart(database: string): Promise<{ identity: Buffer; iteration: number } | undefined> {
  return onFile(database, 'r', async (file) => {
    const header = await readDatabaseHeader(file)
    if (header === undefined) return undefined
    const name = await read(file, identity.at, identity.bytes)
    return { identity: name, iteration: Number(header.iteration) }
  }).catch(() => undefined)
}
