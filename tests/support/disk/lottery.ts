/** Numbers from 0 to before 1, the same ones for the same first. */
export function lottery(first: number): () => number {
  let state = first
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

/** So many of the items, in their order. */
export function someOf<T>(items: readonly T[], count: number, random: () => number): T[] {
  let wanted = Math.min(count, items.length)
  return items.filter((_, index) => {
    const taken = random() < wanted / (items.length - index)
    if (taken) wanted--
    return taken
  })
}
