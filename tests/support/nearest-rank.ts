/** A quantile by nearest rank as the engine has it: n − ⌊n − q·n⌋, at least the first; of nothing undefined. */
export function nearestRank(values: readonly number[], quantile: number): number | undefined {
  const count = values.length
  const rank = Math.max(1, count - Math.floor(count - quantile * count))
  return values.toSorted((a, b) => a - b)[rank - 1]
}
