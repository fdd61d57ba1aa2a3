import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { isAlive, isRunning, ownIdentity, type ProcessIdentity } from '../file/process-identity.ts'
import { removeClaims } from './claims.ts'
import { makeFolder, syncFolder } from '../file/sync-folder.ts'

const ownerFile = 'owner.json'
const lockFile = 'owner.duckdb'
const maxTriesToHold = 50
const maxTriesToAsk = 5
const pauseMs = 10

/**
 * The folder of one log, and the proof that its owner lives: a database that it holds open. The
 * system gives that lock up with the process, and tells the truth between containers too, where a
 * process's number says nothing.
 */
export class LogFolder {
  readonly path: string
  /** The log's own name, unlike that of any other. */
  readonly name: string
  readonly #lock: DuckDBInstance

  private constructor(path: string, name: string, lock: DuckDBInstance) {
    this.path = path
    this.name = name
    this.#lock = lock
  }

  static async create(root: string): Promise<LogFolder> {
    for (;;) {
      await makeFolder(root)
      const name = `${process.pid}-${randomBytes(8).toString('hex')}`
      const path = join(root, name)
      const draft = join(root, `.${name}`)
      await mkdir(draft)
      try {
        await writeFile(join(draft, ownerFile), JSON.stringify(ownIdentity()))
        // Whoever finds it finds its owner in it.
        await rename(draft, path)
      } catch (error) {
        // Who could not see that its owner lives, from another container, has swept it.
        if (!existsSync(draft)) continue
        throw error
      }
      const lock = await holdLock(path)
      await syncFolder(root)
      // Who took it for the log of a dead one before it was locked has removed it.
      if (lock !== undefined && existsSync(join(path, ownerFile)))
        return new LogFolder(path, name, lock)
      lock?.closeSync()
    }
  }

  /** Nobody lives here any more; what is in the folder stays, for whoever comes. */
  async release(): Promise<void> {
    try {
      await unlink(join(this.path, ownerFile))
    } finally {
      this.#lock.closeSync()
    }
  }

  /** Removes the folder and all that is in it. */
  async remove(): Promise<void> {
    await removeClaims(this.path)
    await rm(this.path, removing)
    this.#lock.closeSync()
    // The folder of all logs goes with the last one.
    await rmdir(dirname(this.path)).catch(() => undefined)
  }
}

/** Who asks for the owner at that moment makes the lock's file anew: then the folder is not empty yet. */
const removing = { recursive: true, force: true, maxRetries: 20, retryDelay: 10 } as const

/** Removes the log of a dead owner; not while anybody else asks whether he is dead. */
export async function removeDeadLog(folder: string): Promise<void> {
  const lock = await holdLock(folder)
  if (lock === undefined) return
  await removeClaims(folder)
  await rm(folder, removing)
  lock.closeSync()
}

/** Removes what was never finished of the logs of dead owners: no call was ever told to be in one. */
export async function sweepDrafts(root: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const pid = /^\.(\d+)-[0-9a-f]{16}$/.exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    // What cannot be removed harms nobody.
    await rm(join(root, name), removing).catch(() => undefined)
  }
}

/** Whether a log's owner is gone for certain. */
export async function isOwnerGone(folder: string): Promise<boolean> {
  const owner = await ownerOf(folder)
  if (owner !== undefined && isRunning(owner)) return false
  // Somebody else who asks the same holds it for a moment. Who holds it on and on is the owner,
  // in a container of his own, where his number is another one than here.
  const lock = await holdLock(folder, maxTriesToAsk)
  lock?.closeSync()
  return lock !== undefined
}

/** The lock of a log, which somebody who asks for its owner may hold for a moment. */
async function holdLock(
  folder: string,
  maxTries = maxTriesToHold,
): Promise<DuckDBInstance | undefined> {
  const file = join(folder, lockFile)
  for (let tries = 0; tries < maxTries && existsSync(folder); tries++)
    try {
      return await DuckDBInstance.create(file, { threads: '1' })
    } catch (error) {
      const { code } = fromDuckDb(error, folder, 'IO_FAILED')
      // A power loss left half of it. It was locked before that was seen: nobody holds it.
      if (code === 'PAIR_CORRUPT') await rm(file, { force: true })
      else if (code === 'PAIR_LOCKED') await delay(pauseMs)
      else if (existsSync(folder)) throw error
    }
  return undefined
}

/** Who a log belongs to; undefined when he has left it. */
export async function ownerOf(folder: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, ownerFile), 'utf8')) as ProcessIdentity
  } catch {
    return undefined
  }
}
