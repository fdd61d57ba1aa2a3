import { resolveOptions } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import { barStart } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'
import { ticksOfBars, timeframeRule } from './bars.ts'
import { binRules, bins, type Rounding } from './bins.ts'
import { coveredFromSql, truncatedSql, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { comparable } from './rounding.ts'
import { runningSql, swingSql } from './running-delta.ts'
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
  return query(
    name,
    `WITH ${runningSql(ticksOfBars(window, timeframe))}, cell AS MATERIALIZED (
      SELECT bar, bin,
        sum(if(side = 'BUY', volume, 0)) AS buy_volume,
        sum(if(side = 'SELL', volume, 0)) AS sell_volume,
        sum(if(side = 'BUY', trades, 0))::BIGINT AS buy_count,
        sum(if(side = 'SELL', trades, 0))::BIGINT AS sell_count,
        max(highest) AS highest, min(lowest) AS lowest
      FROM (
        SELECT ${barStart(timeframe)} AS bar, ${grid.index('price')} AS bin, side,
          sum(abs(signed)) AS volume, count(*) AS trades,
          max(running) AS highest, min(running) AS lowest
        FROM running GROUP BY ALL
      ) GROUP BY bar, bin
    ), reached AS (
      SELECT bar, max(highest) AS highest, min(lowest) AS lowest,
        sum(buy_volume) - sum(sell_volume) AS delta,
        sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume,
        sum(buy_count + sell_count)::BIGINT AS trade_count,
        min(bin) + max(bin) AS middle, 
        ${comparable('max(buy_volume + sell_volume)')} AS largest
      FROM cell GROUP BY bar
    )
    SELECT bar AS "timestamp",
      ${grid.label(`arg_min(bin, (abs(2 * bin - middle), bin))
        FILTER (${comparable('(cell.buy_volume + cell.sell_volume)')} = largest)`)} AS "poc",
      delta AS "delta", max_delta AS "maxDelta", min_delta AS "minDelta",
      swing.buy_volume AS "buyVolume", swing.sell_volume AS "sellVolume",
      swing.buy_volume + swing.sell_volume AS "volume", trade_count AS "tradeCount",
      list({
        price: ${grid.label('bin')}, buyVolume: cell.buy_volume, sellVolume: cell.sell_volume,
        buyCount: buy_count, sellCount: sell_count,
        delta: cell.buy_volume - cell.sell_volume, volume: cell.buy_volume + cell.sell_volume
      } ORDER BY bin) AS "bins",
      ${barEnd(timeframe, 'bar')} AS "knownAt",
      covered_from AS "coveredFrom", ${truncatedSql('bar', 'covered_from')} AS "truncated"
    FROM cell JOIN (
      SELECT *, ${coveredFromSql(window)} AS covered_from FROM (${swingSql('reached')})
    ) AS swing USING (bar) GROUP BY ALL ORDER BY bar`,
    window.params,
  )
}
