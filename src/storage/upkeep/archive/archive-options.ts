import { abortableStore } from '../../../archive/store/abortable-store.ts'
import { PairduckError } from '../../../errors.ts'
import {
  flag,
  number,
  optional,
  resolveOptions,
  signalRule,
  type OptionRule,
} from '../../../options.ts'
import { policyOf } from '../../../schema/retention-policy.ts'
import { candleRelation } from '../../../schema/tables.ts'
import { century, type Clock } from '../../../time.ts'
import { isCheckpointBlocked } from '../../duckdb/duckdb-errors.ts'
import type { PairDatabase } from '../../pool/pair-database.ts'
import { nowRule } from '../cleanup-options.ts'
import { momentOf, type CleanupNow } from '../pair-cleanup.ts'
import { planRetention, type Deletion } from '../retention-plan.ts'
import {
  archiveDatabase,
  archivePlan,
  type ArchiveResult,
  type ManagedArchive,
} from './archive-pair.ts'
import { closedBefore } from './closed-before.ts'

export type { ArchiveResult }

/** Options of `archivePair`. */
export interface ArchiveOptions {
  /** What ages count from: the manager's clock when left out; `'newest-tick'` serves replays. */
  readonly now?: CleanupNow | undefined
  /**
   * Archives ticks and candles that are older than this, in ms, whatever the pair's retention says.
   * Default: what its retention says, where that says `then: 'archive'`.
   */
  readonly olderThanMs?: number | undefined
  /** Makes one part of each closed day that has several. Default false: only of days with many. */
  readonly compact?: boolean | undefined
  /** Breaks the pass off (`ABORTED`), also a request that the store does not answer; what it has not moved stays in the file. */
  readonly signal?: AbortSignal | undefined
}

interface ResolvedArchiveOptions {
  readonly now: CleanupNow | undefined
  readonly olderThanMs: number | undefined
  readonly compact: boolean
  readonly signal: AbortSignal | undefined
}

const rules: {
  readonly [Name in keyof ArchiveOptions]-?: OptionRule<ResolvedArchiveOptions[Name]>
} = {
  now: nowRule,
  olderThanMs: optional(number(0, century, 0)),
  compact: flag(false),
  signal: signalRule,
}

export function resolveArchiveOptions(options: ArchiveOptions | undefined): ResolvedArchiveOptions {
  return resolveOptions('archivePair', options, rules)
}

/** One pass over an open pair by a caller's wish; what it freed goes back to the file's space. */
export async function archiveAsAsked(
  database: PairDatabase,
  { now, olderThanMs, compact, signal }: ResolvedArchiveOptions,
  { archive, clock }: { readonly archive: ManagedArchive | undefined; readonly clock: Clock },
): Promise<ArchiveResult> {
  const { name, writer } = database
  if (archive === undefined)
    throw new PairduckError(
      'ARCHIVE_INCOMPLETE',
      `${name}: there is no archive: open the manager with the option \`archive\``,
    )
  const at = momentOf(now ?? clock(), writer.ticks.state.newest)
  const due = at === undefined ? [] : planArchive(database, olderThanMs, at)
  const plan = { ...archivePlan(due, archive, at ?? 0), compact }
  const store = signal === undefined ? archive.store : abortableStore(archive.store, signal)
  const result = await archiveDatabase(database, store, plan)
  await writer.run(async (connection) => {
    // A transaction that is open elsewhere leaves it to the next cleanup.
    await database.checkpoint(connection).catch((error: unknown) => {
      if (!isCheckpointBlocked(error)) throw error
    })
    await database.saveState(connection, false)
  })
  return result
}

/** What of a pair is due for the archive at `now`, by its rules or by an age. */
function planArchive(
  { rules: own, candles }: PairDatabase,
  olderThanMs: number | undefined,
  now: number,
): readonly Deletion[] {
  if (olderThanMs === undefined)
    return planRetention(policyOf(own), candles, now).filter(({ archive }) => archive === true)
  const before = closedBefore(now - olderThanMs, olderThanMs)
  const relations = ['ticks' as const, ...candles.map((timeframe) => candleRelation(timeframe))]
  return relations.map((relation) => ({ relation, before, archive: true }))
}
