import { cachedBytes } from '../../storage/duckdb/block-cache.ts'

/**
 * By how much the process grows. What the engine keeps of files that it read is no growth; when it keeps that
 * no longer it stays with the process, for whoever comes next, until the process gives it back.
 */
export class ProcessGrowth {
  #rss = process.memoryUsage.rss()
  #cached: number | undefined
  /** What was kept of files, is so no longer, and is still the process's. */
  #left = 0
  #askedAt = performance.now()

  /**
   * The bytes by which it has grown since this was asked before, and how many ms that is; below zero where it
   * has given some back.
   */
  async since(): Promise<{ readonly bytes: number; readonly ms: number }> {
    const now = performance.now()
    const ms = now - this.#askedAt
    this.#askedAt = now
    const rss = process.memoryUsage.rss()
    const cached = await cachedBytes()
    const keptMore = cached - (this.#cached ?? cached)
    const grown = rss - this.#rss - Math.max(0, keptMore)
    this.#left += Math.max(0, -keptMore)
    // That was nobody's, and so nobody has let go of it.
    const ofLeft = Math.min(this.#left, Math.max(0, -grown))
    this.#left -= ofLeft
    this.#rss = rss
    this.#cached = cached
    return { bytes: grown + ofLeft, ms }
  }
}
