/// <reference types="node" preserve="true" />
export { errorCodes, PairduckError, type ErrorCode } from './errors.ts'
export { formatPair, parsePair, type Pair, type PairLike } from './pair.ts'
export { timeframes, type Clock, type Timeframe } from './time.ts'
export * from './queries/index.ts'
export type { ArchiveStore } from './archive/store/archive-store.ts'
export {
  defaultRetention,
  type AgedAction,
  type RetentionOptions,
  type RetentionPolicy,
  type RetentionRule,
} from './schema/retention-policy.ts'
export type { Gap, GapState } from './schema/gaps.ts'
export { schemaVersion } from './schema/migrations.ts'
export type { CandleRelation, Relation } from './schema/tables.ts'
export type { BackfillReport, GapFetcher } from './storage/backfill.ts'
export { DatabaseManager } from './storage/database-manager.ts'
export type { AnalyticsOptions } from './storage/upkeep/analytics-keeper.ts'
export type { RefreshOptions } from './storage/upkeep/analytics-refresh.ts'
export type { ArchiveOption, ManagerOptions } from './storage/manager-options.ts'
export type { ArchiveOptions } from './storage/upkeep/archive/archive-options.ts'
export type { ArchiveResult } from './storage/upkeep/archive/archive-pair.ts'
export type { CleanupOptions } from './storage/upkeep/cleanup-options.ts'
export type { CleanupPass } from './storage/upkeep/cleanup-pass.ts'
export type { CleanupNow } from './storage/upkeep/pair-cleanup.ts'
export type { ConnectionPool } from './storage/pool/connection-pool.ts'
export type { ManagerStats, PoolStats } from './storage/pool/pool-stats.ts'
export type { LateStretch, PairduckEvents, StoredBar } from './storage/events/events.ts'
export type { CleanupResult, InsertCounts, RefreshResult } from './storage/events/outcomes.ts'
export type { Conflict } from './storage/events/outcomes.ts'
export type { Lease } from './storage/pool/lease.ts'
export type { ColumnStream } from './storage/pool/column-stream.ts'
export type {
  AcquireOptions,
  SignalOptions,
  QueryOptions,
  QueryPairsOptions,
  StreamOptions,
} from './storage/pool/lease-options.ts'
export type { SqlParams } from './storage/duckdb/read-rows.ts'
export {
  rowsOfBatch,
  type ColumnBatch,
  type ColumnData,
  type ColumnKind,
  type StreamColumn,
} from './storage/duckdb/column-batch.ts'
export type { ColumnsOf, ColumnValues } from './storage/duckdb/read-vector.ts'
export type { ReopenOptions, ReopenReport } from './storage/upkeep/reopen-past.ts'
export type { BlockSize } from './storage/duckdb/block-size.ts'
export type { RepackOptions, RepackReport } from './storage/upkeep/repack.ts'
export type { RepairReport } from './storage/upkeep/repair.ts'
export type { RowCounts } from './storage/events/outcomes.ts'
export type { ExportFormat, ExportOptions, ExportReport } from './storage/export/export-options.ts'
export type { SnapshotOptions, SnapshotReport } from './storage/upkeep/snapshot.ts'
export {
  openSnapshot,
  type SnapshotQueryOptions,
  type SnapshotReader,
} from './storage/pool/snapshot-reader.ts'
export type { InsertOptions } from './storage/write/insert-options.ts'
export type { TickColumns } from './storage/write/tick.ts'
export type { VerifyReport } from './storage/upkeep/verify.ts'
export {
  cleanupOldData,
  createAllTables,
  executeInsert,
  executeQuery,
  getManager,
  getPool,
  type InsertValue,
} from './storage/free-functions.ts'
export type {
  CandleColumnMap,
  CandleImportReport,
  ImportOptions,
  ImportProgress,
  ImportReport,
  TickColumnMap,
  TimeUnit,
} from './storage/import/import-options.ts'
export type {
  ImportedFile,
  ImportFilesOptions,
  ImportFilesProgress,
  ImportFilesReport,
} from './storage/import/import-files-options.ts'
export type { Rejection } from './storage/import/rejections.ts'
export type { DecimalMark } from './storage/import/number-reader.ts'
export type { SideWords } from './storage/import/side-reader.ts'
