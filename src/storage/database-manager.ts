import { PairduckError } from '../errors.ts'
import type { Pair, PairLike } from '../pair.ts'
import type { Query } from '../queries/query.ts'
import type { InsertRelation, InsertRows } from '../schema/insert-columns.ts'
import type { Timeframe } from '../time.ts'
import { AnalyticsKeeper, type AnalyticsOptions } from './upkeep/analytics-keeper.ts'
import type { RefreshOptions } from './upkeep/analytics-refresh.ts'
import { ConnectionPool } from './pool/connection-pool.ts'
import { DataDirectory } from './file/data-directory.ts'
import { Engine } from './duckdb/engine.ts'
import { Events } from './events/events.ts'
import { type CleanupResult, type InsertCounts, type RefreshResult } from './events/outcomes.ts'
import type {
  CandleColumnMap,
  CandleImportReport,
  ImportOptions,
  ImportReport,
  TickColumnMap,
} from './import/import-options.ts'
import { Intake } from './intake.ts'
import type { Lease } from './pool/lease.ts'
import { Leases } from './pool/leases.ts'
import type { AcquireOptions, QueryOptions } from './pool/lease-options.ts'
import {
  resolveManagerOptions,
  type ManagerOptions,
  type ResolvedManagerOptions,
} from './manager-options.ts'
import { resolveCleanupOptions, type CleanupOptions } from './upkeep/cleanup-options.ts'
import { Maintenance, type CleanupPass } from './upkeep/maintenance.ts'
import { PairDatabase } from './pool/pair-database.ts'
import { pairFiles } from './file/pair-files.ts'
import { PairNames } from './file/pair-names.ts'
import type { ManagerStats } from './pool/pool-stats.ts'
import type { ColumnsOf } from './duckdb/read-vector.ts'
import type { RepairReport } from './upkeep/repair.ts'
import type { RowCounts } from './events/outcomes.ts'
import type { SnapshotReport } from './upkeep/snapshot.ts'
import type { TickColumns } from './write/tick.ts'
import type { VerifyReport } from './upkeep/verify.ts'
import { ThreadBudget } from './duckdb/thread-budget.ts'

type Rows<Relation extends InsertRelation> = readonly InsertRows[Relation][]

/**
 * The market data of many pairs, one DuckDB file each. Open one manager per process and data
 * directory, share it, close it at the end. Its events are those of {@link PairduckEvents}.
 */
export class DatabaseManager extends Events {
  readonly dataDir: string
  readonly #directory: DataDirectory
  readonly #engine: Engine
  readonly #budget: ThreadBudget
  readonly #names = new PairNames()
  readonly #intake: Intake
  readonly #leases: Leases
  readonly #maintenance: Maintenance
  readonly #analytics: AnalyticsKeeper
  /** The open files; most callers want the manager's own methods. */
  readonly pool: ConnectionPool
  #closing: Promise<void> | undefined

