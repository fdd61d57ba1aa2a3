import { oneOf, resolveOptions, type OptionRule } from '../options.ts'
import { barEnd, partsFromTicks } from '../schema/candles.ts'
import { timeframeMs, type Timeframe } from '../time.ts'
import { ticksOfBars, timeframeRule } from './bars.ts'
import { candleFields } from './candles.ts'
import { rowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import type { StoredCandle } from '../schema/rows.ts'
import { resolveWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `candlesFromTicksQuery`. */
export interface CandlesFromTicksOptions extends WindowOptions {
  /** The length of the bars. */
  readonly timeframe: Timeframe
  /** Bars without trades: left out (`none`, default), or flat at the close before (`previous`). */
  readonly fill?: 'none' | 'previous' | undefined
}

/** A bar of `candlesFromTicksQuery`. */
export interface CandleFromTicks extends StoredCandle, Coverage {}

/**
 * Bars of any timeframe folded from the stored ticks, oldest first: those that open inside the
 * window, each of its whole time; with `asOf` only those closed by it. `truncated` is true of a
 * bar that begins before the ticks do. `fill: 'previous'` puts flat bars without volume into the
 * holes between the first and the last.
 */
export function candlesFromTicksQuery(options: CandlesFromTicksOptions): Query<CandleFromTicks> {
  const name = 'candlesFromTicksQuery'
  const { timeframe, fill, ...rest } = resolveOptions(name, options, candlesFromTicksRules)
  const window = resolveWindow(name, rest)
  const bars = partsFromTicks(timeframe, 'ticks', ticksOfBars(window, timeframe))
  return query(
    name,
    `SELECT ${candleFields},
      ${rowCoverage(window, { begin: 'bar.timestamp', end: barEnd(timeframe, 'bar.timestamp') })}
    FROM (${fill === 'previous' ? filled(bars, timeframe) : bars}) AS bar
    ORDER BY bar.timestamp`,
    window.params,
  )
}

/** The rules of {@link CandlesFromTicksOptions}. */
export const candlesFromTicksRules: typeof windowRules & {
  readonly timeframe: OptionRule<Timeframe>
  readonly fill: OptionRule<'none' | 'previous'>
} = {
  ...windowRules,
  timeframe: timeframeRule,
  fill: oneOf(['none', 'previous'], 'none'),
}

function filled(bars: string, timeframe: Timeframe): string {
  return `
    WITH traded AS MATERIALIZED (${bars}), held AS (
      SELECT *, coalesce(lead(timestamp) OVER (ORDER BY timestamp),
        timestamp + INTERVAL 1 MICROSECOND) AS until
      FROM traded
    ), opened AS (
      SELECT *, unnest(range(timestamp, until, INTERVAL ${timeframeMs[timeframe]} MILLISECOND)) AS opens_at
      FROM held
    )
    SELECT opens_at AS timestamp,
      if(opens_at = timestamp, open, close) AS open, if(opens_at = timestamp, high, close) AS high,
      if(opens_at = timestamp, low, close) AS low, close,
      if(opens_at = timestamp, volume, 0) AS volume, if(opens_at = timestamp, buy_volume, 0) AS buy_volume,
      if(opens_at = timestamp, sell_volume, 0) AS sell_volume,
      if(opens_at = timestamp, quote_volume, 0) AS quote_volume,
      if(opens_at = timestamp, trade_count, 0) AS trade_count
    FROM opened`
}
