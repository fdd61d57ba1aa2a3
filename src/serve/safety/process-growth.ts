import { cachedBytes } from '../../storage/duckdb/block-cache.ts'
import { withinMs } from './within-ms.ts'

/** How long the engine has to say what it keeps: it says so by threads that others may have. */
const askMs = 100

/** The process grows by so much more than by what the engine says that it keeps (1.24 to 1.32 measured). */
const perCached = 4 / 3

interface Measured {
  readonly resident: number
  readonly cached: number
}

/**
 * By how much the process grows. What the engine keeps of files that it read is no growth; when it keeps that
 * no longer it stays with the process, for whoever comes next, until the process gives it back.
 */
export class ProcessGrowth {
  #last: Promise<Measured | undefined>
  /** What was kept of files, is so no longer, and is still the process's. */
  #left = 0
  #askedAt = performance.now()

  constructor() {
    this.#last = measure(undefined)
  }

  /**
   * The bytes by which it has grown since this was asked before, and how many ms that is; below zero where it
   * has given some back.
   */
  async since(): Promise<{ readonly bytes: number; readonly ms: number }> {
    const last = await this.#last
    const now = performance.now()
    const ms = now - this.#askedAt
    this.#askedAt = now
    const measured = await measure(last?.cached)
    this.#last = Promise.resolve(measured ?? last)
    if (last === undefined || measured === undefined) return { bytes: 0, ms }
    const keptMore = (measured.cached - last.cached) * perCached
    const grown = measured.resident - last.resident - Math.max(0, keptMore)
    this.#left += Math.max(0, -keptMore)
    // That was nobody's, and so nobody has let go of it.
    const ofLeft = Math.min(this.#left, Math.max(0, -grown))
    this.#left -= ofLeft
    return { bytes: grown + ofLeft, ms }
  }
}

/** Undefined where nobody tells: the system when no more files may be opened, the engine when it is busy. */
async function measure(cachedBefore: number | undefined): Promise<Measured | undefined> {
  const cached = (await withinMs(askMs, cachedBytes())) ?? cachedBefore
  if (cached === undefined) return undefined
  try {
    return { resident: process.memoryUsage.rss(), cached }
  } catch {
    return undefined
  }
}
