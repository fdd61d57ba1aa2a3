import { rmSync } from 'node:fs'
import { readdir, realpath, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { LockFile } from './lock-file.ts'
import { isAlive } from './process-identity.ts'
import { makeFolder } from './sync-folder.ts'
import { sweepScratch } from './scratch-folder.ts'

/**
 * A data directory as one manager holds it. Two engines of one process on one file both succeed
 * and silently lose rows (file locks are the process's), so the second is refused, worker threads
 * included. Other processes are welcome: between them DuckDB's own file locks hold.
 */
export class DataDirectory {
  /** The real path: a link does not make a second directory. */
  readonly path: string
  readonly #lock: LockFile

  private constructor(path: string, lock: LockFile) {
    this.path = path
    this.#lock = lock
  }

  /** `DIRECTORY_IN_USE`, or `IO_FAILED` for one that cannot be made or written to. */
  static async hold(dataDir: string): Promise<DataDirectory> {
    try {
      return await DataDirectory.#hold(dataDir)
    } catch (error) {
      throw fromDuckDb(error, `data directory ${resolve(dataDir)}`, 'IO_FAILED')
    }
  }

  static async #hold(dataDir: string): Promise<DataDirectory> {
    await makeFolder(join(resolve(dataDir), '.pairduck'))
    const path = await realpath(resolve(dataDir))
    const lock = await LockFile.take(join(path, '.pairduck', `manager-${process.pid}.lock`))
    if (!(lock instanceof LockFile))
      throw new PairduckError(
        'DIRECTORY_IN_USE',
        `${path} is already held by another DatabaseManager of this process; share that one, or close it first`,
        { dataDir: path, pid: process.pid },
      )
    await sweep(join(path, '.pairduck'))
    return new DataDirectory(path, lock)
  }

  /** For what the engine cannot keep in memory; what a killed process left of it is swept away. */
  get spills(): string {
    return join(this.path, '.pairduck', `scratch-${process.pid}-spill`)
  }

  /** Synchronous, so that it also works on the way out. */
  release(): void {
    try {
      rmSync(this.spills, { recursive: true, force: true })
    } catch {
      // It is swept away by the next manager.
    }
    this.#lock.release()
  }
}

/** Removes the locks of processes that are gone, and what they were building. */
async function sweep(directory: string): Promise<void> {
  const holders = new Set<number>()
  for (const name of await readdir(directory)) {
    const pid = Number(/^manager-(\d+)\.lock$/.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(pid)) continue
    if (pid === process.pid || isAlive(pid)) holders.add(pid)
    else await unlink(join(directory, name)).catch(() => undefined)
  }
  const isGone = (pid: number): boolean => pid === process.pid || !holders.has(pid)
  await sweepScratch(directory, isGone, holders.size === 1)
}
