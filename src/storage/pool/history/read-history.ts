import type { DuckDBConnection } from '@duckdb/node-api'
import { openPart } from '../../../archive/archive-place.ts'
import type { ArchivedRelation } from '../../../archive/part-path.ts'
import type { ArchiveStore } from '../../../archive/store/archive-store.ts'
import type { Query } from '../../../queries/query.ts'
import { withoutClosed } from '../../../schema/bar-sources.ts'
import { rolledUntilSql } from '../../../schema/candles.ts'
import { microsFromMs } from '../../../time.ts'
import { refuseMadeInto } from '../../duckdb/one-select.ts'
import { readRows } from '../../duckdb/read-rows.ts'
import { rollback } from '../../duckdb/transaction.ts'
import { heldFrom, readParts, type ArchivePart } from '../../file/archive-ledger.ts'
import { readMarks } from '../../file/marks.ts'
import { bindLiterals } from './bind-literals.ts'
import {
  archivedParts,
  archivedTicks,
  archiveSql,
  historySql,
  oldestByParts,
  standInSql,
  type HistoryMarks,
  type PairCatalog,
} from './history-views.ts'
import { reachOfScans, type Reach } from './scan-reach.ts'

/** Parts that are merged while a query reads them are gone: it begins anew with what took their place. */
const attempts = 3

/** A pair's tables and its archive. */
export interface PairHistory extends PairCatalog {
  readonly archive: ArchiveStore | undefined
}

/**
 * Runs a query over the archive and the file: each row from the one place that has it, by one
 * snapshot of the file. Only those parts are opened whose times the query can want: the engine is
 * asked for its plan first, and what it narrows `timestamp` by is what is opened.
 */
export async function readHistory<T>(
  connection: DuckDBConnection,
  pair: PairHistory,
  query: Query<unknown>,
  read: (sql: string) => Promise<T>,
): Promise<T> {
  return beginHistory(connection, pair, query, async (sql) => {
    try {
      return await read(sql)
    } finally {
      await rollback(connection)
    }
  })
}

/**
 * The same for rows that are read later: what `begin` gives belongs to the transaction, which stays
 * open until somebody ends it, if `begin` does not fail.
 */
export async function beginHistory<T>(
  connection: DuckDBConnection,
  pair: PairHistory,
  query: Query<unknown>,
  begin: (sql: string) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    let before: string | undefined
    try {
      await connection.run('BEGIN TRANSACTION')
      const parts = await readParts(connection, 'kept')
      before = namesOf(parts)
      return await begin(await openViews(connection, pair, { query, parts }))
    } catch (error) {
      await rollback(connection)
      const after = await readParts(connection, 'kept').then(namesOf, () => before)
      if (attempt === attempts || after === before) throw error
    }
  }
}

function namesOf(parts: readonly ArchivePart[]): string {
  return parts.map(({ path }) => path).join('\n')
}

/**
 * Makes ready that a statement, of the text that this gives, reads both. Everything temporary is made
 * inside the transaction, and gone with it.
 */
async function openViews(
  connection: DuckDBConnection,
  { archive, ...catalog }: PairHistory,
  { query, parts }: { query: Query<unknown>; parts: readonly ArchivePart[] },
): Promise<string> {
  const { sql, params } = query
  const marks = await historyMarks(connection, parts)
  const rolledUntil = await rolledUntilOf(connection)
  // A view of each timeframe costs as much as the plan of a small question.
  const named = { ...catalog, candles: /candles_/i.test(sql) ? catalog.candles : [] }
  const views = [...standInSql(catalog), ...historySql(named, marks, rolledUntil)]
  await connection.run(views.join(';\n'))
  const bound = withoutClosed(bindLiterals(sql, params)).replaceAll(rolledUntilSql, rolledUntil)
  const whole = oldestByParts(bound, catalog, parts)
  const text = await refuseMadeInto(connection, { ...query, params: {} }, whole, catalog.alias)
  const [plan] = await (await connection.run(`EXPLAIN (FORMAT json) ${text}`)).getRows()
  const within = (table: string, of: (part: ArchivePart) => boolean): ArchivePart[] =>
    partsWithin(parts.filter(of), reachOfScans(String(plan![1]), table))
  const [ticks, candles] = await Promise.all(
    [
      within(archivedTicks, ({ relation }) => relation === 'ticks'),
      within(archivedParts, ({ relation }) => relation !== 'ticks'),
    ].map((wanted) => Promise.all(wanted.map((part) => openPart(part, archive)))),
  )
  await connection.run(archiveSql(catalog, { ticks: ticks!, candles: candles! }).join(';\n'))
  return text
}

function partsWithin(parts: readonly ArchivePart[], reach: Reach | undefined): ArchivePart[] {
  if (reach === undefined) return []
  return parts.filter(({ first, last }) => first <= reach.to && last >= reach.from)
}

/** Where history begins, of the relations that the archive carries on without a hole. */
async function historyMarks(
  connection: DuckDBConnection,
  parts: readonly ArchivePart[],
): Promise<HistoryMarks> {
  const marks = await readMarks(connection)
  const begins = new Map<ArchivedRelation, number>()
  for (const relation of new Set(parts.map((part) => part.relation))) {
    const mark = marks[relation]
    const from = mark === undefined ? undefined : heldFrom(parts, relation, microsFromMs(mark))
    if (from !== undefined) begins.set(relation, from)
  }
  return begins
}

/** As a constant: the planner then knows that what is not rolled up is not in the archive. */
async function rolledUntilOf(connection: DuckDBConnection): Promise<string> {
  const [state] = await readRows<{ rolled: string }>(
    connection,
    'SELECT rolled_until::VARCHAR AS rolled FROM pairduck_candle_state',
  )
  return `'${state?.rolled ?? '-infinity'}'::TIMESTAMP`
}
