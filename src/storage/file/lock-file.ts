import { readFileSync, unlinkSync } from 'node:fs'
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { threadId } from 'node:worker_threads'
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts'

/** A file that says who works here. One that its process left behind by dying counts for nothing. */
export class LockFile {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  /** The lock, or who holds it. */
  static async take(path: string): Promise<LockFile | ProcessIdentity> {
    const draft = `${path}.${process.pid}.${threadId}.draft`
    await writeFile(draft, JSON.stringify(ownIdentity()))
    try {
      // A link appears with its content: nobody can read half a lock.
      while (!(await linked(draft, path))) {
        const holder = holderOf(path)
        if (holder !== undefined && isRunning(holder)) return holder
        await removeStale(path, `${draft}.stale`)
      }
      return new LockFile(path)
    } finally {
      await unlink(draft).catch(() => undefined)
    }
  }

  /** Synchronous, so that it also works on the way out. */
  release(): void {
    try {
      unlinkSync(this.#path)
    } catch {
      // Gone already: nothing is left to release.
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

function holderOf(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity
  } catch {
    return undefined
  }
}

/** Moved aside first: another process may have put its own lock there since it was looked at. */
async function removeStale(path: string, aside: string): Promise<void> {
  try {
    await rename(path, aside)
    const holder = JSON.parse(await readFile(aside, 'utf8')) as ProcessIdentity | null
    if (isRunning(holder)) await link(aside, path)
  } catch {
    // Somebody else was faster, or it says nothing: either way the next try tells.
  }
  await unlink(aside).catch(() => undefined)
}
