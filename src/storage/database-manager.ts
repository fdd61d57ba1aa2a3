import { PairduckError } from '../errors.ts'
import type { Pair, PairLike } from '../pair.ts'
import type { Query } from '../queries/query.ts'
import type { Gap } from '../schema/gaps.ts'
import { AnalyticsKeeper, type AnalyticsOptions } from './upkeep/analytics-keeper.ts'
import type { RefreshOptions } from './upkeep/analytics-refresh.ts'
import type { ConnectionPool } from './pool/connection-pool.ts'
import { openPool } from './pool/open-pool.ts'
import { closeWithLogs, recoverPairs } from './pool/recover-pairs.ts'
import type { LogBook } from './log/log-book.ts'
import { placeLogs } from './log/place-logs.ts'
import { DataDirectory } from './file/data-directory.ts'
import { WantedFiles } from './file/wanted-files.ts'
import { Engine } from './duckdb/engine.ts'
import type { CleanupResult, RefreshResult } from './events/outcomes.ts'
import type { ImportFilesOptions, ImportFilesReport } from './import/import-files-options.ts'
import { Intake } from './intake.ts'
import { FrontReads } from './pool/front-reads.ts'
import { Leases } from './pool/leases.ts'
import { endsWithin, letGoMs } from './pool/let-go.ts'
import type { QueryOptions, SignalOptions } from './pool/lease-options.ts'
import { resolveManagerOptions, type ManagerOptions, type ManagerSetup } from './manager-options.ts'
import { resolveCleanupOptions, type CleanupOptions } from './upkeep/cleanup-options.ts'
import type { ArchiveOptions, ArchiveResult } from './upkeep/archive/archive-options.ts'
import type { MarketStore } from './market-store.ts'
import { exportFile } from './export/export-file.ts'
import type { ExportOptions, ExportReport } from './export/export-options.ts'
import { CandleTeller } from './follow/candle-teller.ts'
import type { QuerySource } from './follow/replay.ts'
import { GiveWay } from './upkeep/give-way.ts'
import type { CleanupPass } from './upkeep/cleanup-pass.ts'
import { Maintenance } from './upkeep/maintenance.ts'
import { OwnerSocket } from './owner-socket.ts'
import { PairNames } from './file/pair-names.ts'
import type { ManagerStats } from './pool/pool-stats.ts'
import type { ReopenOptions, ReopenReport } from './upkeep/reopen-past.ts'
import type { RepackOptions, RepackReport } from './upkeep/repack.ts'
import type { RepairReport } from './upkeep/repair.ts'
import type { SnapshotOptions, SnapshotReport } from './upkeep/snapshot.ts'
import type { VerifyReport } from './upkeep/verify.ts'
import { StoreInserts } from './store-inserts.ts'
import { backfillGaps, type BackfillReport, type GapFetcher } from './backfill.ts'
import { gapsQuery } from './write/gap-ledger.ts'
import type { ThreadBudget } from './duckdb/thread-budget.ts'

/**
 * The market data of many pairs, one DuckDB file each. Open one manager per process and data
 * directory, share it, close it at the end. Its events are those of {@link PairduckEvents}.
 */
export class DatabaseManager extends StoreInserts implements MarketStore {
  /** The real path of the data directory. */
  readonly dataDir: string
  readonly #directory: DataDirectory
  readonly #engine: Engine
  readonly #budget: ThreadBudget
  readonly #names = new PairNames()
  /** For {@link StoreInserts}. */
  protected readonly intake: Intake
  /** For {@link StoreReads}. */
  protected readonly leases: Leases
  /** For {@link StoreReads}, too. */
  protected readonly front: FrontReads
  readonly #logs: LogBook
  readonly #maintenance: Maintenance
  readonly #analytics: AnalyticsKeeper
  readonly #candles: CandleTeller
  /** The open files; most callers want the manager's own methods. */
  readonly pool: ConnectionPool
  readonly #giveWay: GiveWay
  #socket: OwnerSocket | undefined
  #closing: Promise<void> | undefined

