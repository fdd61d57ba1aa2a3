import { PairduckError } from '../../errors.ts'
import type { AbsentOrder } from '../stored/absent-order.ts'

/** An order that only trades told of is asked for no longer than this after the trade. */
const longestMs = 30 * 86_400_000
/** But so often at least, however old the trade is. */
const leastTries = 8
const maxAbsent = 10_000
/** So many fewer are left when there were too many, so that not every further one costs a look. */
const leeway = 500
const maxNamed = 20

/** What the limits go by. */
export interface AbsentAge {
  readonly nowMs: number
  readonly retainClosedMs: number | undefined
  /** How often an order was asked for without an answer. */
  readonly tries: (id: string) => number
}

/**
 * The orders, known by trades alone, that are given up: asked for in vain, with a trade that is as
 * old as closed orders are kept, or a month; and the oldest where there are more than 10,000.
 */
export function givenUp(
  absent: ReadonlyMap<string, AbsentOrder>,
  { nowMs, retainClosedMs = longestMs, tries }: AbsentAge,
): string[] {
  const beforeMs = nowMs - Math.min(retainClosedMs, longestMs)
  const old = [...absent.values()].filter(
    ({ id, tradedMs }) => tradedMs < beforeMs && tries(id) >= leastTries,
  )
  if (absent.size - old.length <= maxAbsent) return old.map(({ id }) => id)
  const oldestFirst = [...absent.values()].sort((a, b) => a.tradedMs - b.tradedMs)
  return oldestFirst.slice(0, absent.size - maxAbsent + leeway).map(({ id }) => id)
}

/** Whether there may be too many, which is quickly seen. */
export function isTooMany(absent: ReadonlyMap<string, AbsentOrder>): boolean {
  return absent.size > maxAbsent
}

/** What is told of them: nothing leaves in silence. */
export function givenUpError(ids: readonly string[]): PairduckError {
  const named = ids.slice(0, maxNamed).join(', ') + (ids.length > maxNamed ? ', …' : '')
  return new PairduckError(
    'EXCHANGE_INCOMPLETE',
    `${ids.length} orders of which only trades are mirrored are asked for no longer, and stay unmirrored: ${named}`,
    { list: 'orders', absent: ids },
  )
}
