import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../file/sync-folder.ts'

/**
 * The pairs of which a log may hold more than their files do. Each is a file in the log's folder,
 * made while the pair's own file is locked, before the log takes the pair's first record, and
 * removed when all of them are in the pair's file. So whoever opens a file that its owner had to
 * let go of before that finds out that it is not whole, as long as the owner lives; afterwards the
 * log itself tells. While a claim stands the folder has a segment at its full size: one is made before
 * the first claim, and none goes before the next one is there, or before all claims are gone.
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

/** The pairs that claims in a folder name, however little of a claim there is. */
export async function claimedPairs(folder: string): Promise<string[]> {
  const names = await claimsIn(folder)
  const pairs = names.map((name) => readFile(join(folder, name), 'utf8').catch(() => ''))
  return (await Promise.all(pairs)).sort()
}

/** Before the segments of a log are removed: claims without a segment prove that one was lost. */
export async function removeClaims(folder: string): Promise<void> {
  const names = await claimsIn(folder)
  if (names.length === 0) return
  for (const name of names) await rm(join(folder, name), { force: true })
  await syncFolder(folder)
}

async function claimsIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.claim'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** A pair's own name may be too long for a file's, and have signs in it that none takes. */
function claimName(pair: string): string {
  return `${createHash('sha256').update(pair).digest('hex').slice(0, 40)}.claim`
}
