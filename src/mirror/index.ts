/// <reference types="node" preserve="true" />
export type { AccountSnapshot, AccountSource } from './account-source.ts'
export type { Balance, BalanceInput } from './balance.ts'
export { ccxtSource } from './ccxt/ccxt-source.ts'
export type { CcxtSourceOptions } from './ccxt/ccxt-source.ts'
export type { CcxtBalance, CcxtBalances, CcxtExchange } from './ccxt/ccxt-exchange.ts'
export { connectValkey } from './clients/connect.ts'
export { valkeyUrlFromEnvironment } from './clients/connection-options.ts'
export type {
  ClusterOptions,
  SentinelOptions,
  ServerAddress,
  TlsOptions,
  ValkeyConnectionOptions,
} from './clients/connection-options.ts'
export type {
  ServerScript,
  Unsubscribe,
  ValkeyClient,
  ValkeyReply,
} from './clients/valkey-client.ts'
export type { DecimalInput, DecimalText } from './decimal.ts'
export type { DriftEntry } from './drift.ts'
export type { Fill, FillInput } from './fill.ts'
export { LocalValkey } from './local-valkey/local-valkey.ts'
export type { LocalValkeyOptions, LocalValkeyStatus } from './local-valkey/local-valkey.ts'
export type { MirroredOrder, MirroredOrderWithHistory, OrderStep } from './mirrored-order.ts'
export type { MirrorEvents } from './mirror-listeners.ts'
export type { MirrorReaderOptions, ValkeyMirrorOptions } from './mirror-options.ts'
export { MirrorReader } from './mirror-reader.ts'
export type { TradeStats } from './mirror-reads.ts'
export type { OrderBook, OrderBookLevel } from './order-book.ts'
export { orderStatuses } from './order-status.ts'
export type { OrderStatus } from './order-status.ts'
export type { FeeInput, OrderInput } from './order.ts'
export type { ReconcileResult } from './reconcile.ts'
export { dailyReport } from './report/daily-report.ts'
export type { DailyReport, DailyReportOptions } from './report/daily-report.ts'
export { readDailyReport, readDailyReports } from './report/read-daily-report.ts'
export { writeDailyReport } from './report/write-daily-report.ts'
export type { RunOptions } from './run-mirror.ts'
export type { Ticker, TickerInput } from './ticker.ts'
export type { Transfer, TransferInput } from './transfer.ts'
export { ValkeyMirror } from './valkey-mirror.ts'
export type { ApplyResult } from './valkey-mirror.ts'
export type { MirrorChange, MirrorEvent, MirrorSnapshot, WatchOptions } from './watch.ts'
