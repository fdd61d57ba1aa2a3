import type { RetentionPolicy } from '../../schema/retention-policy.ts'
import type { Relation } from '../../schema/tables.ts'
import { microsFromMs, msFromMicros } from '../../time.ts'
import { isCheckpointBlocked } from '../duckdb/duckdb-errors.ts'
import type { CleanupResult } from '../events/outcomes.ts'
import type { PairDatabase } from '../pool/pair-database.ts'
import { measureState } from '../file/pair-state.ts'
import { nothingToDelete } from './retention-plan.ts'
import { applyRetention } from './retention.ts'
import { planRetention } from './retention-plan.ts'
import { decidableMark, readMarks, type Marks } from '../file/marks.ts'
import { dedupeWindowMicros } from '../write/deduplicator.ts'
import type { WriterState } from '../write/writer-state.ts'

/** The time that retention counts from: the clock's, a given one, or that of the newest tick (replays). */
export type CleanupNow = number | Date | 'newest-tick'

/**
 * One cleanup pass over an open pair: roll up, delete, merge, CHECKPOINT, as one job of its writer,
 * between two commits. From another connection a CHECKPOINT under load fails nearly always.
 */
export async function cleanupDatabase(
  database: PairDatabase,
  policy: RetentionPolicy,
  { now, dueOnly, leases }: { now: CleanupNow; dueOnly: boolean; leases: () => readonly string[] },
): Promise<CleanupResult> {
  const bytesBefore = await database.bytes()
  const { writer } = database
  const { ticks: store } = writer
  if (dueOnly && (await nothingDue(database, policy, momentOf(now, store.state.newest))))
    return { pair: database.name, deleted: {}, bytesBefore, bytesAfter: bytesBefore }
  let skipped: string | undefined
  const deleted = await writer.run(
    async (connection): Promise<Partial<Record<Relation, number>>> => {
      const at = momentOf(now, store.state.newest)
      if (at === undefined) return {}
      const plan = planRetention(policy, database.candles, at, {
        marks: await readMarks(connection),
        dueOnly,
      })
      const ticks = plan.find(({ relation }) => relation === 'ticks')
      await store.rollUp(
        store.rollTarget(ticks?.before === undefined ? undefined : microsFromMs(ticks.before)),
      )
      const gone = await applyRetention(connection, plan)
      store.moveMarks(ofTicks(await readMarks(connection)))
      try {
        await database.checkpoint(connection)
      } catch (error) {
        if (!isCheckpointBlocked(error)) throw error
        // The rows are deleted; their space comes free with the next pass.
        skipped = `checkpoint deferred: a transaction is open (${leases().join(', ') || 'unknown holder'})`
      }
      await database.saveState(connection, false)
      return gone
    },
  )
  return {
    pair: database.name,
    deleted,
    ...(skipped === undefined ? {} : { skipped }),
    bytesBefore,
    bytesAfter: await database.bytes(),
  }
}

/** Found out beside the writer, which goes on meanwhile. */
async function nothingDue(
  database: PairDatabase,
  policy: RetentionPolicy,
  now: number | undefined,
): Promise<boolean> {
  if (now === undefined) return true
  const connection = await database.acquireReader()
  try {
    const state = await database.budget.read(() =>
      measureState(connection, database.candles, false),
    )
    const { marks = {} } = state
    const plan = planRetention(policy, database.candles, now, { marks, dueOnly: true })
    return nothingToDelete(state, plan)
  } finally {
    await database.releaseReader(connection, { reuse: true })
  }
}

function ofTicks(marks: Marks): Pick<WriterState, 'deletedBefore' | 'decidableFrom'> {
  const deletedBefore = microsFromMs(marks.ticks ?? -Infinity)
  const judged = marks[decidableMark]
  return {
    deletedBefore,
    decidableFrom: judged === undefined ? deletedBefore + dedupeWindowMicros : microsFromMs(judged),
  }
}

/** The time that is meant, in Unix ms; undefined for the newest tick of a pair that has none. */
export function momentOf(now: CleanupNow, newestMicros: number): number | undefined {
  if (now === 'newest-tick')
    return Number.isFinite(newestMicros) ? msFromMicros(newestMicros) : undefined
  return now instanceof Date ? now.getTime() : now
}
