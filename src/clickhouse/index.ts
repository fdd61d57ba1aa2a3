export {
  clickhouseArchive,
  type ClickhouseArchive,
  type ClickhouseArchiveOptions,
  type ClickhouseExtent,
  type LoadOptions,
} from './clickhouse-archive.ts'
export type { ClickhouseSource } from './tree/archive-tree.ts'
export type { ClickhouseClient } from './server/client.ts'
export type { ClickhouseQuery, ClickhouseRow, ClickhouseRun } from './sql/clickhouse-query.ts'
export type { TableOptions } from './tree/archive-table.ts'
export { calculateCvdBarsQuery } from './builders/cvd-bars.ts'
export { calculateCvdQuery, calculateOrderFlowImbalanceQuery } from './builders/cvd.ts'
export { calculateDiagonalImbalanceQuery } from './builders/diagonal-imbalance.ts'
export { calculateMarketProfileQuery } from './builders/market-profile.ts'
export { calculateVwapBarsQuery, calculateVwapQuery } from './builders/vwap.ts'
export { candlesFromTicksQuery } from './builders/candles-from-ticks.ts'
export { detectLargeTradesQuery } from './builders/large-trades.ts'
