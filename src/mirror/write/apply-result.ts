import type { PairduckError } from '../../errors.ts'

/** What became of a call's changes. */
export interface ApplyResult {
  /** What was written. */
  readonly written: number
  /** Older, repeated or already known. */
  readonly unchanged: number
  /** What could not be mirrored, each error naming it; the others were written. */
  readonly refused: readonly PairduckError[]
}

/** A call with one thing rejects where a call with many would put it aside. */
export function onlyOne(result: ApplyResult): ApplyResult {
  if (result.refused[0] !== undefined) throw result.refused[0]
  return result
}
