import { resolveOptions } from '../options.ts'
import { binRules, bins, type Rounding } from './bins.ts'
import { bothSides } from './cells.ts'
import { windowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import {
  valueAreaColumns,
  valueAreaRules,
  valueAreaSql,
  type ValueAreaOptions,
} from './value-area.ts'
import { resolveWindow, ticksInWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `calculateMarketProfileQuery`. */
export interface MarketProfileOptions extends WindowOptions, ValueAreaOptions {
  /** The width of a bin, in price. */
  readonly binSize: number
  /** Default `floor`: bins are named by their lower edge. */
  readonly rounding?: Rounding | undefined
}

/** A bin of a market profile. */
export interface ProfileBin {
  /** The bin's name: its lower edge, middle or upper edge, by `rounding`. */
  readonly price: number
  /** Volume that takers bought. */
  readonly buyVolume: number
  /** Volume that takers sold. */
  readonly sellVolume: number
  /** Traded volume in the base currency. */
  readonly volume: number
  /** Number of trades. */
  readonly tradeCount: number
}

/** The row of `calculateMarketProfileQuery`. */
export interface MarketProfile extends Coverage {
  /** The name of the bin of the largest volume; null without a trade, as are the next five. */
  readonly poc: number | null
  /** Lower edge of the value area's lowest bin. */
  readonly valueAreaLow: number | null
  /** Upper edge of the value area's highest bin. */
  readonly valueAreaHigh: number | null
  /** The same two bins by name. */
  readonly valueAreaLowBin: number | null
  /** The name of the value area's highest bin. */
  readonly valueAreaHighBin: number | null
  /** Volume of the point of control. */
  readonly pocVolume: number | null
  /** Volume inside the value area. */
  readonly valueAreaVolume: number | null
  /** Volume of all bins. */
  readonly totalVolume: number
  /** The height of a bin, in units of the price. */
  readonly binSize: number
  /** Bins with trades, lowest first. */
  readonly bins: readonly ProfileBin[]
}

/**
 * The volume at each price of a window, with point of control and value area, in one row. The
 * point of control is the bin of the largest volume (tie: nearest the middle of the range, then
 * the lower one); the value area grows from it until it holds 70 % (`ValueAreaOptions`).
 * Authorities: py-market-profile, the CBOT rule (`pair`).
 */
export function calculateMarketProfileQuery(options: MarketProfileOptions): Query<MarketProfile> {
  const name = 'calculateMarketProfileQuery'
  const resolved = resolveOptions(name, options, {
    ...windowRules,
    ...binRules,
    ...valueAreaRules,
  })
  const window = resolveWindow(name, resolved)
  const grid = bins(resolved)
  return query(
    name,
    `WITH bin AS MATERIALIZED (
      SELECT 0 AS profile, *, buy_volume + sell_volume AS weight
      FROM (${bothSides(`${grid.index('price')} AS bin`, ticksInWindow(window))})
    ), ${valueAreaSql(resolved)}
    SELECT ${valueAreaColumns(grid)},
      poc_weight AS "pocVolume", area_weight AS "valueAreaVolume",
      coalesce(total, 0) AS "totalVolume", ${resolved.binSize.toExponential()}::DOUBLE AS "binSize",
      coalesce(bins, []) AS "bins",
      ${windowCoverage(window)}
    FROM (SELECT list({
        price: ${grid.label('bin')}, buyVolume: buy_volume, sellVolume: sell_volume,
        volume: weight, tradeCount: buy_count + sell_count
      } ORDER BY bin) AS bins FROM bin) LEFT JOIN area ON true`,
    window.params,
  )
}
