import type { DuckDBConnection } from '@duckdb/node-api'
import type { Query } from '../../queries/query.ts'
import { deltasAsked } from '../../schema/delta-sources.ts'
import { withKeptSources, withPickedSources } from '../duckdb/bar-sources.ts'
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

/** Makes a query ready and gives what is run of it, whatever becomes of the file until then. */
export async function textOfQuery(
  connection: DuckDBConnection,
  query: Query<unknown>,
  { database, history }: { readonly database: PairDatabase; readonly history: boolean },
): Promise<string> {
  await prepareQuery(connection, query, database)
  const kept = database.candles
  return history
    ? withKeptSources(query, kept)
    : withPickedSources(connection, query, { kept, read: 'later' })
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
