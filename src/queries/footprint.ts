import { resolveOptions } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import { barNumber, barTime } from '../schema/tables.ts'
import type { Timeframe } from '../time.ts'
import { ticksOfBars, timeframeRule } from './bars.ts'
import { binRules, bins, type Rounding } from './bins.ts'
import { rowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { comparable } from './rounding.ts'
import { runningSql, swingSql } from '../schema/running-delta.ts'
import { resolveWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `calculateFootprintQuery`. */
export interface FootprintOptions extends WindowOptions {
  /** The length of the bars. */
  readonly timeframe: Timeframe
  /** The width of a bin, in price. */
  readonly binSize: number
  /** Default `floor`: bins are named by their lower edge. */
  readonly rounding?: Rounding | undefined
}

/** A bin of a footprint's bar. */
export interface FootprintCell {
  /** The bin's name. */
  readonly price: number
  /** Volume that takers bought. */
  readonly buyVolume: number
  /** Volume that takers sold. */
  readonly sellVolume: number
  /** Number of trades that takers bought. */
  readonly buyCount: number
  /** Number of trades that takers sold. */
  readonly sellCount: number
  /** Bought − sold. */
  readonly delta: number
  /** Traded volume in the base currency. */
  readonly volume: number
}

/** A row of `calculateFootprintQuery`. */
export interface FootprintBar extends Coverage {
  /** Open time of the bar. */
  readonly timestamp: number
  /** The bin of the largest volume, by the rule of the market profile. */
  readonly poc: number
  /** Bought less sold volume. */
  readonly delta: number
  /** The largest and the smallest running delta inside the bar. */
  readonly maxDelta: number
  /** The smallest running delta inside the bar. */
  readonly minDelta: number
  /** Volume that takers bought. */
  readonly buyVolume: number
  /** Volume that takers sold. */
  readonly sellVolume: number
  /** Traded volume in the base currency. */
  readonly volume: number
  /** Number of trades. */
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
    `WITH ${runningSql(
      `${barNumber(timeframe)} AS bar, ${grid.index('price')} AS bin`,
      ticksOfBars(window, timeframe),
    )}, cell AS (
      SELECT bar, bin,
        sum(if(bought, signed, 0)) AS buy_volume, sum(if(bought, 0, -signed)) AS sell_volume,
        sum(if(bought, trades, 0))::BIGINT AS buy_count,
        sum(if(bought, 0, trades))::BIGINT AS sell_count,
        max(highest) AS highest, min(lowest) AS lowest
      FROM (
        SELECT bar, bin, signed > 0 AS bought, sum(signed) AS signed, count(*) AS trades,
          max(running) AS highest, min(running) AS lowest
        FROM running GROUP BY ALL
      ) GROUP BY bar, bin
    ), reached AS (
      SELECT bar, max(highest) AS highest, min(lowest) AS lowest,
        sum(buy_volume) - sum(sell_volume) AS delta,
        sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume,
        sum(buy_count + sell_count)::BIGINT AS trade_count,
        min(bin) + max(bin) AS middle,
        list({ volume: ${comparable('(buy_volume + sell_volume)')}, bin: bin }) AS ranked,
        list_sort(list({
          price: ${grid.label('bin')}, buyVolume: buy_volume, sellVolume: sell_volume,
          buyCount: buy_count, sellCount: sell_count,
          delta: buy_volume - sell_volume, volume: buy_volume + sell_volume
        })) AS bins
      FROM cell GROUP BY bar
    ), named AS (
      SELECT *, ${barTime(timeframe, 'bar')} AS timestamp,
        list_min(list_transform(ranked, lambda bin:
          { volume: -bin.volume, distance: abs(2 * bin.bin - middle), bin: struct_extract(bin, 'bin') })).bin AS poc
      FROM (${swingSql('reached')})
    )
    SELECT timestamp AS "timestamp", ${grid.label('poc')} AS "poc",
      delta AS "delta", max_delta AS "maxDelta", min_delta AS "minDelta",
      buy_volume AS "buyVolume", sell_volume AS "sellVolume",
      buy_volume + sell_volume AS "volume", trade_count AS "tradeCount", bins AS "bins",
      ${barEnd(timeframe)} AS "knownAt",
      ${rowCoverage(window, { begin: 'timestamp', end: barEnd(timeframe) })}
    FROM named ORDER BY bar`,
    window.params,
  )
}
