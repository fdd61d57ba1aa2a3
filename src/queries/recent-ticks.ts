import { integer, resolveOptions } from '../options.ts'
import { ofNewestTicks } from '../schema/newest-ticks.ts'
import { query, type Query } from './query.ts'
import type { StoredTick } from '../schema/rows.ts'
import { resolveWindow, ticksInWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `getRecentTicksQuery`. */
export interface RecentTicksOptions extends WindowOptions {
  /** How many at most. Default 100. */
  readonly limit?: number | undefined
}

/**
 * The newest ticks of a window, newest first, in the one order of ticks: time, then id (numeric
 * ids as numbers), then price, volume, side.
 */
export function getRecentTicksQuery(options: RecentTicksOptions = {}): Query<StoredTick> {
  const name = 'getRecentTicksQuery'
  const { limit, ...rest } = resolveOptions(name, options, {
    ...windowRules,
    limit: integer(1, 10_000_000, 100),
  })
  const window = resolveWindow(name, rest)
  const asked = query<StoredTick>(
    name,
    `SELECT timestamp AS "timestamp", price AS "price", volume AS "volume", side AS "side",
      trade_id AS "tradeId"
    FROM ticks WHERE ${ticksInWindow(window)}
    ORDER BY timestamp DESC, coalesce(length(trade_id), 0) DESC, coalesce(trade_id, '') DESC,
      price DESC, volume DESC, side DESC
    LIMIT ${limit}`,
    window.params,
  )
  const isOfAll = [window.from, window.to, window.asOf].every((bound) => bound === undefined)
  return isOfAll ? ofNewestTicks(asked, limit) : asked
}
