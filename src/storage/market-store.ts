import type { PairLike, Pair } from '../pair.ts'
import type { Query } from '../queries/query.ts'
import type { Gap } from '../schema/gaps.ts'
import type { InsertRelation, InsertRows } from '../schema/insert-columns.ts'
import type { StoredCandle, StoredTick } from '../schema/rows.ts'
import type { Timeframe } from '../time.ts'
import type { ColumnsOf } from './duckdb/read-vector.ts'
import type { PairduckEvents } from './events/events.ts'
import type { CleanupResult, InsertCounts, RefreshResult, RowCounts } from './events/outcomes.ts'
import type { FollowOptions } from './follow/follow.ts'
import type { ReplayedBar, ReplayOptions } from './follow/replay.ts'
import type { ColumnStream } from './pool/column-stream.ts'
import type {
  QueryOptions,
  QueryPairsOptions,
  SignalOptions,
  StreamOptions,
} from './pool/lease-options.ts'
import type { ManagerStats } from './pool/pool-stats.ts'
import type { RepackOptions, RepackReport } from './upkeep/repack.ts'
import type { SnapshotOptions, SnapshotReport } from './upkeep/snapshot.ts'
import type { VerifyReport } from './upkeep/verify.ts'
import type { ExportOptions, ExportReport } from './export/export-options.ts'
import type { InsertOptions } from './write/insert-options.ts'
import type { TickColumns } from './write/tick.ts'

type Rows<Relation extends InsertRelation> = readonly InsertRows[Relation][]

/**
 * A store of market data, wherever it is: `DatabaseManager` in this process, or `connect()` of
 * `pairduck/client` to the one of another. Both keep the same promises and throw the same codes.
 */
export interface MarketStore {
  /** As `DatabaseManager.insertTicks`. */
  insertTicks(
    pair: PairLike,
    ticks: Rows<'ticks'> | TickColumns,
    options?: InsertOptions,
  ): Promise<InsertCounts>
  /** As `DatabaseManager.insertCandles`. */
  insertCandles(pair: PairLike, timeframe: Timeframe, candles: Rows<'candles'>): Promise<RowCounts>
  /** As `DatabaseManager.insertOrderFlow`. */
  insertOrderFlow(pair: PairLike, rows: Rows<'order_flow'>): Promise<RowCounts>
  /** As `DatabaseManager.insertMarketProfile`. */
  insertMarketProfile(pair: PairLike, rows: Rows<'market_profile'>): Promise<RowCounts>
  /** As `DatabaseManager.insertZones`. */
  insertZones(pair: PairLike, rows: Rows<'supply_demand_zones'>): Promise<RowCounts>
  /** As `DatabaseManager.insertFairValueGaps`. */
  insertFairValueGaps(pair: PairLike, rows: Rows<'fair_value_gaps'>): Promise<RowCounts>
  /** Runs a query on one pair; rows as objects. */
  query<Row>(pair: PairLike, query: Query<Row>, options?: QueryOptions): Promise<Row[]>
  /** Runs a query on one pair; each column as an array. */
  queryColumns<Row>(
    pair: PairLike,
    query: Query<Row>,
    options?: QueryOptions,
  ): Promise<ColumnsOf<Row>>
  /** Runs a query on one pair; batches of columns. */
  streamColumns<Row>(
    pair: PairLike,
    query: Query<Row>,
    options?: StreamOptions,
  ): Promise<ColumnStream>
  /** Runs a query over several pairs, each a schema of its name; as `DatabaseManager.queryPairs`. */
  queryPairs<Row>(
    pairs: Readonly<Record<string, PairLike>>,
    query: Query<Row>,
    options?: QueryPairsOptions,
  ): Promise<Row[]>
  /** As `DatabaseManager.recentTicks`. */
  recentTicks(pair: PairLike, limit?: number, options?: SignalOptions): Promise<StoredTick[]>
  /** As `DatabaseManager.lastCandles`. */
  lastCandles(
    pair: PairLike,
    timeframe: Timeframe,
    limit?: number,
    options?: SignalOptions,
  ): Promise<StoredCandle[]>
  /** As `DatabaseManager.follow`. */
  follow<Row>(
    pair: PairLike,
    query: Query<Row>,
    options?: FollowOptions,
  ): AsyncGenerator<Row[], void, undefined>
  /** As `DatabaseManager.replay`. */
  replay(pair: PairLike, options: ReplayOptions): AsyncGenerator<ReplayedBar, void, undefined>
  /** The holes in the pair's recorded trades, filled ones too, the oldest first. */
  gaps(pair: PairLike, options?: QueryOptions): Promise<Gap[]>
  /** Every stored pair, sorted by its text form. */
  listPairs(options?: SignalOptions): Promise<Pair[]>
  /** What the pool and the queues hold now. */
  stats(): ManagerStats | Promise<ManagerStats>
  /** Reads every column of every table of a pair. */
  verify(pair: PairLike, options?: SignalOptions): Promise<VerifyReport>
  /** `file` is a path where the store is. */
  snapshot(pair: PairLike, file: string, options?: SnapshotOptions): Promise<SnapshotReport>
  /** Writes a query's rows into a file where the store is; as `DatabaseManager.export`. */
  export(
    pair: PairLike,
    query: Query<unknown>,
    file: string,
    options?: ExportOptions,
  ): Promise<ExportReport>
  /** As `DatabaseManager.cleanupPair`. */
  cleanupPair(pair: PairLike): Promise<CleanupResult>
  /** As `DatabaseManager.repack`. */
  repack(pair: PairLike, options?: RepackOptions): Promise<RepackReport>
  /** As `DatabaseManager.refreshAnalytics`. */
  refreshAnalytics(pair: PairLike): Promise<RefreshResult>
  /** Calls the listener for each event of this name. */
  on<Name extends keyof PairduckEvents>(
    name: Name,
    listener: (...args: PairduckEvents[Name]) => void,
  ): unknown
  /** Ends what `on` began. */
  off<Name extends keyof PairduckEvents>(
    name: Name,
    listener: (...args: PairduckEvents[Name]) => void,
  ): unknown
  /** Ends this end of it: a manager closes its files, a client its connections. */
  close(): Promise<void>
}
