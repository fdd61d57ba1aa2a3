import { link, mkdir, readdir, readFile, realpath, unlink, writeFile } from 'node:fs/promises'
import { readFileSync, unlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { threadId } from 'node:worker_threads'
import { PairduckError } from '../../errors.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'

/**
 * A data directory as one manager holds it. Two engines of one process on one file both succeed
 * and silently lose rows (file locks are the process's), so the second is refused, worker threads
 * included. Other processes are welcome: between them DuckDB's own file locks hold.
 */
export class DataDirectory {
  /** The real path: a link does not make a second directory. */
  readonly path: string
  readonly #lockFile: string

  private constructor(path: string, lockFile: string) {
    this.path = path
    this.#lockFile = lockFile
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
    await mkdir(join(resolve(dataDir), '.pairduck'), { recursive: true })
    const path = await realpath(resolve(dataDir))
    const lockFile = join(path, '.pairduck', `manager-${process.pid}.lock`)
    await sweep(join(path, '.pairduck'))
    const draft = `${lockFile}.${threadId}.draft`
    await writeFile(draft, JSON.stringify({ pid: process.pid, started: processStart() }))
    try {
      // A link appears with its content: nobody can read half a lock.
      while (!(await linked(draft, lockFile))) {
        const holder = await holderStart(lockFile)
        if (holder !== undefined && sameStart(holder, processStart()))
          throw new PairduckError(
            'DIRECTORY_IN_USE',
            `${path} is already held by another DatabaseManager of this process; share that one, or close it first`,
            { dataDir: path, pid: process.pid },
          )
        // Left by a process that is gone and whose number is now ours.
        await unlink(lockFile).catch(() => undefined)
      }
    } finally {
      await unlink(draft).catch(() => undefined)
    }
    return new DataDirectory(path, lockFile)
  }

  /** Synchronous, so that it also works on the way out. */
  release(): void {
    try {
      unlinkSync(this.#lockFile)
    } catch {
      // Gone already: nothing is left to release.
    }
  }
}

async function linked(draft: string, lockFile: string): Promise<boolean> {
  try {
    await link(draft, lockFile)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function holderStart(lockFile: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(lockFile, 'utf8')) as { started: string }).started
  } catch {
    return undefined
  }
}

/** Removes the locks of processes that are gone. */
async function sweep(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = /^manager-(\d+)\.lock$/.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid)))
      await unlink(join(directory, name)).catch(() => undefined)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Where the start is only known in seconds, two threads may round it differently. */
function sameStart(a: string, b: string): boolean {
  return a === b || Math.abs(Number(a) - Number(b)) <= 2
}

let started: string | undefined

/** The same for all threads of one process, another one for every other process. */
function processStart(): string {
  return (started ??= linuxStart() ?? String(Math.round(Date.now() / 1000 - process.uptime())))
}

function linuxStart(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!.split(' ')
    return `${boot}/${fields[19]}`
  } catch {
    return undefined
  }
}
