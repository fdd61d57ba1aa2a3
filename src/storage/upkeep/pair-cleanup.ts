import type { DuckDBConnection } from '@duckdb/node-api'
import { policyOf, type RetentionRules } from '../../schema/retention-policy.ts'
import type { Relation } from '../../schema/tables.ts'
import { msFromMicros } from '../../time.ts'
import { fromDuckDb, isCheckpointBlocked } from '../duckdb/duckdb-errors.ts'
import type { CleanupResult } from '../events/outcomes.ts'
import {
  archiveDatabase,
  archivePlan,
  type ArchiveResult,
  type ManagedArchive,
} from './archive/archive-pair.ts'
import type { PairDatabase } from '../pool/pair-database.ts'
import { measureRelations, stateWith } from '../file/pair-state.ts'
import { reading } from './reading.ts'
import {
  foldedBefore,
  nothingToDelete,
  planRetention,
  ticksBefore,
  type Deletion,
} from './retention-plan.ts'
import { applyRetention, countDeletions, tickMarks, type Applied } from './retention.ts'
import { readMarks } from '../file/marks.ts'
import { readRules } from '../file/retention-rules.ts'
import type { Content } from '../write/known-content.ts'

/** The time that retention counts from: the clock's, a given one, or that of the newest tick (replays). */
export type CleanupNow = number | Date | 'newest-tick'

/** What a pass over one pair goes by. */
export interface CleanupPlan {
  /** In Unix ms, or the time of the pair's newest tick. */
  readonly now: CleanupNow
  readonly dueOnly: boolean
  /** Rules of this call, above those of the file. */
  readonly keep: RetentionRules
  readonly dryRun: boolean
  /** Where rows go that are to be archived before they are deleted. */
  readonly archive: ManagedArchive | undefined
  /** What is to be deleted, where that was found out before the pair was opened. */
  readonly deletions?: readonly Deletion[] | undefined
}

/**
 * One cleanup pass over an open pair: roll up, delete, merge, CHECKPOINT, as one job of its writer,
 * between two commits. From another connection a CHECKPOINT under load fails nearly always. It is
 * planned once; what is deleted by a plan stays right when rows come in meanwhile.
 */
export async function cleanupDatabase(
  database: PairDatabase,
  plan: CleanupPlan,
  leases: () => readonly string[],
): Promise<CleanupResult> {
  const bytesBefore = await database.bytes()
  const { writer } = database
  const { ticks: store } = writer
  const nothing = { pair: database.name, deleted: {}, bytesBefore, bytesAfter: bytesBefore }
  // Who has a lease may write behind the writer's back.
  const isLent = (): boolean => leases().length > 0
  const deletions =
    plan.deletions ?? (await planOpen(database, plan, isLent() ? undefined : store.known.content))
  if (plan.dryRun)
    return { ...nothing, deleted: await wouldDelete(database, deletions ?? []), dryRun: true }
  if (deletions === undefined) return nothing
  const { archived, left: unarchived } = await archiveDue(database, deletions, plan)
  let skipped = unarchived
  const aged = deletions.filter(({ archive }) => archive !== true)
  const deleted = await writer.run(
    async (connection, content): Promise<Partial<Record<Relation, number>>> => {
      const isAlone = !isLent()
      const { forgotten } = store.known
      const known = isAlone ? content : undefined
      const before = ticksBefore(aged)
      // A later pass has to roll up what is deleted then: more at once costs less.
      const waits = before !== undefined && foldedBefore(aged) <= store.state.rolledUntil
      if (!waits || store.needsRollUp) await store.rollUp(store.rollTarget(before))
      const applied = await applyRetention(connection, aged, known)
      store.moveMarks(tickMarks(applied.marks))
      try {
        await database.checkpoint(connection)
      } catch (error) {
        if (!isCheckpointBlocked(error)) throw error
        // The rows are deleted; their space comes free with the next pass.
        skipped ??= `checkpoint deferred: a transaction is open (${leases().join(', ') || 'unknown holder'})`
      }
      const left = await contentAfter(connection, database, { known, applied })
      const rules = known === undefined ? await readRules(connection) : database.rules
      await database.writeState({ ...stateWith(left, rules), clean: false })
      if (isAlone) store.known.learn(left, forgotten)
      return applied.deleted
    },
  )
  return {
    pair: database.name,
    deleted,
    ...(archived !== undefined && { archived: archived.archived }),
    ...(skipped === undefined ? {} : { skipped }),
    bytesBefore,
    bytesAfter: await database.bytes(),
  }
}

/** What the file holds after a pass. For what is known and was not changed it is not asked. */
async function contentAfter(
  connection: DuckDBConnection,
  { candles }: PairDatabase,
  { known, applied }: { readonly known: Content | undefined; readonly applied: Applied },
): Promise<Content> {
  const { deleted, marks } = applied
  const isChanged = (relation: Relation): boolean =>
    known?.relations[relation] === undefined || deleted[relation] !== undefined
  const measured = await measureRelations(connection, candles, isChanged)
  return { relations: { ...known?.relations, ...measured }, marks }
}

/** Rows that cannot be archived now stay where they are, and the result says why. */
async function archiveDue(
  database: PairDatabase,
  deletions: readonly Deletion[],
  { now, archive }: CleanupPlan,
): Promise<{ archived?: ArchiveResult; left?: string }> {
  const due = deletions.filter((deletion) => deletion.archive === true)
  if (due.length === 0) return {}
  if (archive === undefined)
    return {
      left: `ARCHIVE_INCOMPLETE: ${due.map(({ relation }) => relation).join(', ')} wait for an archive: none was given`,
    }
  try {
    const at = momentOf(now, database.writer.ticks.state.newest)!
    return {
      archived: await archiveDatabase(database, archive.store, archivePlan(due, archive, at)),
    }
  } catch (error) {
    const { code, message } = fromDuckDb(error, database.name, 'IO_FAILED')
    return { left: `not archived: ${code}: ${message}` }
  }
}

/**
 * What to delete from an open pair; undefined when nothing is due. Found out beside the writer, and
 * without a question to the file where it is known what that holds.
 */
async function planOpen(
  database: PairDatabase,
  { now, dueOnly, keep }: CleanupPlan,
  known: Content | undefined,
): Promise<readonly Deletion[] | undefined> {
  const { candles } = database
  const at = momentOf(now, database.writer.ticks.state.newest)
  const policy = policyOf({ ...database.rules, ...keep })
  if (at === undefined) return dueOnly ? undefined : []
  if (!dueOnly) return planRetention(policy, candles, at)
  const marks = known?.marks ?? (await reading(database, readMarks))
  const deletions = planRetention(policy, candles, at, { marks, dueOnly })
  if (deletions.length === 0) return undefined
  const relations =
    known?.relations ?? (await reading(database, (file) => measureRelations(file, candles)))
  return nothingToDelete({ relations }, deletions) ? undefined : deletions
}

async function wouldDelete(
  database: PairDatabase,
  deletions: readonly Deletion[],
): Promise<Partial<Record<Relation, number>>> {
  return reading(database, (connection) => countDeletions(connection, deletions))
}

/** The time that is meant, in Unix ms; undefined for the newest tick of a pair that has none. */
export function momentOf(now: CleanupNow, newestMicros: number): number | undefined {
  if (now === 'newest-tick')
    return Number.isFinite(newestMicros) ? msFromMicros(newestMicros) : undefined
  return now instanceof Date ? now.getTime() : now
}
