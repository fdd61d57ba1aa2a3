import { policyOf, type RetentionRules } from '../../schema/retention-policy.ts'
import { candleRelation } from '../../schema/tables.ts'
import { timeframes, type Clock, type Timeframe } from '../../time.ts'
import { sizeOf, type PairFiles } from '../file/pair-files.ts'
import { provedState } from '../file/sealed-state.ts'
import { readState, type PairState } from '../file/state-file.ts'
import type { CleanupRules } from './cleanup-options.ts'
import { nothingToDelete, planRetention, type Deletion } from './retention-plan.ts'

/**
 * By the state file alone, where its seal proves that it speaks of the file: what to delete, or that it
 * is nothing. Undefined when only the file itself can tell.
 */
export async function planClosed(
  files: PairFiles,
  { now, dueOnly, keep }: CleanupRules,
  given: { readonly clock: Clock; readonly retention: RetentionRules },
): Promise<readonly Deletion[] | 'nothing' | undefined> {
  // Whatever bears the name of a log is looked at where the pair is opened.
  if ((await sizeOf(files.wal)) !== undefined) return undefined
  const state = await provedState(files, await readState(files.state))
  if (state === undefined) return undefined
  const { retention, marks, relations } = state
  const newest = relations.ticks?.newest
  const at = now === 'newest-tick' ? newest : Number(now ?? given.clock())
  if (at === undefined || at === null) return 'nothing'
  const policy = policyOf({ ...retention, ...given.retention, ...keep })
  const deletions = planRetention(policy, keptCandles(state), at, { marks, dueOnly })
  return nothingToDelete(state, deletions) ? 'nothing' : deletions
}

function keptCandles({ relations }: PairState): Timeframe[] {
  return timeframes.filter((timeframe) => relations[candleRelation(timeframe)] !== undefined)
}
