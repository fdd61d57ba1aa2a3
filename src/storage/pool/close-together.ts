import { PairduckError, type ErrorCode } from '../../errors.ts'

/** Pairs that were not closed as they should be, and why each; beside them maybe the commit log. */
export class PairsNotClosed extends AggregateError {
  /** The code of the first of the errors that has one. */
  readonly code: ErrorCode | undefined
  readonly #failures: ReadonlyMap<string, unknown>

  constructor(failures: ReadonlyMap<string, unknown>, log?: { readonly reason: unknown }) {
    const errors = [...failures.values(), ...(log === undefined ? [] : [log.reason])]
    super(errors, notClosed([...failures.keys()], log && 'the commit log'))
    this.code = errors.find((error) => PairduckError.is(error))?.code
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
function notClosed(pairs: readonly string[], log?: string): string {
  const counted = `${pairs.length} ${pairs.length === 1 ? 'pair' : 'pairs'} (${pairs.join(', ')})`
  const all = [...(pairs.length === 0 ? [] : [counted]), ...(log === undefined ? [] : [log])]
  const isOne = pairs.length + (log === undefined ? 0 : 1) === 1
  return `${all.join(' and ')} ${isOne ? 'was' : 'were'} not closed as ${isOne ? 'it' : 'they'} should be`
}
