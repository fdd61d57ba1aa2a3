import type { Slot } from './pool-slot.ts'

/** What a pool counts since it was made, and what it holds now. */
export interface PoolStats {
  /** Pair files held open, those being opened or closed included. */
  readonly size: number
  /** The most pairs that may be open at once. */
  readonly max: number
  /** Held by a lease, a commit or a job. */
  readonly active: number
  /** Open pairs that nobody leases. */
  readonly idle: number
  /** Callers that wait for a place. */
  readonly waiting: number
  /** Leases of pairs that were open already. */
  readonly hits: number
  /** Leases that had to open the pair. */
  readonly misses: number
  /** Hits ÷ (hits + misses). */
  readonly hitRate: number
  /** Pairs closed to make room for others. */
  readonly evictions: number
  /** The pairs that are leased, as text. */
  readonly activePairs: readonly string[]
  /** The pairs whose files are open, as text. */
  readonly openPairs: readonly string[]
  /**
   * The pairs, as text, that are this process's although their files were closed to make room: it takes
   * their inserts, and no other process can have them before `idleCloseMs`.
   */
  readonly restingPairs: readonly string[]
}

/** What a manager counts. */
export interface ManagerStats extends PoolStats {
  /** Ticks that were given and are not durable yet. */
  readonly pendingTicks: number
}

/** What a pool counts, with what its places tell. */
export function poolStats(
  places: Iterable<Slot>,
  counted: Pick<
    PoolStats,
    'max' | 'idle' | 'restingPairs' | 'waiting' | 'hits' | 'misses' | 'evictions'
  >,
): PoolStats {
  const slots = [...places]
  const active = slots.filter(({ leases }) => leases > 0)
  const asked = counted.hits + counted.misses
  return {
    ...counted,
    size: slots.length,
    active: active.length,
    hitRate: asked === 0 ? 0 : counted.hits / asked,
    activePairs: active.map(({ name }) => name),
    openPairs: slots.map(({ name }) => name),
  }
}
