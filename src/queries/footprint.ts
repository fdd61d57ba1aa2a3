import { resolveOptions } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import type { Timeframe } from '../time.ts'
import { ticksOfBars, timeframeRule } from './bars.ts'
import { binRules, bins, type Rounding } from './bins.ts'
import { cellsSql } from './cells.ts'
import { coveredFromSql, truncatedSql, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { swingSql } from './running-delta.ts'
import { resolveWindow, windowRules, type WindowOptions } from './window.ts'

export interface FootprintOptions extends WindowOptions {
  readonly timeframe: Timeframe
  /** The width of a bin, in price. */
  readonly binSize: number
  /** Default `floor`: bins are named by their lower edge. */
  readonly rounding?: Rounding | undefined
}

export interface FootprintCell {
  /** The bin's name. */
  readonly price: number
  readonly buyVolume: number
  readonly sellVolume: number
  readonly buyCount: number
  readonly sellCount: number
  /** Bought − sold. */
  readonly delta: number
  readonly volume: number
}

export interface FootprintBar extends Coverage {
  /** Open time of the bar. */
  readonly timestamp: number
  /** The bin of the largest volume, by the rule of the market profile. */
  readonly poc: number
  readonly delta: number
  /** The largest and the smallest running delta inside the bar. */
  readonly maxDelta: number
  readonly minDelta: number
  readonly buyVolume: number
  readonly sellVolume: number
  readonly volume: number
  readonly tradeCount: number
  /** Bins with trades, lowest first. */
  readonly bins: readonly FootprintCell[]
  /** When the bar closes. */
  readonly knownAt: number
}

/**
 * Volume by bar and price, split into what takers bought and sold, one row per bar, oldest first.
 * Bars that open inside the window; with `asOf` only those closed by it. Authority for comparison:
 * freqtrade's `orderflow` (which rounds half to even, to the nearest bin).
 */
export function calculateFootprintQuery(options: FootprintOptions): Query<FootprintBar> {
  const name = 'calculateFootprintQuery'
  const resolved = resolveOptions(name, options, {
    ...windowRules,
    ...binRules,
    timeframe: timeframeRule,
  })
  const { timeframe } = resolved
  const window = resolveWindow(name, resolved)
  const grid = bins(resolved)
  const covered = coveredFromSql(window)
  return query(
    name,
    `WITH cell AS MATERIALIZED (${cellsSql({ timeframe, grid }, window)}
    ), ${swingSql(timeframe, ticksOfBars(window, timeframe))}, extent AS (
      SELECT bar, min(bin) + max(bin) AS middle FROM cell GROUP BY bar
    ), level AS (
      SELECT bar,
        arg_max(bin, (buy_volume + sell_volume, -abs(2 * bin - middle), -bin)) AS poc,
        sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume,
        sum(buy_count + sell_count)::BIGINT AS trade_count,
        list({
          price: ${grid.label('bin')}, buyVolume: buy_volume, sellVolume: sell_volume,
          buyCount: buy_count, sellCount: sell_count,
          delta: buy_volume - sell_volume, volume: buy_volume + sell_volume
        } ORDER BY bin) AS bins
      FROM cell JOIN extent USING (bar) GROUP BY bar
    )
    SELECT bar AS "timestamp", ${grid.label('poc')} AS "poc",
      level.buy_volume - level.sell_volume AS "delta", max_delta AS "maxDelta", min_delta AS "minDelta",
      level.buy_volume AS "buyVolume", level.sell_volume AS "sellVolume",
      level.buy_volume + level.sell_volume AS "volume", level.trade_count AS "tradeCount",
      bins AS "bins",
      ${barEnd(timeframe, 'bar')} AS "knownAt",
      ${covered} AS "coveredFrom", ${truncatedSql('bar', covered)} AS "truncated"
    FROM level JOIN swing USING (bar) ORDER BY bar`,
    window.params,
  )
}
