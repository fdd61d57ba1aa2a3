import { isTimeframe, latestMs } from '../time.ts'
import type {
  Candle,
  FairValueGapRow,
  MarketProfileRow,
  OrderFlowRow,
  Tick,
  ZoneRow,
} from './rows.ts'

/** The rows that each relation takes. */
export interface InsertRows {
  readonly ticks: Tick
  readonly candles: Candle
  readonly order_flow: OrderFlowRow
  readonly market_profile: MarketProfileRow
  readonly supply_demand_zones: ZoneRow
  readonly fair_value_gaps: FairValueGapRow
}

export type InsertRelation = keyof InsertRows

/** What a field holds: how it is checked and how it is bound. */
export type FieldKind = 'time' | 'number' | 'count' | 'timeframe' | 'id' | readonly string[]
export type InsertColumn<Row> = readonly [
  field: keyof Row & string,
  column: string,
  kind: FieldKind,
  nullable?: true,
]
export type InsertColumns = {
  readonly [Relation in InsertRelation]: readonly InsertColumn<InsertRows[Relation]>[]
}

/** Field by field what an insert writes, in the order of the tables' columns. */
export const insertColumns: InsertColumns = {
  ticks: [
    ['timestamp', 'timestamp', 'time'],
    ['price', 'price', 'number'],
    ['volume', 'volume', 'number'],
    ['side', 'side', ['BUY', 'SELL']],
    ['tradeId', 'trade_id', 'id', true],
  ],
  candles: [
    ['timestamp', 'timestamp', 'time'],
    ['open', 'open', 'number'],
    ['high', 'high', 'number'],
    ['low', 'low', 'number'],
    ['close', 'close', 'number'],
    ['volume', 'volume', 'number'],
    ['buyVolume', 'buy_volume', 'number', true],
    ['sellVolume', 'sell_volume', 'number', true],
    ['quoteVolume', 'quote_volume', 'number', true],
    ['tradeCount', 'trade_count', 'count', true],
  ],
  order_flow: [
    ['timestamp', 'timestamp', 'time'],
    ['timeframe', 'timeframe', 'timeframe'],
    ['cvd', 'cvd', 'number'],
    ['delta', 'delta', 'number'],
    ['buyVolume', 'buy_volume', 'number'],
    ['sellVolume', 'sell_volume', 'number'],
    ['imbalanceRatio', 'imbalance_ratio', 'number', true],
    ['knownAt', 'known_at', 'time'],
  ],
  market_profile: [
    ['timestamp', 'timestamp', 'time'],
    ['timeframe', 'timeframe', 'timeframe'],
    ['poc', 'poc', 'number'],
    ['valueAreaHigh', 'value_area_high', 'number'],
    ['valueAreaLow', 'value_area_low', 'number'],
    ['totalVolume', 'total_volume', 'number'],
    ['binSize', 'bin_size', 'number'],
    ['knownAt', 'known_at', 'time'],
  ],
  supply_demand_zones: [
    ['timestamp', 'timestamp', 'time'],
    ['timeframe', 'timeframe', 'timeframe'],
    ['type', 'type', ['supply', 'demand']],
    ['priceLow', 'price_low', 'number'],
    ['priceHigh', 'price_high', 'number'],
    ['strength', 'strength', 'number'],
    ['status', 'status', ['active', 'tested', 'broken']],
    ['knownAt', 'known_at', 'time'],
    ['touchedAt', 'touched_at', 'time', true],
    ['brokenAt', 'broken_at', 'time', true],
  ],
  fair_value_gaps: [
    ['timestamp', 'timestamp', 'time'],
    ['timeframe', 'timeframe', 'timeframe'],
    ['type', 'type', ['bullish', 'bearish']],
    ['priceLow', 'price_low', 'number'],
    ['priceHigh', 'price_high', 'number'],
    ['filledPct', 'filled_pct', 'number'],
    ['knownAt', 'known_at', 'time'],
    ['touchedAt', 'touched_at', 'time', true],
    ['midAt', 'mid_at', 'time', true],
    ['filledAt', 'filled_at', 'time', true],
  ],
}

/** Whether a value is of a kind. */
export function fits(value: unknown, kind: FieldKind): boolean {
  switch (kind) {
    case 'time':
      return typeof value === 'number' && value >= 0 && value < latestMs
    case 'number':
      return Number.isFinite(value)
    case 'count':
      return Number.isSafeInteger(value) && Number(value) >= 0
    case 'timeframe':
      return isTimeframe(value)
    case 'id':
      return typeof value === 'string'
    default:
      return kind.includes(value as string)
  }
}

/** A kind in words. */
export function expected(kind: FieldKind): string {
  switch (kind) {
    case 'time':
      return 'a time in Unix ms'
    case 'number':
      return 'a finite number'
    case 'count':
      return 'a whole number from 0 on'
    case 'timeframe':
      return 'a timeframe'
    case 'id':
      return 'a string'
    default:
      return kind.map((choice) => `'${choice}'`).join(' or ')
  }
}
