/**
 * A writer with a whole day to mirror as fast as it can: orders that are filled at once, with a trade
 * each, retained for an hour of the day's own time. It tells the hours as they end, then its memory.
 */
import type { FillInput } from '../../src/mirror/model/fill.ts'
import type { OrderInput } from '../../src/mirror/model/order.ts'
import { ValkeyMirror } from '../../src/mirror/valkey-mirror.ts'
import { ManualClock } from './manual-clock.ts'

const startMs = Date.UTC(2025, 5, 2)
const hourMs = 3_600_000
const [url, orders, perCall] = process.argv.slice(2)
const all = Number(orders)
const perHour = Math.ceil(all / 24)

function timeOf(n: number): number {
  return startMs + Math.floor((n / all) * 24 * hourMs)
}

function symbolOf(n: number): string {
  return n % 2 === 0 ? 'BTC/USDT' : 'ETH/USDT'
}

/** Plain objects without detours: what they leave behind counts as the writer's memory, too. */
function orderAt(n: number): OrderInput {
  const timestamp = timeOf(n)
  return {
    id: `o${n}`,
    symbol: symbolOf(n),
    side: 'buy',
    type: 'limit',
    status: 'closed',
    price: '2.5',
    amount: '1.00000000',
    filled: '1.00000000',
    cost: '2.5',
    timestamp,
    lastUpdateTimestamp: timestamp,
  }
}

const fee = { cost: '0.00100000', currency: 'BNB' }

function fillAt(n: number): FillInput {
  return {
    id: `t${n}`,
    order: `o${n}`,
    symbol: symbolOf(n),
    side: 'buy',
    price: '2.5',
    amount: '1.00000000',
    fee,
    timestamp: timeOf(n),
  }
}

const clock = new ManualClock(startMs)
const mirror = await ValkeyMirror.open({ url: url!, clock, retainClosedMs: hourMs })
let rss = 0
for (let hour = 0; hour < 24; hour++) {
  const last = Math.min((hour + 1) * perHour, all)
  for (let first = hour * perHour; first < last; first += Number(perCall)) {
    const next = Math.min(first + Number(perCall), last)
    const numbers = Array.from({ length: next - first }, (_, index) => first + index)
    await mirror.applyOrders(numbers.map(orderAt))
    await mirror.applyFills(numbers.map(fillAt))
    clock.set(timeOf(next))
    await mirror.prune()
    rss = Math.max(rss, process.memoryUsage.rss())
  }
  process.send!({ hour })
  await new Promise((resolve) => process.once('message', resolve))
}
const drift = await mirror.drift()
await mirror.close()
process.send!({ rss, drift })
process.disconnect()
