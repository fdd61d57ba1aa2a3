import { resolveOptions } from '../options.ts'
import { windowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { ticksOfSize, tradeSizeRules, type TradeSizeOptions } from './trade-size.ts'
import {
  orWholeBars,
  ticksBesideWholeBars,
  wholeBarsOf,
  type WholeBars,
} from '../schema/total-sources.ts'
import { timeframeMs } from '../time.ts'
import {
  resolveWindow,
  ticksInWindow,
  windowRules,
  type Lookback,
  type ResolvedWindow,
  type TimeRange,
  type WindowOptions,
} from './window.ts'

/** Options of `calculateCvdQuery`. */
export interface CvdOptions extends WindowOptions, TradeSizeOptions {}

/** The row of `calculateCvdQuery`. */
export interface Cvd extends Coverage {
  /** Σ bought − Σ sold over the window; 0 without a trade. */
  readonly cvd: number
  /** Volume that takers bought. */
  readonly buyVolume: number
  /** Volume that takers sold. */
  readonly sellVolume: number
  /** Number of trades. */
  readonly tradeCount: number
}

/**
 * The cumulative volume delta of a window: what takers bought less what takers sold, in one row.
 * 10 + 15 + 20 bought and 5 + 3 sold give 37.
 */
export function calculateCvdQuery(options: CvdOptions = {}): Query<Cvd> {
  const name = 'calculateCvdQuery'
  const resolved = resolveOptions(name, options, { ...windowRules, ...tradeSizeRules })
  const window = resolveWindow(name, resolved)
  const size = ticksOfSize(name, resolved)
  // Bars tell of trades of every size together, and short windows hold few of them.
  const byBars = size === 'true' && !isShort(resolved.window ?? resolved)
  const ticks = byBars ? ticksBesideWholeBars(wholeBars(window)) : 'ticks'
  return query(
    name,
    `SELECT buy_volume - sell_volume AS "cvd", buy_volume AS "buyVolume",
      sell_volume AS "sellVolume", trade_count AS "tradeCount",
      ${windowCoverage(window)}
    FROM (
      SELECT coalesce(sum(buy_volume), 0) AS buy_volume, coalesce(sum(sell_volume), 0) AS sell_volume,
        coalesce(sum(trade_count), 0)::BIGINT AS trade_count
      FROM (
        SELECT sum(if(side = 'BUY', volume, 0)) AS buy_volume,
          sum(if(side = 'SELL', volume, 0)) AS sell_volume, count(*) AS trade_count
        FROM ${ticks} WHERE ${ticksInWindow(window)} AND ${size} ${byBars ? orWholeBars : ''}
      )
    )`,
    window.params,
  )
}

/** Of ticks as many as a window of this length mostly has the sum takes less than looking for bars. */
const shortMs = 6 * 3_600_000

function isShort({ from = 0, to, lookbackMinutes }: Partial<TimeRange & Lookback>): boolean {
  if (lookbackMinutes !== undefined) return lookbackMinutes * 60_000 < shortMs
  return from > 0 && (to === undefined || to - from < shortMs)
}

function wholeBars({ from, to, asOf }: ResolvedWindow): WholeBars {
  const width = timeframeMs[wholeBarsOf] * 1000
  const ends = [to, asOf].filter((end) => end !== undefined)
  const first =
    from === undefined ? [] : [`make_timestamp((${from} + ${width - 1}) // ${width} * ${width})`]
  const last =
    ends.length === 0 ? [] : [`make_timestamp(least(${ends.join(', ')}) // ${width} * ${width})`]
  const inner = [
    ...first.map((time) => `timestamp >= ${time}`),
    ...last.map((time) => `timestamp < ${time}`),
  ]
  return {
    inner: inner.join(' AND ') || 'true',
    ends: [
      ...first.map((time) => `timestamp < ${time}`),
      ...last.map(
        (time) => `timestamp >= ${first.length > 0 ? `greatest(${first[0]}, ${time})` : time}`,
      ),
    ],
  }
}
