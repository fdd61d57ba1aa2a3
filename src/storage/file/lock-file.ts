import { randomUUID } from 'node:crypto'
import { readFileSync, unlinkSync } from 'node:fs'
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { threadId } from 'node:worker_threads'
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts'

/** What a lock's file says: who took it, and which time. */
interface Holder extends ProcessIdentity {
  readonly lock?: string
}

/** Locks that were given up and whose files could not be removed. */
const givenUp = new Set<string>()

/** A file that says who works here. One that its process left behind by dying counts for nothing. */
export class LockFile {
  readonly #path: string
  readonly #lock: string

  private constructor(path: string, lock: string) {
    this.#path = path
    this.#lock = lock
  }

  /** The lock, or who holds it. */
  static async take(path: string): Promise<LockFile | ProcessIdentity> {
    const draft = `${path}.${process.pid}.${threadId}.draft`
    const lock = randomUUID()
    await writeFile(draft, JSON.stringify({ ...ownIdentity(), lock } satisfies Holder))
    try {
      // A link appears with its content: nobody can read half a lock.
      while (!(await linked(draft, path))) {
        const holder = holderOf(path)
        if (holder !== undefined && isHeld(holder)) return holder
        await removeStale(path, `${draft}.stale`)
      }
      return new LockFile(path, lock)
    } finally {
      await unlink(draft).catch(() => undefined)
    }
  }

  /** Synchronous, so that it also works on the way out. */
  release(): void {
    try {
      unlinkSync(this.#path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') givenUp.add(this.#lock)
    }
  }
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isHeld(holder: Holder | null): boolean {
  return isRunning(holder) && !givenUp.has(holder?.lock ?? '')
}

function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

/** Moved aside first: another process may have put its own lock there since it was looked at. */
async function removeStale(path: string, aside: string): Promise<void> {
  try {
    await rename(path, aside)
    const holder = JSON.parse(await readFile(aside, 'utf8')) as Holder | null
    if (isHeld(holder)) await link(aside, path)
  } catch {
    // Somebody else was faster, or it says nothing: either way the next try tells.
  }
  await unlink(aside).catch(() => undefined)
}
