/** One side of a comparison: does its work once and gives its figure, or nothing to be timed. */
export type Side = () => number | void | Promise<number | void>

/**
 * Runs the sides in turn, `rounds` times, and gives each side's median. Whatever else the machine
 * does meets all of them alike, and the order turns every round so that none always comes first.
 * A side that returns a number is measured by it; one that returns nothing, by its milliseconds.
 */
export async function interleave<Name extends string>(
  sides: Readonly<Record<Name, Side>>,
  { rounds = 7, warmups = 1 }: { readonly rounds?: number; readonly warmups?: number } = {},
): Promise<Record<Name, number>> {
  const names = Object.keys(sides) as Name[]
  const figures = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (let round = -warmups; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + Math.max(round, 0)) % names.length]!
      const startedAt = performance.now()
      const result = await sides[name]()
      const figure = typeof result === 'number' ? result : performance.now() - startedAt
      if (round >= 0) figures.get(name)!.push(figure)
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(figures.get(name)!)])) as Record<
    Name,
    number
  >
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
