/** Something that keeps rows in memory and can do with fewer. */
export interface Keeper {
  readonly kept: number
  /** Keeps no more than this many rows. */
  trim(rows: number): void
}

/** Where there are very many. */
const fewestRows = 100

/** How many recent ticks all pairs of a manager together keep in memory. */
export class MemoryBudget {
  readonly #maxRows: number
  readonly #maxRowsPerKeeper: number
  /** Those that were last used stand last. */
  readonly #keepers = new Set<Keeper>()
  #rows = 0

  constructor(maxRows = 1_000_000, maxRowsPerKeeper = 20_000) {
    this.#maxRows = maxRows
    this.#maxRowsPerKeeper = maxRowsPerKeeper
  }

  /** What one keeper may hold. */
  get share(): number {
    return Math.min(
      this.#maxRowsPerKeeper,
      Math.max(fewestRows, Math.floor(this.#maxRows / (this.#keepers.size + 1))),
    )
  }

  /** A keeper has taken on rows; those that were used least recently give room. */
  grew(keeper: Keeper, rows: number): void {
    this.#keepers.delete(keeper)
    this.#keepers.add(keeper)
    this.#rows += rows
    if (this.#rows <= this.#maxRows) return
    const { share } = this
    for (const each of this.#keepers) {
      if (this.#rows <= this.#maxRows) return
      if (each.kept > share / 2) each.trim(Math.floor(share / 2))
    }
  }

  shrank(rows: number): void {
    this.#rows -= rows
  }

  leave(keeper: Keeper): void {
    if (this.#keepers.delete(keeper)) this.#rows -= keeper.kept
  }
}