  private constructor(options: ResolvedManagerOptions, directory: DataDirectory, engine: Engine) {
    super()
    if (!(engine instanceof Engine))
      throw new TypeError('use `await DatabaseManager.open(options)`')
    this.dataDir = directory.path
    this.#directory = directory
    this.#engine = engine
    const budget = (this.#budget = new ThreadBudget(options.maxPendingTicksTotal))
    const context = { engine, budget, events: this, writer: options, candles: options.candles }
    const open = (pair: Pair) => PairDatabase.open(pair, pairFiles(directory.path, pair), context)
    this.pool = new ConnectionPool(open, options, this)
    this.#intake = new Intake(this.pool, options, this)
    this.#leases = new Leases(this.pool, this.#budget, directory.path)
    this.#maintenance = new Maintenance({
      dataDir: directory.path,
      options,
      pool: this.pool,
      engine,
      events: this,
      leaseholders: (name) => this.#leases.holders(name),
    })
    this.#analytics = new AnalyticsKeeper(this.#maintenance, this, options.clock)
  }

  /**
   * Opens a data directory, making it if need be. `DIRECTORY_IN_USE` when this process holds it
   * already; TypeError and RangeError for options that do not fit.
   */
  static async open(options?: ManagerOptions): Promise<DatabaseManager> {
    const resolved = resolveManagerOptions(options)
    const directory = await DataDirectory.hold(resolved.dataDir)
    try {
      return new DatabaseManager(resolved, directory, await Engine.start())
    } catch (error) {
      directory.release()
      throw error
    }
  }

  /**
   * Stores ticks; resolves when they are durable. A call is stored whole or, when one of its ticks
   * cannot be stored (`INVALID_TICK`, naming index and field), not at all. Ticks that are stored
   * already are not stored again, so sending anew what was not acknowledged is always right.
   * `BACKPRESSURE` when too many wait.
   */
  async insertTicks(pair: PairLike, ticks: Rows<'ticks'> | TickColumns): Promise<InsertCounts> {
    return this.#intake.ticks(this.#parse(pair), ticks)
  }

  /**
   * Stores candles durably; each stands for its whole bar, whatever trades come: leave out one
   * that is still open (the last row of ccxt's fetchOHLCV), or give it again. `INVALID_CANDLE`.
   */
  async insertCandles(
    pair: PairLike,
    timeframe: Timeframe,
    candles: Rows<'candles'>,
  ): Promise<RowCounts> {
    return this.#intake.candles(this.#parse(pair), timeframe, candles)
  }

  /** Stores or replaces rows of `order_flow`, durably, all or none. `INVALID_ROW` names index and field. */
  async insertOrderFlow(pair: PairLike, rows: Rows<'order_flow'>): Promise<RowCounts> {
    return this.#intake.rows(this.#parse(pair), 'order_flow', rows)
  }

  /** Rows of `market_profile`; see {@link insertOrderFlow}. */
  async insertMarketProfile(pair: PairLike, rows: Rows<'market_profile'>): Promise<RowCounts> {
    return this.#intake.rows(this.#parse(pair), 'market_profile', rows)
  }

  /** Supply and demand zones; see {@link insertOrderFlow}. */
  async insertZones(pair: PairLike, rows: Rows<'supply_demand_zones'>): Promise<RowCounts> {
    return this.#intake.rows(this.#parse(pair), 'supply_demand_zones', rows)
  }

  /** Fair value gaps; see {@link insertOrderFlow}. */
  async insertFairValueGaps(pair: PairLike, rows: Rows<'fair_value_gaps'>): Promise<RowCounts> {
    return this.#intake.rows(this.#parse(pair), 'fair_value_gaps', rows)
  }

  /**
   * Stores the trades of a file (csv, csv.gz, jsonl, parquet; `-` is standard input), streaming.
   * A row that cannot be a tick ends it with `IMPORT_FAILED`, naming line, column and value, and
   * everything before it stays. Importing again adds only what is missing.
   */
  async importTicks(
    pair: PairLike,
    file: string,
    options?: ImportOptions<TickColumnMap>,
  ): Promise<ImportReport> {
    return this.#intake.tickFile(this.#parse(pair), file, options)
  }

  /** Stores the candles of a file, as {@link insertCandles} does. */
  async importCandles(
    pair: PairLike,
    timeframe: Timeframe,
    file: string,
    options?: ImportOptions<CandleColumnMap>,
  ): Promise<CandleImportReport> {
    return this.#intake.candleFile(this.#parse(pair), timeframe, file, options)
  }

  /** The query's rows; times are Unix ms. `PAIR_NOT_FOUND` when nothing was ever stored. */
  async query<Row>(pair: PairLike, query: Query<Row>, options?: QueryOptions): Promise<Row[]> {
    return this.#leases.read(this.#parse(pair), (lease) => lease.query(query, options), options)
  }

  /** The query's columns: numbers and times as Float64Array (NULL as NaN), all else as arrays. */
  async queryColumns<Row>(
    pair: PairLike,
    query: Query<Row>,
    options?: QueryOptions,
  ): Promise<ColumnsOf<Row>> {
    const read = (lease: Lease) => lease.queryColumns(query, options)
    return this.#leases.read(this.#parse(pair), read, options)
  }

  /** Lends a connection, which holds the pair open until `release()`; or `POOL_EXHAUSTED`. */
  async acquire(pair: PairLike, options?: AcquireOptions): Promise<Lease> {
    return this.#leases.lend(this.#parse(pair), options)
  }

  /** Runs `work` with a lease and gives it back, whatever happens. */
  async withConnection<T>(
    pair: PairLike,
    work: (lease: Lease) => Promise<T>,
    options?: AcquireOptions,
  ): Promise<T> {
    return this.#leases.use(this.#parse(pair), work, options)
  }

  /** Every pair that has files in the data directory, sorted. */
  async listPairs(): Promise<Pair[]> {
    this.#refuseClosed()
    return this.#maintenance.listPairs()
  }

  /** True once {@link close} was called. */
  get closed(): boolean {
    return this.#closing !== undefined
  }

  stats(): ManagerStats {
    return { ...this.pool.stats(), pendingTicks: this.#budget.pendingTicks }
  }

  /** Deletes what retention says, merges candle parts, frees the space, between two commits. */
  async cleanupPair(pair: PairLike, options?: CleanupOptions): Promise<CleanupResult> {
    const rules = resolveCleanupOptions('cleanupPair', options)
    return this.#maintenance.cleanupPair(this.#parse(pair), rules)
  }

  /**
   * One pass over every pair of the data directory, open or not. Pairs that another process holds
   * are skipped and counted; a closed pair with nothing expired is not even opened.
   */
  async cleanupAllPairs(options?: CleanupOptions): Promise<CleanupPass> {
    this.#refuseClosed()
    return this.#maintenance.cleanupAllPairs(resolveCleanupOptions('cleanupAllPairs', options))
  }

  /** Cleans by a timer, table by table as its policy says; errors go to the `error` event. */
  startCleanup(options?: { everyMs?: number }): void {
    this.#refuseClosed()
    this.#maintenance.startTimer(options)
  }

  /** Ends the timer; resolves when the pass in flight has ended. */
  stopCleanup(): Promise<void> {
    return this.#maintenance.timer.stop()
  }

  /** Brings a pair's analytics tables up to date from its closed bars, durably. */
  async refreshAnalytics(pair: PairLike, options?: RefreshOptions): Promise<RefreshResult> {
    return this.#analytics.refresh(this.#parse(pair), options)
  }

  /** Refreshes by a timer, only pairs with new ticks; errors go to the `error` event. */
  startAnalytics(options?: AnalyticsOptions): void {
    this.#refuseClosed()
    this.#analytics.start(options)
  }

  /** Ends that timer; resolves when the round in flight has ended. */
  stopAnalytics(): Promise<void> {
    return this.#analytics.stop()
  }

  /** Writes a consistent copy that other processes can open, replacing an older one. */
  async snapshot(pair: PairLike, file: string): Promise<SnapshotReport> {
    return this.#maintenance.snapshot(this.#parse(pair), file)
  }

  /** Reads every value of every table; says what is damaged or missing, changes nothing. */
  async verify(pair: PairLike): Promise<VerifyReport> {
    return this.#maintenance.verify(this.#parse(pair))
  }

  /** Makes a damaged pair usable: what was there goes to quarantine, what can be read is kept. */
  async repair(pair: PairLike): Promise<RepairReport> {
    return this.#maintenance.repair(this.#parse(pair))
  }

  /**
   * Stops intake, stores what was taken, ends leases, closes every file; always the same promise.
   * Failures of several pairs come together as an AggregateError.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#shutdown())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #parse(pair: PairLike): Pair {
    this.#refuseClosed()
    return this.#names.parse(pair)
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw new PairduckError('CLOSED', 'the manager is closed')
  }

  async #shutdown(): Promise<void> {
    this.#intake.close()
    await Promise.all([this.stopCleanup(), this.stopAnalytics(), this.#leases.revokeAll()])
    try {
      await this.pool.close()
    } finally {
      this.#engine.stop()
      this.#directory.release()
    }
  }
}
