import { createHash } from 'node:crypto'
import { readdir, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive } from './process-identity.ts'
import { makeFolder } from './sync-folder.ts'

/** Who waits says so anew within this; who does not has gone. */
const freshMs = 3000
const againMs = 500

/**
 * The pairs of a data directory that a process waits to write to, told to the one that has the file
 * open: a small file for each, which the waiting one touches until it has the pair.
 */
export class WantedFiles {
  readonly #folder: string
  readonly #askedAt = new Map<string, number>()

  constructor(dataDir: string) {
    this.#folder = join(dataDir, '.pairduck', 'wanted')
  }

  /** Asks the holder of a pair for its file. A disk that takes no such note leaves it to the waiting. */
  async ask(name: string): Promise<void> {
    const now = performance.now()
    if (now - (this.#askedAt.get(name) ?? -Infinity) < againMs) return
    this.#askedAt.set(name, now)
    try {
      await makeFolder(this.#folder)
      await writeFile(this.#noteOf(name), '')
    } catch {
      // Nobody is worse off than without it.
    }
  }

  /** Has the file, or waits no more. */
  async withdraw(name: string): Promise<void> {
    if (this.#askedAt.delete(name)) await unlink(this.#noteOf(name)).catch(() => undefined)
  }

  /** Those of the pairs that another process waits for. */
  async wanted(names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return []
    const notes = await readdir(this.#folder).catch((): string[] => [])
    if (notes.length === 0) return []
    const byDigest = new Map(names.map((name) => [digest(name), name]))
    const wanted: string[] = []
    for (const note of notes) {
      const [of = '', pid] = note.split('.')
      const name = byDigest.get(of)
      if (Number(pid) === process.pid || !(await this.#isFresh(note, Number(pid)))) continue
      if (name !== undefined) wanted.push(name)
    }
    return wanted
  }

  async #isFresh(note: string, pid: number): Promise<boolean> {
    const path = join(this.#folder, note)
    const found = await stat(path).catch(() => undefined)
    if (found === undefined) return false
    if (Date.now() - found.mtimeMs < freshMs) return true
    if (!isAlive(pid)) await unlink(path).catch(() => undefined)
    return false
  }

  #noteOf(name: string): string {
    return join(this.#folder, `${digest(name)}.${process.pid}`)
  }
}

function digest(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32)
}
