/**
 * A writer to be killed: mirrors hour after hour of the account from one on, and lets go of each when
 * it is over. It tells when it begins to and when it is done.
 */
import { ValkeyMirror } from '../../src/mirror/valkey-mirror.ts'
import { accountHour, hourMs } from './long-lived-account.ts'
import { ManualClock } from './manual-clock.ts'

const [url, from] = process.argv.slice(2)
const clock = new ManualClock(accountHour(Number(from)).endMs)
const options = { clock, retainClosedMs: hourMs, retainFillsMs: hourMs }
const mirror = await ValkeyMirror.open({ url: url!, ...options })
for (let hour = Number(from); ; hour++) {
  const { orders, fills, endMs } = accountHour(hour)
  await mirror.applyOrders(orders)
  await mirror.applyFills(fills)
  clock.set(endMs + hourMs)
  process.send!({ pruning: hour })
  const startedAt = performance.now()
  await mirror.prune()
  process.send!({ pruned: hour, tookMs: performance.now() - startedAt })
}
