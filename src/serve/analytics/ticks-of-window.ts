import { integer, optional, resolveOptions } from '../../options.ts'
import { query, type Query } from '../../queries/query.ts'
import {
  resolveWindow,
  ticksInWindow,
  windowRules,
  type WindowOptions,
} from '../../queries/window.ts'
import type { StoredTick } from '../../schema/rows.ts'

export interface TicksOfWindowOptions extends WindowOptions {
  /** Only the oldest so many. Default: all of the window. */
  readonly limit?: number | undefined
}

/** The one order of ticks: time, then id (numeric ids as numbers), then price, volume, side. */
export const tickOrder = `timestamp, coalesce(length(trade_id), 0), coalesce(trade_id, ''), price, volume, side`

/** The ticks of a window, oldest first, in the one order of ticks. */
export function ticksOfWindowQuery(options: TicksOfWindowOptions = {}): Query<StoredTick> {
  const name = 'ticksOfWindowQuery'
  const { limit, ...rest } = resolveOptions(name, options, {
    ...windowRules,
    limit: optional(integer(1, 1e9, 1)),
  })
  const window = resolveWindow(name, rest)
  return query(
    name,
    `SELECT timestamp AS "timestamp", price AS "price", volume AS "volume", side AS "side",
      trade_id AS "tradeId"
    FROM ticks WHERE ${ticksInWindow(window)} ORDER BY ${tickOrder}
    ${limit === undefined ? '' : `LIMIT ${limit}`}`,
    window.params,
  )
}