  private constructor(options: ManagerSetup, directory: DataDirectory, engine: Engine) {
    super()
    if (!(engine instanceof Engine))
      throw new TypeError('use `await DatabaseManager.open(options)`')
    this.dataDir = directory.path
    this.#directory = directory
    this.#engine = engine
    engine.onLost = () => void this.leases.revokeBroken()
    const { pool, logs, budget, newRules } = openPool(directory.path, options, engine, this)
    this.pool = pool
    this.#logs = logs
    this.#budget = budget
    this.intake = new Intake(this.pool, { ...options, dataDir: directory.path, newRules }, this)
    this.leases = new Leases(this.pool, this.#budget, directory.path)
    this.front = new FrontReads(this.pool, this.leases)
    this.#giveWay = new GiveWay(this.pool, this.leases, new WantedFiles(directory.path))
    this.#maintenance = new Maintenance({
      dataDir: directory.path,
      options,
      pool: this.pool,
      engine,
      events: this,
      leaseholders: (name) => this.leases.holders(name),
    })
    this.#analytics = new AnalyticsKeeper(this.#maintenance, this, options.clock)
    const query: QuerySource['query'] = (pair, bars) =>
      this.front.query(this.#names.parse(pair), bars)
    this.#candles = new CandleTeller({ query }, this)
  }

