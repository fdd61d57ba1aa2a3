/** Pairs that were not closed as they should be, and why each. */
export class PairsNotClosed extends AggregateError {
  readonly #failures: ReadonlyMap<string, unknown>

  constructor(failures: ReadonlyMap<string, unknown>) {
    super(failures.values(), notClosed([...failures.keys()]))
    this.#failures = failures
  }

  /** By pair; whoever prints the error sees each once, among its `errors`. */
  get failures(): ReadonlyMap<string, unknown> {
    return this.#failures
  }
}

/** Waits for all pairs, whatever becomes of one; the failures come together. */
export async function closeTogether(
  closings: Iterable<readonly [string, Promise<void>]>,
): Promise<void> {
  const pairs = [...closings]
  const ends = await Promise.allSettled(pairs.map(([, closing]) => closing))
  const failures = new Map<string, unknown>()
  for (const [index, end] of ends.entries())
    if (end.status === 'rejected') failures.set(pairs[index]![0], end.reason)
  if (failures.size > 0) throw new PairsNotClosed(failures)
}

/** What is said of all that could not be closed, the log beside the pairs. */
export function notClosed(pairs: readonly string[], log?: string): string {
  const counted = `${pairs.length} ${pairs.length === 1 ? 'pair' : 'pairs'} (${pairs.join(', ')})`
  const all = [...(pairs.length === 0 ? [] : [counted]), ...(log === undefined ? [] : [log])]
  const isOne = pairs.length + (log === undefined ? 0 : 1) === 1
  return `${all.join(' and ')} ${isOne ? 'was' : 'were'} not closed as ${isOne ? 'it' : 'they'} should be`
}
