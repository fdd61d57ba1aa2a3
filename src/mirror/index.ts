/// <reference types="node" preserve="true" />
export type { CarriedPosition } from './model/carried-position.ts'
export type { AccountSnapshot, AccountSource } from './model/account-source.ts'
export type { Balance, BalanceInput } from './model/balance.ts'
export { ccxtSource } from './ccxt/ccxt-source.ts'
export type { CcxtSourceOptions } from './ccxt/ccxt-source.ts'
export type { CcxtBalance, CcxtBalances, CcxtExchange } from './ccxt/ccxt-exchange.ts'
export { connectValkey } from '../valkey/connect.ts'
export { valkeyUrlFromEnvironment } from '../valkey/connection-options.ts'
export type {
  ClusterOptions,
  SentinelOptions,
  ServerAddress,
  TlsOptions,
  ValkeyConnectionOptions,
} from '../valkey/connection-options.ts'
export type {
  ServerScript,
  Unsubscribe,
  ValkeyClient,
  ValkeyReply,
} from '../valkey/valkey-client.ts'
export type { DecimalInput, DecimalText } from './model/decimal.ts'
export type { DriftEntry } from './write/drift.ts'
export type { Fill, FillInput } from './model/fill.ts'
export { LocalValkey } from '../valkey/local/local-valkey.ts'
export type { LocalValkeyOptions, LocalValkeyStatus } from '../valkey/local/local-valkey.ts'
export type { MirroredOrder, MirroredOrderWithHistory, OrderStep } from './stored/mirrored-order.ts'
export type { MirrorEvents } from './mirror-listeners.ts'
export type { MirrorReaderOptions, PruneOptions, ValkeyMirrorOptions } from './mirror-options.ts'
export { MirrorReader } from './mirror-reader.ts'
export type { TradeStats } from './read/mirror-reads.ts'
export type { MirrorStatus } from './read/mirror-status.ts'
export type { OrderBook, OrderBookLevel } from './read/order-book.ts'
export { orderStatuses } from './model/order-status.ts'
export type { OrderStatus } from './model/order-status.ts'
export type { FeeInput, OrderInput } from './model/order.ts'
export type { ReconcileResult } from './write/reconcile.ts'
export { dailyReport } from './report/daily-report.ts'
export type { DailyReport, DailyReportOptions } from './report/daily-report.ts'
export { readDailyReport, readDailyReports } from './report/read-daily-report.ts'
export { reportObservations } from './report/observations.ts'
export { writeDailyReport } from './report/write-daily-report.ts'
export type { RunOptions } from './follow/run-options.ts'
export type { MirrorClock } from './model/clock.ts'
export type { Ticker, TickerInput } from './model/ticker.ts'
export type { Transfer, TransferInput } from './model/transfer.ts'
export { ValkeyMirror } from './valkey-mirror.ts'
export type { ApplyResult } from './write/apply-result.ts'
export type { PruneResult } from './write/writing-session.ts'
export type { MirrorChange, MirrorEvent, MirrorSnapshot, WatchOptions } from './read/watch.ts'
