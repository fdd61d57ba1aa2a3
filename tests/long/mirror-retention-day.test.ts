import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { FillInput } from '../../src/mirror/model/fill.ts'
import type { OrderInput } from '../../src/mirror/model/order.ts'
import { ValkeyMirror } from '../../src/mirror/valkey-mirror.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { openOrder } from '../support/sample-orders.ts'
import { startValkey } from '../support/valkey.ts'
import { readWhole } from '../support/whole-mirror.ts'

const startMs = Date.UTC(2025, 5, 2)
const hourMs = 3_600_000
const all = 100_000
const perHour = Math.ceil(all / 24)

function timeOf(n: number): number {
  return startMs + Math.floor((n / all) * 24 * hourMs)
}

function orderAt(n: number, timestamp: number): { order: OrderInput; fill: FillInput } {
  const id = `o${n}`
  const symbol = n % 2 === 0 ? 'BTC/USDT' : 'ETH/USDT'
  const rest = { timestamp, lastUpdateTimestamp: timestamp }
  const done = { symbol, status: 'closed', filled: '1.00000000', cost: '2.5', ...rest }
  const fee = { cost: '0.00100000', currency: 'BNB' }
  const of = { id: `t${n}`, order: id, symbol, side: 'buy', price: '2.5', amount: '1.00000000' }
  return { order: openOrder(id, done), fill: { ...of, fee, timestamp } }
}

it(`${all} orders and trades of a day, kept for an hour: Valkey and the writer stay as they are`, async () => {
  await using server = await startValkey()
  await using reader = await readWhole(server.port)
  const clock = new ManualClock(startMs)
  const retention = { retainClosedMs: hourMs, retainFillsMs: hourMs }
  await using mirror = await ValkeyMirror.open({ url: server.url, clock, ...retention })
  const memory: number[] = []
  let [rss, most] = [0, 0]
  for (let hour = 0; hour < 24; hour++) {
    const last = Math.min((hour + 1) * perHour, all)
    for (let first = hour * perHour; first < last; first += 500) {
      const next = Math.min(first + 500, last)
      const some = Array.from({ length: next - first }, (_, index) =>
        orderAt(first + index, timeOf(first + index)),
      )
      await mirror.applyOrders(some.map(({ order }) => order))
      await mirror.applyFills(some.map(({ fill }) => fill))
      clock.set(timeOf(next))
      await mirror.prune()
      rss = Math.max(rss, process.memoryUsage.rss())
    }
    // The server gives memory back in its own time.
    await setTimeout(100)
    const info = String(await reader.send('INFO', 'memory'))
    memory.push(Number(/used_memory:(\d+)/.exec(info)![1]))
    most = Math.max(most, Number(await reader.send('HLEN', 'orders')))
  }
  console.info(
    `used_memory by hour, MB: ${memory.map((bytes) => (bytes / 1e6).toFixed(1)).join(' ')}`,
  )
  console.info(`most orders ${most}, RSS at most ${(rss / 1e6).toFixed(0)} MB`)
  // What an hour holds, and nothing of the hours before.
  expect(Math.max(...memory.slice(3))).toBeLessThan(memory[2]! * 1.1)
  expect(most).toBeLessThan(perHour + 1_000)
  const half = {
    side: 'buy',
    count: { USDT: all / 2 },
    amount: { USDT: `${all / 2}.00000000` },
    notional: { USDT: `${(all / 2) * 2.5}.000000000` },
    fee: { BNB: '50.00000000' },
  }
  expect(await mirror.getTradeStats()).toEqual([
    { ...half, base: 'BTC' },
    { ...half, base: 'ETH' },
  ])
  expect(await mirror.drift()).toEqual([])
})
