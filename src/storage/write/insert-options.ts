import { resolveOptions, rule } from '../../options.ts'
import type { Gap } from '../../schema/gaps.ts'
import { checkGaps } from './gap-ledger.ts'

/** Options of `insertTicks`. */
export interface InsertOptions {
  /**
   * Holes that the ticks leave or close. They are noted in the transaction that stores the ticks:
   * after a crash either both are there or neither is.
   */
  readonly gaps?: readonly Gap[] | undefined
}

const rules = { gaps: rule<readonly Gap[]>('a list of gaps', Array.isArray, []) }

export function resolveInsertOptions(options: InsertOptions): Required<InsertOptions> & {
  readonly gaps: readonly Gap[]
} {
  const { gaps } = resolveOptions('insertTicks', options, rules)
  // Before a file is made for the pair.
  checkGaps(gaps)
  // The call may wait for its pair, and the caller's list is the caller's.
  return { gaps: gaps.map((gap) => ({ ...gap })) }
}
