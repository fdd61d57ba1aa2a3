import { integer, oneOf, optional, resolveOptions } from '../options.ts'
import { timeframes, type Timeframe } from '../time.ts'
import { query, type Query } from './query.ts'
import type { FairValueGapRow } from '../schema/rows.ts'

/** Options of `getUnfilledFvgsQuery`. */
export interface UnfilledFvgsOptions {
  /** Default: of every timeframe. */
  readonly timeframe?: Timeframe | undefined
  /** Default: both. */
  readonly type?: 'bullish' | 'bearish' | undefined
  /** The newest so many. Default 1000. */
  readonly limit?: number | undefined
}

/**
 * The stored fair value gaps that are not filled, newest first, as they stand. How a gap stood at
 * an earlier time is what `detectFvgQuery` with `asOf` finds.
 */
export function getUnfilledFvgsQuery(options: UnfilledFvgsOptions = {}): Query<FairValueGapRow> {
  const name = 'getUnfilledFvgsQuery'
  const { timeframe, type, limit } = resolveOptions(name, options, {
    timeframe: optional(oneOf(timeframes, '1m')),
    type: optional(oneOf(['bullish', 'bearish'], 'bullish')),
    limit: integer(1, 1_000_000, 1000),
  })
  return query(
    name,
    `SELECT timestamp AS "timestamp", timeframe AS "timeframe", type AS "type",
      price_low AS "priceLow", price_high AS "priceHigh", filled_pct AS "filledPct",
      known_at AS "knownAt", touched_at AS "touchedAt", mid_at AS "midAt", filled_at AS "filledAt",
      complete AS "complete"
    FROM fair_value_gaps
    WHERE filled_at IS NULL
      ${timeframe === undefined ? '' : `AND timeframe = '${timeframe}'`}
      ${type === undefined ? '' : `AND type = '${type}'`}
    ORDER BY timestamp DESC, timeframe, type LIMIT ${limit}`,
  )
}
