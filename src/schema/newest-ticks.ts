/** Not in the query itself: a copy of it with another text asks for something else. */
const asked = new WeakMap<object, number>()

/** The same query, of which it is known then that it asks for the newest so many ticks and nothing else. */
export function ofNewestTicks<Q extends object>(query: Q, count: number): Q {
  asked.set(query, count)
  return query
}

/** How many of the newest ticks a query asks for, where it is known to ask for nothing else. */
export function newestTicksOf(query: object | undefined): number | undefined {
  return query && asked.get(query)
}
