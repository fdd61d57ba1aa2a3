/** Ids that come again within this time stand for the same trade. */
const sameTradeMs = 1000

/** Rows of a file whose id stood in it within a second before: the store took them for repeats. */
export class RepeatedIds {
  count = 0
  /** The row of the first of them, from 0 on. */
  firstRow: number | undefined

  /** Looks through rows that were not all stored. */
  look(
    firstRow: number,
    timestamps: ArrayLike<number>,
    ids: ArrayLike<string | null>,
    rowOf: (index: number) => number,
  ): void {
    const seen = new Map<string, number>()
    for (let index = 0; index < timestamps.length; index++) {
      const id = ids[index]
      if (id === null || id === undefined) continue
      const before = seen.get(id)
      const at = timestamps[index]!
      if (before !== undefined && Math.abs(at - before) <= sameTradeMs) {
        this.count++
        const row = firstRow + rowOf(index)
        if (this.firstRow === undefined || row < this.firstRow) this.firstRow = row
      } else seen.set(id, at)
    }
  }
}
