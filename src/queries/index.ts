export { query } from './own-query.ts'
export type { Query, RowOf, SqlValue } from './query.ts'
export type { Lookback, TimeRange, Window, WindowOptions } from './window.ts'
export type { Coverage } from './coverage.ts'
export type { Rounding } from './bins.ts'
export type { BarOptions, BarOriginColumn, BarSource } from './bars.ts'
export type { BarOrigin } from '../schema/bar-sources.ts'
export type { TradeSizeOptions } from './trade-size.ts'
export type { ValueAreaOptions } from './value-area.ts'
export type {
  Candle,
  FairValueGapRow,
  GapRow,
  MarketProfileRow,
  OrderFlowRow,
  StoredCandle,
  StoredTick,
  Tick,
  ZoneRow,
} from '../schema/rows.ts'

export { getCoverageQuery, type CoverageOptions } from './get-coverage.ts'
export { getRecentTicksQuery, type RecentTicksOptions } from './recent-ticks.ts'
export { getCandlesQuery, type CandleRow, type CandlesOptions } from './candles.ts'
export {
  candlesFromTicksQuery,
  type CandleFromTicks,
  type CandlesFromTicksOptions,
} from './candles-from-ticks.ts'
export { calculateCvdQuery, type Cvd, type CvdOptions } from './cvd.ts'
export {
  calculateOrderFlowImbalanceQuery,
  type OrderFlowImbalance,
  type OrderFlowImbalanceOptions,
} from './order-flow-imbalance.ts'
export {
  calculateMarketProfileQuery,
  type MarketProfile,
  type MarketProfileOptions,
  type ProfileBin,
} from './market-profile.ts'
export {
  calculateCvdBarsQuery,
  type CvdBar,
  type CvdBarsOptions,
  type CvdBarWithoutSwing,
} from './cvd-bars.ts'
export {
  calculateFootprintQuery,
  type FootprintBar,
  type FootprintCell,
  type FootprintOptions,
} from './footprint.ts'
export {
  calculateDiagonalImbalanceQuery,
  type DiagonalImbalance,
  type DiagonalImbalanceOptions,
} from './diagonal-imbalance.ts'
export {
  calculateStackedImbalanceQuery,
  type StackedImbalance,
  type StackedImbalanceOptions,
} from './stacked-imbalance.ts'
export {
  calculateVolumeNodesQuery,
  type VolumeNode,
  type VolumeNodesOptions,
} from './volume-nodes.ts'
export {
  calculateTpoProfileQuery,
  type TpoBin,
  type TpoProfile,
  type TpoProfileOptions,
} from './tpo-profile.ts'
export { calculateNakedPocQuery, type NakedPoc, type NakedPocOptions } from './naked-poc.ts'
export {
  calculateVwapBarsQuery,
  calculateVwapQuery,
  type Vwap,
  type VwapBand,
  type VwapBar,
  type VwapBarsOptions,
  type VwapOptions,
} from './vwap.ts'
export type { ResetOptions } from './reset.ts'
export type { SessionOptions } from './session.ts'
export {
  getActiveDemandZonesQuery,
  getActiveSupplyZonesQuery,
  type ActiveZonesOptions,
} from './active-zones.ts'
export { getUnfilledFvgsQuery, type UnfilledFvgsOptions } from './unfilled-fvgs.ts'

export type { InsertRelation, InsertRows } from '../schema/insert-columns.ts'
export {
  insertCandleQuery,
  insertFvgQuery,
  insertMarketProfileQuery,
  insertOrderFlowQuery,
  insertSupplyDemandZoneQuery,
  insertTickQuery,
  type Insert,
} from './insert.ts'

export {
  detectFvgQuery,
  type DetectedFvg,
  type DetectFvgOptions,
  type FvgDefinition,
  type FvgFill,
} from './detect-fvg.ts'
export {
  detectZonesQuery,
  type DetectedZone,
  type DetectZonesOptions,
  type ZoneDefinition,
} from './zones.ts'
export {
  detectLargeTradesQuery,
  type DetectLargeTradesOptions,
  type LargeTrade,
  type TradeSize,
} from './large-trades.ts'
export {
  calculateTradeSizeBucketsQuery,
  type TradeSizeBucket,
  type TradeSizeBucketsOptions,
} from './trade-size-buckets.ts'
export {
  detectSpeedOfTapeQuery,
  type SpeedOfTape,
  type SpeedOfTapeOptions,
  type TapeMeasure,
} from './speed-of-tape.ts'
export {
  detectUnfinishedAuctionsQuery,
  type DetectUnfinishedAuctionsOptions,
  type UnfinishedAuction,
} from './unfinished-auction.ts'
