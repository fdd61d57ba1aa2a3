import { joinBatches } from '../duckdb/join-batches.ts'
import type { Inheritance } from '../log/log-book.ts'
import type { LogMarks } from './log-marks.ts'
import type { TickStore } from './tick-store.ts'

/** Records that are applied in one transaction. */
const recordsAtOnce = 10_000

/**
 * Brings what dead owners had acknowledged into a pair's file, each record once: the file says
 * itself how far it has each log. Says whether there was anything, and how many ticks without an id
 * count as stored because the same ones are.
 */
export async function recoverLogs(
  ticks: TickStore,
  inherited: readonly Inheritance[],
  { applied, isDoubted }: LogMarks,
): Promise<{ recovered: boolean; alike: number }> {
  let recovered = false
  let isToldByFile = false
  let alike = 0
  for (const { log, entries } of inherited) {
    const missing = entries.filter(({ sequence }) => sequence > (applied.get(log) ?? 0))
    for (let at = 0; at < missing.length; at += recordsAtOnce) {
      const some = missing.slice(at, at + recordsAtOnce)
      const due = {
        ticks: joinBatches(some.map((entry) => entry.ticks)),
        rows: some.map((entry) => entry.rows).filter((rows) => rows !== ''),
      }
      alike += await ticks.apply(due, { log, sequence: some.at(-1)!.sequence }, { isDoubted })
      recovered = true
      if (due.rows.length === 0 && !isDoubted) ticks.recount(due.ticks)
      else isToldByFile = true
    }
  }
  if (isToldByFile) await ticks.reload()
  return { recovered, alike }
}
