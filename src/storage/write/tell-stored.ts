import type { Gap } from '../../schema/gaps.ts'
import { msFromMicros } from '../../time.ts'
import type { Events } from '../events/events.ts'
import { lateStretches } from './late-stretches.ts'
import { total, type PendingCommit } from './pending-commit.ts'
import type { Outcomes } from './tick-memory.ts'

/** Tells what a commit that is durable has brought. */
export function tellStored(
  events: Events,
  pair: string,
  { rows, batch, began }: PendingCommit,
  { counts, conflicts, newest, newestBefore, oldest }: Outcomes,
): void {
  if (rows !== '') events.tell('gapsStored', { pair, gaps: JSON.parse(rows) as Gap[] })
  if (conflicts.length > 0) events.tell('conflict', { pair, conflicts })
  if (batch.length === 0) return
  const all = total(counts)
  events.tell('ticksStored', {
    pair,
    counts: all,
    newest: msFromMicros(newest),
    newestBefore: newestBefore < 0 ? null : msFromMicros(newestBefore),
    oldest: msFromMicros(oldest),
    late: all.late === 0 ? [] : lateStretches(batch, newestBefore),
    tookMs: performance.now() - began,
  })
}