  /**
   * Opens a data directory, making it if need be. `DIRECTORY_IN_USE` when this process holds it
   * already; TypeError and RangeError for options that do not fit.
   */
  static async open(options?: ManagerOptions): Promise<DatabaseManager> {
    const resolved = resolveManagerOptions(options)
    const directory = await DataDirectory.hold(resolved.dataDir)
    try {
      if (resolved.logDir !== undefined) await placeLogs(directory.path, resolved.logDir)
      const manager = new DatabaseManager(resolved, directory, await Engine.start(directory.spills))
      const { localSocket } = resolved
      if (localSocket !== false)
        manager.#socket = await OwnerSocket.listen(manager, { passing: localSocket === 'passing' })
      await recoverPairs(manager.#logs, manager.pool, manager)
      return manager
    } catch (error) {
      directory.release()
      throw error
    }
  }

  /**
   * Stores the files that names, folders and patterns (`data/*.zip`) stand for, several pairs at once.
   * What was imported before, with the same options, is skipped, so that after a stop the same call
   * goes on; a file that fails is told in the report and the others go on. With `pairFromName` the
   * pair is read out of each name, and `pair` may be `exchange/market`, or undefined.
   */
  async importFiles(
    pair: PairLike | undefined,
    files: string | readonly string[],
    options?: ImportFilesOptions,
  ): Promise<ImportFilesReport> {
    this.#refuseClosed()
    return this.intake.files(pair, typeof files === 'string' ? [files] : files, options)
  }

  /** The holes in the pair's recorded trades, filled ones too, the oldest first. */
  async gaps(pair: PairLike, options?: QueryOptions): Promise<Gap[]> {
    return this.query(pair, gapsQuery, options)
  }

  /**
   * Fills holes from a source of the caller's. A hole counts as filled when the ids between its
   * ends are consecutive and all there; where ids prove nothing it stays `unproved`.
   */
  async backfill(pair: PairLike, fetcher: GapFetcher): Promise<BackfillReport> {
    return backfillGaps(this, pair, fetcher)
  }

  /** Every pair that has files in the data directory, sorted. */
  async listPairs(options?: SignalOptions): Promise<Pair[]> {
    this.#refuseClosed()
    return this.#maintenance.listPairs(options)
  }

  /** True once {@link close} was called. */
  get closed(): boolean {
    return this.#closing !== undefined
  }

  /** What the pool and the queues hold now. */
  stats(): ManagerStats {
    return { ...this.pool.stats(), pendingTicks: this.#budget.pendingTicks }
  }

  /** Deletes what retention says, merges candle parts, frees the space, between two commits. */
  async cleanupPair(pair: PairLike, options?: CleanupOptions): Promise<CleanupResult> {
    const rules = resolveCleanupOptions('cleanupPair', options)
    return this.#maintenance.cleanupPair(this.parsePair(pair), rules)
  }

  /**
   * One pass over every pair of the data directory, open or not. Pairs that another process holds
   * are skipped and counted; a closed pair with nothing expired is not even opened.
   */
  async cleanupAllPairs(options?: CleanupOptions): Promise<CleanupPass> {
    this.#refuseClosed()
    return this.#maintenance.cleanupAllPairs(resolveCleanupOptions('cleanupAllPairs', options))
  }

  /** Moves closed days (or hours) beyond the retention into the archive; a crash loses and doubles nothing. */
  async archivePair(pair: PairLike, options?: ArchiveOptions): Promise<ArchiveResult> {
    return this.#maintenance.archivePair(this.parsePair(pair), options)
  }

  /**
   * Lets in again what retention deleted of a pair, to be imported anew: candles are right
   * afterwards. `WRITE_REFUSED` where it is in the archive; see {@link ReopenReport}.
   */
  async reopenPast(pair: PairLike, options?: ReopenOptions): Promise<ReopenReport> {
    return this.#maintenance.reopenPast(this.parsePair(pair), options)
  }

  /** Cleans by a timer, table by table as its policy says; errors go to the `error` event. */
  startCleanup(options?: { everyMs?: number }): void {
    this.#refuseClosed()
    this.#maintenance.startTimer(options)
  }

  /** Ends the timer; resolves when a pass in flight has ended. */
  stopCleanup(): Promise<void> {
    return this.#maintenance.timer.stop()
  }

  /** Brings a pair's analytics tables up to date from its closed bars, durably. */
  async refreshAnalytics(pair: PairLike, options?: RefreshOptions): Promise<RefreshResult> {
    return this.#analytics.refresh(this.parsePair(pair), options)
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
  async snapshot(pair: PairLike, file: string, options?: SnapshotOptions): Promise<SnapshotReport> {
    return this.#maintenance.snapshot(this.parsePair(pair), file, options)
  }

  /**
   * Writes a query's rows into a file (Parquet, CSV, NDJSON, JSON, Arrow), which takes its name when
   * it is whole. `WRITE_REFUSED` where a file of that name is, unless `overwrite`.
   */
  async export(
    pair: PairLike,
    query: Query<unknown>,
    file: string,
    options?: ExportOptions,
  ): Promise<ExportReport> {
    return exportFile(this, { pair: this.parsePair(pair), query, file }, options)
  }

  /** Reads every value of every table; says what is damaged or missing, changes nothing. */
  async verify(pair: PairLike, options?: SignalOptions): Promise<VerifyReport> {
    return this.#maintenance.verify(this.parsePair(pair), options)
  }

  /** Writes a pair's file anew, with blocks that suit how long its ticks are kept; its calls wait meanwhile. */
  async repack(pair: PairLike, options?: RepackOptions): Promise<RepackReport> {
    return this.#maintenance.repack(this.parsePair(pair), options)
  }

  /** Makes a damaged pair usable: what was there goes to quarantine, what can be read is kept. */
  async repair(pair: PairLike): Promise<RepairReport> {
    return this.#maintenance.repair(this.parsePair(pair))
  }

  /**
   * Stops intake, stores what was taken, ends leases, closes every file; always the same promise.
   * Failures come together as an AggregateError with the `code` of the first, `DEADLINE_EXCEEDED`
   * where the engine does not let go of a statement.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#shutdown())
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** For {@link StoreInserts} and {@link StoreReads}. */
  protected parsePair(pair: PairLike): Pair {
    this.#refuseClosed()
    return this.#names.parse(pair)
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw new PairduckError('CLOSED', 'the manager is closed')
  }

  async #shutdown(): Promise<void> {
    this.closing.abort()
    this.intake.close()
    await this.#socket?.stop()
    await this.#candles.end((work) => endsWithin(letGoMs, work))
    await Promise.all([this.stopCleanup(), this.stopAnalytics(), this.leases.revokeAll()])
    await this.#giveWay.stop()
    try {
      await closeWithLogs(this.pool, this.#logs)
    } finally {
      await this.#socket?.close()
      this.#engine.stop(() => this.#directory.release())
    }
  }
}
