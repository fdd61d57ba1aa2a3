import type { CcxtTrade } from '../ccxt/ccxt-objects.ts'
import { tradeTimeMs } from '../ccxt/trade-time.ts'
import type { Gap } from '../schema/gaps.ts'

/** A hole between two trades; the id of the first one may be unknown. */
export function holeBetween(
  before: CcxtTrade,
  after: CcxtTrade,
  state: Gap['state'],
  reason: string,
): Gap {
  const [from, to] = [tradeTimeMs(before)!, tradeTimeMs(after)!]
  return {
    // An exchange's clock may have gone back between them.
    fromTime: Math.min(from, to),
    toTime: Math.max(from, to),
    fromId: before.id?.toString() ?? null,
    toId: after.id?.toString() ?? null,
    state,
    reason,
    tries: 0,
    openedAt: Date.now(),
    closedAt: null,
  }
}
