const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Distances of labels that a reader counts in. */
const steps = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 4, 6, 12].map((count) => count * hour),
  ...[1, 2, 7, 14, 28, 91, 182, 365].map((count) => count * day),
]
const mostTicks = 9

/**
 * Which bars of an axis are named: the first at or after each round time, up to nine of them. Bars
 * need not be there for every moment: one that is missing leaves its name to the next.
 */
export function roundTicks(times: readonly number[]): ReadonlySet<number> {
  const first = times[0]
  const last = times.at(-1)
  if (first === undefined || last === undefined) return new Set()
  if (times.length <= mostTicks) return new Set(times.keys())
  const step = steps.find((each) => (last - first) / each <= mostTicks) ?? steps.at(-1)!
  const named = new Set<number>()
  for (const [index, time] of times.entries()) {
    const before = times[index - 1]
    const isFirstOfStep =
      before === undefined ? time % step === 0 : Math.floor(time / step) > Math.floor(before / step)
    if (isFirstOfStep) named.add(index)
  }
  return named
}
