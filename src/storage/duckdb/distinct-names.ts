/**
 * A name for each column of a result: of equal ones the second is `a:1`, the third `a:2` …, none of
 * which another column has. The binding's own names do not heed that one is given as `a:1`, so that
 * one of two columns was lost.
 */
export function distinctNames(given: readonly string[]): string[] {
  const taken = new Set(given)
  const counts = new Map<string, number>()
  return given.map((name) => {
    const before = counts.get(name)
    if (before === undefined) {
      counts.set(name, 0)
      return name
    }
    let count = before + 1
    while (taken.has(`${name}:${count}`)) count++
    counts.set(name, count)
    taken.add(`${name}:${count}`)
    return `${name}:${count}`
  })
}
