import type { Dirent } from 'node:fs'
import { readdir, unlink, type FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { LockFile } from '../file/lock-file.ts'
import type { PairFiles } from '../file/pair-files.ts'
import { syncFolder } from '../file/sync-folder.ts'
import { writeDurably } from '../file/write-durably.ts'
import { isRepairUnfinished, settleRepair } from './repair-swap.ts'
import { reseal, unseal, type Overwritten } from './reseal.ts'
import { TrialEngine } from './trial.ts'
import { findWalEnd, type WalEnd } from './wal-tail.ts'
import { onFile } from '../file/on-file.ts'

/** What was put right in a pair's files before they were opened. */
export interface Recovery {
  /** Bytes of a commit that was being written; it was never acknowledged. */
  readonly cutBytes: number
  /** Blocks and headers that a checkpoint was writing and whose checksums were made anew. */
  readonly resealed: number
  /** Where the bytes are that were cut and written over; they are never deleted. */
  readonly kept: string
}

interface Log {
  readonly file: string
  readonly end: WalEnd
}

interface RecoveryContext {
  readonly subject: string
  /** Makes a folder for what is cut and written over. */
  readonly keep: () => Promise<string>
}

/**
 * Puts right what a killed process or a lost power left half written in a closed pair's files:
 * cuts an unfinished commit off the logs, and where a checkpoint was under way makes the
 * checksums of the metadata blocks anew. Undefined when there was nothing to do, which costs one
 * look into the folder. `PAIR_LOCKED` when another process has the file or recovers it,
 * `PAIR_CORRUPT` when a log is damaged before its end or the file stays unreadable.
 */
export async function recoverFiles(
  files: PairFiles,
  context: RecoveryContext,
): Promise<Recovery | undefined> {
  const entries = await refusePipes(files, context.subject)
  const names = namesOf(entries)
  const repair = isRepairUnfinished(files, names)
  if (!repair && !(await isCutShort(files, names))) return undefined
  return whileRecovering(files, context.subject, async () => {
    if (repair) await settleRepair(files)
    const now = namesOf(await entriesIn(files.directory))
    return (await isCutShort(files, now))
      ? recoverLocked(files, logsOf(files, now), context)
      : undefined
  })
}

/**
 * Runs `work` while no other process recovers or repairs these files; the engine's own lock would
 * not keep two from writing the same bytes.
 */
export async function whileRecovering<T>(
  files: PairFiles,
  subject: string,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await LockFile.take(`${files.database}.recovery`)
  if (!(lock instanceof LockFile))
    throw new PairduckError(
      'PAIR_LOCKED',
      `${subject}: process ${lock.pid} is putting its files right`,
      { pid: lock.pid },
    )
  try {
    return await work()
  } finally {
    lock.release()
  }
}

async function isCutShort(files: PairFiles, names: ReadonlySet<string>): Promise<boolean> {
  const logs = logsOf(files, names)
  // A log without its file is refused where the pair is opened.
  if (logs.length === 0 || !names.has(basename(files.database))) return false
  return (await lookAt(logs)).some(isUnfinished)
}

/** None where the pair has no folder yet. */
async function entriesIn(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function namesOf(entries: readonly Dirent[]): ReadonlySet<string> {
  return new Set(entries.map(({ name }) => name))
}

/**
 * Whoever opens a pipe waits for its other end, for ever, and the pairs behind it with him. Returns
 * what is in the pair's folder.
 */
export async function refusePipes(files: PairFiles, subject: string): Promise<readonly Dirent[]> {
  const entries = await entriesIn(files.directory)
  const ours = basename(files.database)
  const pipe = entries.find(
    (entry) => entry.name.startsWith(ours) && (entry.isFIFO() || entry.isSocket()),
  )
  if (pipe !== undefined)
    throw new PairduckError(
      'PAIR_CORRUPT',
      `${subject}: ${pipe.name} is a pipe or a socket, no file: take it out of the pair's folder`,
      { file: join(files.directory, pipe.name) },
    )
  return entries
}

async function recoverLocked(
  files: PairFiles,
  logs: readonly string[],
  { subject, keep }: RecoveryContext,
): Promise<Recovery | undefined> {
  const trial = await TrialEngine.start()
  const secondName = `${files.database}.recovering`
  const locked = { file: files.database, secondName, subject }
  try {
    const done = await trial.whileLocked(locked, async () => {
      // Another process may have been here meanwhile.
      const ends = (await lookAt(logs)).filter(isUnfinished)
      if (ends.length === 0) return undefined
      refuseDamaged(ends, subject)
      const kept = await keep()
      let cutBytes = 0
      for (const log of ends) cutBytes += await cutTail(log, kept)
      const overwritten = ends.some(({ end }) => end.marker !== undefined)
        ? await onFile(files.database, 'r+', (file) => resealKeeping(file, kept))
        : []
      await syncFolder(files.directory)
      return { cutBytes, kept, overwritten, markers: await markersOf(ends) }
    })
    if (done === undefined) return undefined
    const { cutBytes, kept, overwritten, markers } = done
    try {
      await trial.open(files.database, subject)
    } catch (error) {
      if (PairduckError.is(error, 'PAIR_CORRUPT') && overwritten.length > 0)
        await trial.whileLocked(locked, async () => {
          await writeBack(files.database, overwritten)
          for (const { file, at, before } of markers) await writeBack(file, [{ at, before }])
        })
      throw error
    }
    await syncFolder(files.directory)
    return { cutBytes, resealed: overwritten.length, kept }
  } finally {
    trial.stop()
  }
}

/** The engine's log, and the one that it writes beside a checkpoint. */
function logsOf(files: PairFiles, names: ReadonlySet<string>): string[] {
  return [files.wal, `${files.wal}.checkpoint`].filter((log) => names.has(basename(log)))
}

/** Removes logs that the engine has merged into the file's own and left behind; the pair is open. */
export async function removeStaleLogs(files: PairFiles): Promise<void> {
  const stale = new Set(
    [`${files.wal}.checkpoint`, `${files.wal}.recovery`].map((f) => basename(f)),
  )
  const found = [...namesOf(await entriesIn(files.directory))].filter((name) => stale.has(name))
  for (const name of found) await unlink(join(files.directory, name))
  if (found.length > 0) await syncFolder(files.directory)
}

async function lookAt(logs: readonly string[]): Promise<Log[]> {
  const found: Log[] = []
  for (const file of logs) {
    const end = await onFile(file, 'r', findWalEnd).catch((error: unknown) => {
      // Another process has put it into the file since the folder was read.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    })
    if (end !== undefined) found.push({ file, end })
  }
  return found
}

function refuseDamaged(logs: readonly Log[], subject: string): void {
  for (const { file, end } of logs)
    if (end.damaged)
      throw new PairduckError(
        'PAIR_CORRUPT',
        `${subject}: the write-ahead log is damaged at byte ${end.commitsEnd} of ${end.bytes}, before commits that were acknowledged; \`repair\` keeps what can be read`,
        { file, byte: end.commitsEnd },
      )
}

/** A commit without its end, or a checkpoint without its own. */
function isUnfinished({ file, end }: Log): boolean {
  return (
    end.damaged ||
    end.commitsEnd < end.bytes ||
    end.marker !== undefined ||
    file.endsWith('.checkpoint')
  )
}

/** Cuts what stands behind the last whole commit, and keeps it. */
async function cutTail({ file, end }: Log, kept: string): Promise<number> {
  // A marker in the log beside a checkpoint is of one that never began: the engine refuses it.
  const until =
    file.endsWith('.checkpoint') && end.marker !== undefined ? end.marker : end.commitsEnd
  const bytes = end.bytes - until
  if (bytes === 0) return 0
  await onFile(file, 'r+', async (log) => {
    const tail = Buffer.alloc(bytes)
    await log.read(tail, 0, bytes, until)
    await writeDurably(join(kept, `${basename(file)}.from-${until}`), tail)
    await log.truncate(until)
    await log.sync()
  })
  return bytes
}

async function resealKeeping(file: FileHandle, kept: string): Promise<Overwritten[]> {
  const overwritten = await reseal(file)
  if (overwritten.length > 0) {
    await writeDurably(
      join(kept, 'overwritten.json'),
      JSON.stringify(overwritten.map(({ at, before }) => ({ at, before: before.toString('hex') }))),
    )
    await file.sync()
  }
  return overwritten
}

/** The engine takes a marker out when it opens the file, whether or not it then likes what it finds. */
async function markersOf(logs: readonly Log[]): Promise<(Overwritten & { file: string })[]> {
  const found = []
  for (const { file, end } of logs) {
    const { marker, commitsEnd } = end
    if (marker === undefined || file.endsWith('.checkpoint')) continue
    const before = Buffer.alloc(commitsEnd - marker)
    await onFile(file, 'r', (log) => log.read(before, 0, before.length, marker))
    found.push({ file, at: marker, before })
  }
  return found
}

/** The file is damaged otherwise: it and the log become what they were. */
async function writeBack(name: string, overwritten: readonly Overwritten[]): Promise<void> {
  await onFile(name, 'r+', async (file) => {
    await unseal(file, overwritten)
    await file.sync()
  })
}

/** Closing it gives up the process's lock of the file: the last thing that is done with it. */
