import type { DuckDBConnection } from '@duckdb/node-api'
import type { InsertRelation, InsertRows } from '../schema/insert-columns.ts'
import type { Query } from '../queries/query.ts'
import { policyOf, resolveRules, type RetentionOptions } from '../schema/retention-policy.ts'
import type { Relation } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'
import type { PairLike } from '../pair.ts'
import type { ConnectionPool } from './pool/connection-pool.ts'
import { DatabaseManager } from './database-manager.ts'
import type { InsertCounts } from './events/outcomes.ts'
import type { ManagerOptions } from './manager-options.ts'
import { migrate, readSchema } from './file/migrate.ts'
import { refuseNoSource, saysWhatIsClosed, withPickedSources } from './duckdb/bar-sources.ts'
import { readRows } from './duckdb/read-rows.ts'
import { applyRetention } from './upkeep/retention.ts'
import { planRetention, ticksBefore } from './upkeep/retention-plan.ts'
import { readRules } from './file/retention-rules.ts'
import type { RowCounts } from './events/outcomes.ts'
import { rollUpTicks } from './write/roll-up-ticks.ts'
import { readWriterState } from './write/writer-state.ts'

/**
 * Makes pairduck's tables and candle views in the current database of any DuckDB connection, or
 * brings older ones up to date. Returns the candle timeframes that it keeps.
 */
export function createAllTables(
  connection: DuckDBConnection,
  candles?: readonly Timeframe[],
): Promise<Timeframe[]> {
  return migrate(connection, candles)
}

/**
 * Deletes what retention says as of `now` (Unix ms) from the connection's current database and
 * returns the rows deleted by relation: the rules that the database holds, and above them those
 * given. For databases that no manager holds; CHECKPOINT is the caller's.
 */
export async function cleanupOldData(
  connection: DuckDBConnection,
  policy?: RetentionOptions,
  now: number = Date.now(),
): Promise<Partial<Record<Relation, number>>> {
  const given = resolveRules(policy)
  const candles = await migrate(connection, undefined)
  const rules = { ...(await readRules(connection)), ...given }
  const plan = planRetention(policyOf(rules), candles, now)
  const before = ticksBefore(plan)
  const { state } = await readWriterState(connection)
  if (before !== undefined && before > state.rolledUntil)
    await rollUpTicks(connection, candles, { from: state.rolledUntil, until: before })
  return (await applyRetention(connection, plan)).deleted
}

/** Runs a query value on any DuckDB connection; rows as from `DatabaseManager.query`. */
export async function executeQuery<Row>(
  connection: DuckDBConnection,
  query: Query<Row>,
): Promise<Row[]> {
  const sql = query.bars === undefined ? query.sql : await barsText(connection, query)
  const rows = await readRows<Row>(connection, sql, query.params)
  if (rows.length === 0) await refuseNoSource(connection, query)
  return rows
}

/** Whoever else has a connection may write to the database before the text is run. */
async function barsText(connection: DuckDBConnection, query: Query<unknown>): Promise<string> {
  const { version, candles: kept } = await readSchema(connection)
  const read = saysWhatIsClosed(version) ? 'later' : 'old'
  return withPickedSources(connection, query, { kept, read })
}

/** What `executeInsert` takes: what the insert builders give. */
export interface InsertValue<Relation extends InsertRelation = InsertRelation> {
  /** The table or candle view. */
  readonly relation: Relation
  /** The length of the bars. */
  readonly timeframe?: Timeframe
  /** The rows to insert. */
  readonly rows: readonly InsertRows[Relation][]
}

/** Runs an insert value through the pair's writer: ticks once, candles replacing, all durable. */
export function executeInsert(
  db: DatabaseManager,
  pair: PairLike,
  insert: InsertValue,
): Promise<InsertCounts | RowCounts> {
  const rows = insert.rows as never
  const into = {
    ticks: () => db.insertTicks(pair, rows),
    candles: () => db.insertCandles(pair, insert.timeframe!, rows),
    order_flow: () => db.insertOrderFlow(pair, rows),
    market_profile: () => db.insertMarketProfile(pair, rows),
    supply_demand_zones: () => db.insertZones(pair, rows),
    fair_value_gaps: () => db.insertFairValueGaps(pair, rows),
  } satisfies Record<InsertRelation, () => Promise<InsertCounts | RowCounts>>
  return into[insert.relation]()
}

let shared: Promise<DatabaseManager> | undefined

/**
 * The process-wide default manager, opened on first use. Options count on that first call only;
 * later ones with options are refused. When it is closed, the next call waits until that has
 * ended and opens a new one.
 */
export async function getManager(options?: ManagerOptions): Promise<DatabaseManager> {
  for (;;) {
    if (shared === undefined) return openShared(options)
    const current = shared
    const manager = await current.catch(() => undefined)
    if (manager?.closed === true) await manager.close().catch(() => undefined)
    else if (manager !== undefined) {
      if (options === undefined) return manager
      throw new TypeError('the default manager is open already: give its options on first use only')
    }
    // Of several that find it closed, one opens the new one and the others find that.
    if (shared === current) shared = undefined
  }
}

async function openShared(options: ManagerOptions | undefined): Promise<DatabaseManager> {
  const opening = DatabaseManager.open(options)
  shared = opening
  try {
    return await opening
  } catch (error) {
    if (shared === opening) shared = undefined
    throw error
  }
}

/** The pool of {@link getManager}. */
export async function getPool(options?: ManagerOptions): Promise<ConnectionPool> {
  return (await getManager(options)).pool
}
