import type { DuckDBConnection } from '@duckdb/node-api'
import type { Query } from '../../queries/query.ts'
import { fewTicks } from '../../schema/total-sources.ts'
import { deltasAsked } from '../../schema/delta-sources.ts'
import { withKeptSources, withPickedSources, type BarFile } from '../duckdb/bar-sources.ts'
import { refuseNotOneSelect } from '../duckdb/one-select.ts'
import { bindClock } from '../duckdb/query-clock.ts'
import type { PairDatabase } from './pair-database.ts'

/** From this many ticks on that stand beside the bars it pays to roll them up before bars are read. */
const muchToFold = 10_000

/** Makes a query ready, which only reads: it is one SELECT, or nothing of it is run. */
export async function prepareQuery(
  connection: DuckDBConnection,
  query: Query<unknown>,
  { clock }: PairDatabase,
): Promise<void> {
  await refuseNotOneSelect(connection, query)
  await bindClock(connection, query.sql, clock)
}

/** What a query's text is made for, which is read now in a transaction, or later. */
export function openBarFile({ candles, writer }: PairDatabase, read: 'now' | 'later'): BarFile {
  const ticks = writer.ticks.known.content?.relations.ticks
  const isMany = ticks !== undefined && ticks.rows >= fewTicks
  const oldestTick = read === 'now' && isMany ? (ticks.oldest ?? undefined) : undefined
  return { kept: candles, read, oldestTick }
}

/** Makes a query ready and gives what is run of it, whatever becomes of the file until then. */
export async function textOfQuery(
  connection: DuckDBConnection,
  query: Query<unknown>,
  { database, history }: { readonly database: PairDatabase; readonly history: boolean },
): Promise<string> {
  await prepareQuery(connection, query, database)
  return history
    ? withKeptSources(query, database.candles)
    : withPickedSources(connection, query, openBarFile(database, 'later'))
}

/**
 * Rolls up what was written here and who reads bars would have to fold: each of them would, again and
 * again. To be awaited without holding a thread, of which the writer needs one. Where it cannot be done
 * the ticks are folded.
 */
export async function rollUpForBars(
  { writer }: PairDatabase,
  { bars, sql }: Query<unknown>,
): Promise<void> {
  if (
    (bars === undefined && deltasAsked(sql) === undefined) ||
    !writer.wrote ||
    writer.ticks.state.unrolled < muchToFold
  )
    return
  try {
    await writer.run(() => writer.ticks.rollUp())
  } catch {
    // What is wrong with the file its reader is told, and who writes to it.
  }
}
