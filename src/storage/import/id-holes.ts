/** A trade by its place in its market's count. */
export interface NumberedTrade {
  readonly id: number
  /** Unix ms. */
  readonly timestamp: number
}

/** Neighbours between which ids are missing. */
export type Hole = readonly [before: NumberedTrade, after: NumberedTrade]

/** Trades of two lists in the order of their ids, each id once. */
export function joined(
  some: readonly NumberedTrade[],
  others: readonly NumberedTrade[],
): NumberedTrade[] {
  return [...some, ...others]
    .sort((a, b) => a.id - b.id)
    .filter(({ id }, at, all) => at === 0 || id !== all[at - 1]!.id)
}

/** The neighbours between which ids are missing. */
export function holesBetween(trades: readonly NumberedTrade[]): Hole[] {
  const holes: Hole[] = []
  for (let at = 1; at < trades.length; at++) {
    const [before, after] = [trades[at - 1]!, trades[at]!]
    if (after.id - before.id > 1) holes.push([before, after])
  }
  return holes
}
