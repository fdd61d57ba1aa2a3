import type { InsertRowOf, RowOf } from './descriptor.ts'
import type {
  candles,
  fairValueGaps,
  gaps,
  marketProfile,
  orderFlow,
  ticks,
  zones,
} from './tables/index.ts'

/** A trade. `side` is the taker's: BUY lifts the ask, SELL hits the bid. */
export interface Tick extends InsertRowOf<typeof ticks> {}

/** A tick as it comes back. */
export interface StoredTick extends RowOf<typeof ticks> {}

/** A candle from elsewhere; what its source doesn't know is left out. */
export interface Candle extends InsertRowOf<typeof candles> {}

/** A candle as it comes back. */
export interface StoredCandle extends RowOf<typeof candles> {}

/** The order flow of one bar, as the table `order_flow` keeps it. */
export interface OrderFlowRow extends RowOf<typeof orderFlow> {}

/** The profile of one bar, as the table `market_profile` keeps it. */
export interface MarketProfileRow extends RowOf<typeof marketProfile> {}

/** A supply or demand zone. */
export interface ZoneRow extends RowOf<typeof zones> {}

/** A fair value gap. */
export interface FairValueGapRow extends RowOf<typeof fairValueGaps> {}

/** A hole in the recorded trades. */
export interface GapRow extends RowOf<typeof gaps> {}
