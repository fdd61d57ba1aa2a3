/** What a pool counts since it was made, and what it holds now. */
export interface PoolStats {
  /** Pair files held open, those being opened or closed included. */
  readonly size: number
  readonly max: number
  /** Held by a lease, a commit or a job. */
  readonly active: number
  readonly idle: number
  readonly waiting: number
  readonly hits: number
  readonly misses: number
  readonly hitRate: number
  readonly evictions: number
  readonly activePairs: readonly string[]
}

/** What a manager counts. */
export interface ManagerStats extends PoolStats {
  /** Ticks that were given and are not durable yet. */
  readonly pendingTicks: number
}
