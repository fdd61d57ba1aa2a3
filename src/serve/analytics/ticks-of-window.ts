import { integer, optional, resolveOptions } from '../../options.ts'
import type { Query } from '../../queries/query.ts'
import { ticksInOrderQuery } from '../../queries/ticks-in-order.ts'
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

/** The ticks of a window, oldest first, in the one order of ticks. */
export function ticksOfWindowQuery(options: TicksOfWindowOptions = {}): Query<StoredTick> {
  const name = 'ticksOfWindowQuery'
  const { limit, ...rest } = resolveOptions(name, options, {
    ...windowRules,
    limit: optional(integer(1, 1e9, 1)),
  })
  const window = resolveWindow(name, rest)
  return ticksInOrderQuery(
    name,
    {
      select: `timestamp AS "timestamp", price AS "price", volume AS "volume", side AS "side", trade_id AS "tradeId"`,
      where: ticksInWindow(window),
      limit,
    },
    window.params,
  )
}
