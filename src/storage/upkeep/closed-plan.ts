import { stat } from 'node:fs/promises'
import { policyOf, type RetentionRules } from '../../schema/retention-policy.ts'
import { candleRelation } from '../../schema/tables.ts'
import { timeframes, type Clock, type Timeframe } from '../../time.ts'
import { sizeOf, type PairFiles } from '../file/pair-files.ts'
import { readState, type PairState } from '../file/state-file.ts'
import type { CleanupRules } from './cleanup-options.ts'
import { nothingToDelete, planRetention, type Deletion } from './retention-plan.ts'

/**
 * By the state file alone, where it is at least as new as the database and there is no WAL: what
 * to delete, or that it is nothing. Undefined when only the file itself can tell.
 */
export async function planClosed(
  files: PairFiles,
  { now, dueOnly, keep }: CleanupRules,
  given: { readonly clock: Clock; readonly retention: RetentionRules },
): Promise<readonly Deletion[] | 'nothing' | undefined> {
  const state = await readState(files.state)
  if (state === undefined || !state.clean || (await sizeOf(files.wal)) !== undefined)
    return undefined
  // That rows are lost is told where the file is opened.
  if (state.lost !== undefined) return undefined
  const { retention, marks = {}, relations } = state
  if (retention === undefined) return undefined
  const [file, witness] = await Promise.all([stat(files.database), stat(files.state)])
  if (witness.mtimeMs < file.mtimeMs) return undefined
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
