import { createHash } from 'node:crypto'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The pairs of which a log may hold more than their files do. Each is a file in the log's folder,
 * made while the pair's own file is locked, before the log takes the pair's first record, and
 * removed when all of them are in the pair's file. So whoever opens a file that its owner had to
 * let go of before that finds out that it is not whole, as long as the owner lives; afterwards the
 * log itself tells.
 */
export class Claims {
  readonly #folder: string
  readonly #pairs = new Set<string>()

  /** `folder`: the folder of a log. */
  constructor(folder: string) {
    this.#folder = folder
  }

  has(pair: string): boolean {
    return this.#pairs.has(pair)
  }

  async add(pair: string): Promise<void> {
    // Its name is that of nobody else's; what is in it is for people.
    await writeFile(join(this.#folder, claimName(pair)), pair)
    this.#pairs.add(pair)
  }

  async remove(pair: string): Promise<void> {
    if (!this.#pairs.delete(pair)) return
    await rm(join(this.#folder, claimName(pair)), { force: true })
  }
}

/** Whether the log in a folder may hold something that the pair's file does not. */
export async function isClaimed(folder: string, pair: string): Promise<boolean> {
  try {
    await stat(join(folder, claimName(pair)))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** A pair's own name may be too long for a file's, and have signs in it that none takes. */
function claimName(pair: string): string {
  return `${createHash('sha256').update(pair).digest('hex').slice(0, 40)}.claim`
}
