import { randomUUID } from 'node:crypto'
import { readFileSync, unlinkSync } from 'node:fs'
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { threadId } from 'node:worker_threads'
import { withSystemCode } from '../../errors.ts'
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
    try {
      await writeFile(draft, JSON.stringify({ ...ownIdentity(), lock } satisfies Holder))
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

/** Undefined for a lock that is gone, or that says nothing. One that cannot be read may be held: it throws. */
function holderOf(path: string): Holder | undefined {
  try {
    return parsed(readFileSync(path, 'utf8'))
  } catch (error) {
    if (isGone(error)) return undefined
    throw withSystemCode(error, path)
  }
}

/**
 * Takes the lock of a process that is gone away; one that cannot be is `IO_FAILED`. It is
 * moved aside first: another process may have put its own lock there since it was looked at.
 */
async function removeStale(path: string, aside: string): Promise<void> {
  try {
    await rename(path, aside)
  } catch (error) {
    // Somebody else was faster.
    if (isGone(error)) return
    throw withSystemCode(error, path)
  }
  const holder = parsed(await readFile(aside, 'utf8'))
  // Where somebody has taken it meanwhile, the next try tells.
  if (holder !== undefined && isHeld(holder)) await link(aside, path).catch(() => undefined)
  await unlink(aside).catch(() => undefined)
}

function parsed(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder
  } catch {
    return undefined
  }
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
