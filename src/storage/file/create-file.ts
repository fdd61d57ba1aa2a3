import { link, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '../duckdb/engine.ts'
import { emptyFile, type EmptyFile } from './empty-file.ts'
import { sizeOf, type PairFiles } from './pair-files.ts'
import { makeScratch, removeScratch } from './scratch-folder.ts'
import { syncFolder } from './sync-folder.ts'
import { writeDurably } from './write-durably.ts'

/**
 * Makes a pair's empty file elsewhere and gives it its name when it is whole: what a full disk or
 * a kill cuts short never bears the pair's name. Nothing is done when another process was faster.
 */
export async function createFile(
  engine: Engine,
  files: PairFiles,
  empty: EmptyFile,
): Promise<void> {
  const scratch = await makeScratch(files.ours, { target: files.directory, purpose: 'create' })
  try {
    const draft = join(scratch, 'trading.duckdb')
    await writeDurably(draft, await emptyFile(engine, join(scratch, 'made.duckdb'), empty))
    await link(draft, files.database).catch((error: unknown) => {
      // Without hard links the engine makes the file in its place.
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined || !['EEXIST', ...withoutHardLinks].includes(code)) throw error
    })
    await syncFolder(files.directory)
  } finally {
    await removeScratch(scratch)
  }
}

/** What a file system says that knows no second names. */
export const withoutHardLinks: readonly string[] = [
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
  'EXDEV',
]

/**
 * Removes the file of a creation that was cut short, as earlier versions left it on a full disk: a
 * piece of the headers of a pair that has no log and was never closed. Only to be called when the
 * engine has just refused it. Says whether there was one.
 */
export async function removeUnfinished(files: PairFiles): Promise<boolean> {
  const [main, wal, state] = await Promise.all(
    [files.database, files.wal, files.state].map((file) => sizeOf(file)),
  )
  const holdsNothing = main !== undefined && main <= headersBytes && (wal ?? 0) === 0
  if (!holdsNothing || state !== undefined || !(await isPieceOfHeaders(files.database)))
    return false
  await unlink(files.database)
  return true
}

/** The main header and two slots for the database header. */
const headersBytes = 12_288
const magic = { at: 8, text: 'DUCK' }

/** Whether it begins as every DuckDB file does, as far as it goes; a few bytes may be anybody's. */
async function isPieceOfHeaders(file: string): Promise<boolean> {
  const bytes = await readFile(file)
  return bytes.length === 0 || bytes.toString('latin1', magic.at, magic.at + 4) === magic.text
}
