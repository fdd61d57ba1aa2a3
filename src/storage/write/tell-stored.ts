import type { Gap } from '../../schema/gaps.ts'
import { msFromMicros } from '../../time.ts'
import type { Events } from '../events/events.ts'
import { total, type PendingCommit } from './pending-commit.ts'
import type { Outcomes } from './tick-store.ts'

/** Tells what a commit that is durable has brought. */
export function tellStored(
  events: Events,
  pair: string,
  { rows, batch, began }: PendingCommit,
  { counts, conflicts, newest, oldest }: Outcomes,
): void {
  if (rows !== '') events.tell('gapsStored', { pair, gaps: JSON.parse(rows) as Gap[] })
  if (conflicts.length > 0) events.tell('conflict', { pair, conflicts })
  if (batch.length === 0) return
  events.tell('ticksStored', {
    pair,
    counts: total(counts),
    newest: msFromMicros(newest),
    oldest: msFromMicros(oldest),
    tookMs: performance.now() - began,
  })
}
