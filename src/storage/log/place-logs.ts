import { randomBytes } from 'node:crypto'
import { lstat, readlink, realpath, rmdir, symlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { makeFolder, syncFolder } from '../file/sync-folder.ts'

/** Where a data directory's logs are, for every process: a folder, or a link to one on another disk. */
export function logRoot(dataDir: string): string {
  return join(dataDir, '.pairduck', 'log')
}

/**
 * Puts the logs of a data directory into a folder of its own below `logDir`, by a link that whoever
 * opens the directory follows, told or not. `DIRECTORY_IN_USE` while there are logs elsewhere,
 * `IO_FAILED` for a folder that cannot be made or written to.
 */
export async function placeLogs(dataDir: string, logDir: string): Promise<void> {
  try {
    await place(dataDir, logDir)
  } catch (error) {
    throw fromDuckDb(error, `log directory ${resolve(logDir)}`, 'IO_FAILED')
  }
}

async function place(dataDir: string, logDir: string): Promise<void> {
  await makeFolder(resolve(logDir))
  const within = await realpath(resolve(logDir))
  const root = logRoot(dataDir)
  if (await isPlaced(root, within)) return
  const target = join(within, `pairduck-log-${randomBytes(8).toString('hex')}`)
  await makeFolder(target)
  try {
    await symlink(target, root, 'junction')
    await syncFolder(dirname(root))
  } catch (error) {
    await rmdir(target)
    // Another process that was given the same came first.
    if (!isCode(error, 'EEXIST') || !(await isPlaced(root, within))) throw error
  }
}

/** `IO_FAILED` for a link to a folder that is not there: what it holds would be missed without a word. */
export async function refuseLostLogs(root: string): Promise<void> {
  if ((await lstat(root).catch(() => undefined))?.isSymbolicLink() !== true) return
  const target = await readlink(root)
  throw new PairduckError(
    'IO_FAILED',
    `the commit log is in ${target}, which is not there: is its disk mounted? It may hold acknowledged ticks`,
    { logDir: target },
  )
}

/** Whether the logs are below a folder already; an empty folder of logs elsewhere is taken away. */
async function isPlaced(root: string, within: string): Promise<boolean> {
  const found = await lstat(root).catch(() => undefined)
  if (found === undefined) return false
  if (found.isSymbolicLink() && dirname(await readlink(root)) === within) return true
  // A link that somebody else made is theirs to remove.
  if (!found.isSymbolicLink() && (await isEmptied(root))) return false
  const there = await realpath(root).catch(() => root)
  throw new PairduckError(
    'DIRECTORY_IN_USE',
    `the commit log of this data directory is in ${there}, not in \`logDir\` ${within}: close whatever has the directory open and open it once without \`logDir\`, which brings in what the log still holds; a link that you made is yours to remove`,
    { logDir: within, there },
  )
}

async function isEmptied(folder: string): Promise<boolean> {
  try {
    await rmdir(folder)
    return true
  } catch (error) {
    if (isCode(error, 'ENOTEMPTY') || isCode(error, 'EEXIST')) return false
    throw error
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code
}
