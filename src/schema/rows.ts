import type { Timeframe } from '../time.ts'

/** A trade. `side` is the taker's: BUY lifts the ask, SELL hits the bid. */
export interface Tick {
  /** Unix ms, the fraction carrying microseconds; so is every time in these rows. */
  readonly timestamp: number
  readonly price: number
  readonly volume: number
  readonly side: 'BUY' | 'SELL'
  readonly tradeId?: string | undefined
}

/** A tick as it comes back. */
export interface StoredTick extends Omit<Tick, 'tradeId'> {
  readonly tradeId: string | null
}

/** A candle from elsewhere; what its source doesn't know is left out. */
export interface Candle {
  /** Open time. */
  readonly timestamp: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly buyVolume?: number | null | undefined
  readonly sellVolume?: number | null | undefined
  /** Σ price × volume. */
  readonly quoteVolume?: number | null | undefined
  readonly tradeCount?: number | null | undefined
}

/** A candle as it comes back. */
export interface StoredCandle extends Candle {
  readonly buyVolume: number | null
  readonly sellVolume: number | null
  readonly quoteVolume: number | null
  readonly tradeCount: number | null
}

/** The order flow of one bar, as the table `order_flow` keeps it. */
export interface OrderFlowRow {
  readonly timestamp: number
  readonly timeframe: Timeframe
  readonly cvd: number
  readonly delta: number
  readonly buyVolume: number
  readonly sellVolume: number
  /** buy ÷ sell; null where nothing was sold. */
  readonly imbalanceRatio: number | null
  readonly knownAt: number
}

/** The profile of one bar, as the table `market_profile` keeps it. */
export interface MarketProfileRow {
  readonly timestamp: number
  readonly timeframe: Timeframe
  readonly poc: number
  readonly valueAreaHigh: number
  readonly valueAreaLow: number
  readonly totalVolume: number
  readonly binSize: number
  readonly knownAt: number
}

/** A supply or demand zone. */
export interface ZoneRow {
  /** Open time of the fractal's middle bar. */
  readonly timestamp: number
  readonly timeframe: Timeframe
  readonly type: 'supply' | 'demand'
  readonly priceLow: number
  readonly priceHigh: number
  /** Volume of the middle bar ÷ its moving average. */
  readonly strength: number
  readonly status: 'active' | 'tested' | 'broken'
  readonly knownAt: number
  readonly touchedAt: number | null
  readonly brokenAt: number | null
}

/** A fair value gap. */
export interface FairValueGapRow {
  /** Open time of the gap's middle bar. */
  readonly timestamp: number
  readonly timeframe: Timeframe
  readonly type: 'bullish' | 'bearish'
  readonly priceLow: number
  readonly priceHigh: number
  /** 0 … 1, the deepest that a later bar reached. */
  readonly filledPct: number
  readonly knownAt: number
  readonly touchedAt: number | null
  readonly midAt: number | null
  readonly filledAt: number | null
}
