import { copyFile, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { formatPair, type Pair } from '../../pair.ts'
import { tables } from '../../schema/tables.ts'
import { quarantineFolder, sizeOf, type PairFiles } from '../file/pair-files.ts'
import { makeScratch, removeScratch } from '../file/scratch-folder.ts'
import { healHeaders } from '../recovery/heal-headers.ts'
import { repairedFile, swapInRepaired } from '../recovery/repair-swap.ts'
import { refusePipes, whileRecovering } from '../recovery/recover-files.ts'
import { mayBeOlder, reseal } from '../recovery/reseal.ts'
import { TrialEngine } from '../recovery/trial.ts'
import { findWalEnd } from '../recovery/wal-tail.ts'
import type { PairDatabase } from '../pool/pair-database.ts'
import { witnessOf } from './known-rows.ts'
import { rescueFile, type DamagedCopy, type Rescue } from './rescue-file.ts'
import type { LostCount } from './repair-rescued.ts'
import { onFile } from '../file/on-file.ts'

/** What `repair` did. */
export interface RepairReport {
  /** The pair as text: `exchange/market/symbol`. */
  readonly pair: string
  /** `none`: nothing was wrong. `rescued`: a new file holds all that could be read. `set aside`: nothing could. */
  readonly action: 'none' | 'rescued' | 'set aside'
  /** What is damaged, one sentence each. */
  readonly problems: readonly string[]
  /** Rows in the pair's file now, by table. */
  readonly rows: Readonly<Record<string, number>>
  /**
   * Rows that are lost, by table or candle view: those that cannot be read, and those that were there
   * when the pair was last closed and are not now. `unknown` where not even their number can be told.
   */
  readonly lost?: Readonly<Record<string, LostCount>>
  /** What was made anew, and what cannot be: in words. */
  readonly notes?: readonly string[]
  /** Where the damaged files are now; they are never deleted. */
  readonly quarantine?: string
}

/**
 * Builds a new file from all that can be read of a copy of a damaged pair's files, reads it whole,
 * and puts it in their place; they go to quarantine. Until then nothing of them is touched, and from
 * then on a repair that is cut short is finished when the pair is next opened.
 */
export function repairFiles(
  pair: Pair,
  files: PairFiles,
  { problems, opened }: { problems: readonly string[]; opened: PairDatabase | undefined },
  now: number,
): Promise<RepairReport> {
  const name = formatPair(pair)
  return whileRecovering(files, name, async () => {
    await refusePipes(files, name)
    const scratch = await makeScratch(files.ours, { target: files.ours, purpose: 'repair' })
    const trial = await TrialEngine.start()
    const whileLocked = <T>(work: () => Promise<T>): Promise<T> =>
      trial.whileLocked(
        { file: files.database, secondName: `${files.database}.recovering`, subject: name },
        work,
      )
    try {
      const before = await identityOf(files)
      const copy = await whileLocked(() => copyDamaged(files, scratch))
      await removeRepaired(files)
      const witness = await witnessOf(files, opened, await sizeOf(copy.wholeWal))
      const rescued = await rescueFile(copy, repairedFile(files), witness)
      const quarantine = await quarantineFolder(pair, files, now)
      await whileLocked(async () => {
        if ((await identityOf(files)) !== before)
          throw new PairduckError(
            'PAIR_LOCKED',
            `${name}: another process wrote to the files while they were read; repair it again`,
          )
        await swapInRepaired(files, quarantine)
      })
      return reportOf(name, [...problems, ...copy.problems], rescued, quarantine)
    } catch (error) {
      await removeRepaired(files).catch(() => undefined)
      throw error
    } finally {
      trial.stop()
      await removeScratch(scratch)
    }
  })
}

function reportOf(
  pair: string,
  problems: readonly string[],
  { rows, lost, unread, notes }: Rescue,
  quarantine: string,
): RepairReport {
  const some = dataTables.some((table) => rows[table]! > 0 || !unread.has(table))
  return some
    ? { pair, action: 'rescued', problems, notes, rows, lost, quarantine }
    : { pair, action: 'set aside', problems, notes, rows: {}, lost: lostData(lost), quarantine }
}

/** What users store, unlike our own notes about it. */
const dataTables = tables.filter(isData)

function isData(table: string): boolean {
  return !table.startsWith('pairduck_') && table !== 'retention_rules'
}

function lostData(lost: Rescue['lost']): Rescue['lost'] {
  return Object.fromEntries(Object.entries(lost).filter(([table]) => isData(table)))
}

/** Copies what there is, cuts the log's copy before its first bad entry, and reseals the file's. */
async function copyDamaged(files: PairFiles, scratch: string): Promise<DamagedCopy> {
  const problems: string[] = []
  const doubts: string[] = []
  const database = join(scratch, 'damaged.duckdb')
  const copy = { database, wal: `${database}.wal`, wholeWal: join(scratch, 'whole.wal') }
  await copyIfThere(files.database, copy.database)
  await copyIfThere(`${files.wal}.checkpoint`, `${copy.wal}.checkpoint`)
  if (await copyIfThere(files.wal, copy.wal)) {
    await copyIfThere(files.wal, copy.wholeWal)
    const { commitsEnd, bytes, damaged } = await onFile(copy.wal, 'r', findWalEnd)
    const readable = `the write-ahead log can be read up to byte ${commitsEnd} of ${bytes}`
    if (damaged) {
      problems.push(readable)
      doubts.push(`${readable}: of what stands behind it some is lost`)
    }
    await truncate(copy.wal, commitsEnd)
  }
  const isThere = (await sizeOf(copy.database)) !== undefined
  for (const at of isThere ? await healHeaders(copy) : [])
    problems.push(`one byte of the header at byte ${at} had changed`)
  const resealed = isThere ? await onFile(copy.database, 'r+', reseal) : []
  if (resealed.length > 0) problems.push(`${resealed.length} metadata blocks had a wrong checksum`)
  const isOlder =
    isThere && (await onFile(copy.database, 'r', (file) => mayBeOlder(file, resealed)))
  return { ...copy, problems, doubts, isOlder }
}

async function copyIfThere(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

async function removeRepaired(files: PairFiles): Promise<void> {
  for (const file of [repairedFile(files), `${repairedFile(files)}.wal`])
    await rm(file, { force: true })
}

/** Changes with whatever is written to the files. */
async function identityOf(files: PairFiles): Promise<string> {
  const found = await Promise.all(
    [files.database, files.wal].map((file) =>
      stat(file).then(
        ({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`,
        () => 'none',
      ),
    ),
  )
  return found.join(', ')
}
