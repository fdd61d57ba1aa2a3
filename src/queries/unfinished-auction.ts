import { flag, number, oneOf, resolveOptions } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import { barStart } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'
import { ticksOfBars, timeframeRule } from './bars.ts'
import { binRules, bins, type Rounding } from './bins.ts'
import { coverageToAsOf, deletedBeforeSql, type Coverage } from './coverage.ts'
import { blockSql, laterBarsSql, type LaterBars } from './later-bars.ts'
import { query, type Query } from './query.ts'
import { exceeds } from './rounding.ts'
import { barsInWindow, resolveWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `detectUnfinishedAuctionsQuery`. */
export interface DetectUnfinishedAuctionsOptions extends WindowOptions {
  /** The length of the bars. */
  readonly timeframe: Timeframe
  /** The height of a bin, in units of the price. */
  readonly binSize: number
  /** Default `floor`. */
  readonly rounding?: Rounding | undefined
  /**
   * Which side's volume `filter` is about. `opposing` (default): the takers against the move, sells
   * at the high and buys at the low. `atas`: the takers of the move, as ATAS's code has it.
   */
  readonly definition?: 'opposing' | 'atas' | undefined
  /** Volume that must be exceeded. Default 20. */
  readonly filter?: number | undefined
  /** Default true. */
  readonly includeClosed?: boolean | undefined
}

/** A row of `detectUnfinishedAuctionsQuery`. */
export interface UnfinishedAuction extends Coverage {
  /** Open time of the bar, Unix ms. */
  readonly timestamp: number
  /** Whether the bar's high or its low is unfinished. */
  readonly type: 'high' | 'low'
  /** The name of the bar's highest or lowest bin, and the bin's edges. */
  readonly price: number
  /** Lower edge of the price range. */
  readonly priceLow: number
  /** Upper edge of the price range. */
  readonly priceHigh: number
  /** Volume that takers bought. */
  readonly buyVolume: number
  /** Volume that takers sold. */
  readonly sellVolume: number
  /** Close time of the bar. */
  readonly knownAt: number
  /** Close time of the first later bar that reached the level. */
  readonly closedAt: number | null
}

const rules = {
  ...windowRules,
  ...binRules,
  timeframe: timeframeRule,
  definition: oneOf(['opposing', 'atas'], 'opposing'),
  filter: number(0, Number.MAX_VALUE, 20),
  includeClosed: flag(true),
}

/**
 * Unfinished auctions: bars that turned at a price where both sides still traded. The level is the
 * bar's highest (lowest) bin; it is closed by the first later bar with a trade in that bin or
 * beyond. Bars closed by `asOf` (default: now), from ticks; the window chooses the bars. Ordered by
 * time, the high before the low. Source: ATAS UnfinishedAuction.
 */
export function detectUnfinishedAuctionsQuery(
  options: DetectUnfinishedAuctionsOptions,
): Query<UnfinishedAuction> {
  const resolved = resolveOptions('detectUnfinishedAuctionsQuery', options, rules)
  const { timeframe, definition, filter } = resolved
  const window = resolveWindow('detectUnfinishedAuctionsQuery', resolved, { asOf: 'now' })
  const bin = bins(resolved)
  const filtered = definition === 'atas' ? ['bought', 'sold'] : ['sold', 'bought']
  return query(
    'detectUnfinishedAuctionsQuery',
    `WITH cell AS (
      SELECT
        ${barStart(timeframe)} AS timestamp, ${bin.index('price')} AS bin,
        coalesce(sum(volume) FILTER (side = 'BUY'), 0) AS bought,
        coalesce(sum(volume) FILTER (side = 'SELL'), 0) AS sold
      FROM ticks WHERE ${ticksOfBars({ ...window, from: undefined, to: undefined }, timeframe)}
      GROUP BY ALL
    ), whole AS (
      SELECT
        timestamp, min(bin) AS low, max(bin) AS high,
        arg_max(bought, bin) AS bought_high, arg_max(sold, bin) AS sold_high,
        arg_min(bought, bin) AS bought_low, arg_min(sold, bin) AS sold_low
      FROM cell
      WHERE timestamp >= coalesce(${deletedBeforeSql('ticks')}, '-infinity'::TIMESTAMP)
      GROUP BY timestamp
    ), bar AS (
      SELECT
        *, row_number() OVER (ORDER BY timestamp) AS position, ${blockSql('position')} AS block
      FROM whole
    ), level AS (
      SELECT
        position * 2 - upper::INTEGER AS id, block, timestamp, upper,
        ${barEnd(timeframe)} AS known_at,
        CASE WHEN upper THEN high ELSE low END AS bin,
        CASE WHEN upper THEN bought_high ELSE bought_low END AS bought,
        CASE WHEN upper THEN sold_high ELSE sold_low END AS sold
      FROM bar, (VALUES (true), (false)) AS side(upper)
      WHERE bought > 0 AND sold > 0 AND ${barsInWindow({ ...window, asOf: undefined }, timeframe)}
        AND ${exceeds(`CASE WHEN upper THEN ${filtered[0]} ELSE ${filtered[1]} END`, `${filter.toExponential()}::DOUBLE`)}
    ), ${laterBarsSql(auctionLaterBars)}
    SELECT
      timestamp, CASE WHEN upper THEN 'high' ELSE 'low' END AS "type",
      ${bin.label('bin')} AS "price", ${bin.lowerEdge('bin')} AS "priceLow",
      ${bin.upperEdge('bin')} AS "priceHigh",
      bought AS "buyVolume", sold AS "sellVolume", known_at AS "knownAt",
      ${barEnd(timeframe, 'closed')} AS "closedAt",
      ${coverageToAsOf(window)}
    FROM reached WHERE ${resolved.includeClosed ? 'true' : 'closed IS NULL'}
    ORDER BY timestamp, upper DESC`,
    window.params,
  )
}

const auctionLaterBars: LaterBars = {
  levels: 'level',
  columns: ['timestamp', 'upper', 'bin', 'bought', 'sold'],
  bars: 'bar',
  extremes: { low: 'min', high: 'max' },
  first: {
    closed: `CASE WHEN level.upper THEN later.high >= level.bin ELSE later.low <= level.bin END`,
  },
}
