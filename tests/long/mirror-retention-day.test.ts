import { expect, it } from 'vitest'
import { retentionDay } from '../support/retention-day.ts'

const all = 100_000
const perHour = Math.ceil(all / 24)

it(`${all} orders and trades of a day, kept for an hour: Valkey and the writer stay as they are`, async () => {
  const { memory, mostOrders, mostFills, rss } = await retentionDay(all, 100)
  console.info(
    `used_memory by hour, MB: ${memory.map((bytes) => (bytes / 1e6).toFixed(1)).join(' ')}`,
  )
  console.info(`most orders ${mostOrders}, RSS at most ${(rss / 1e6).toFixed(0)} MB`)
  // What an hour holds, and nothing of the hours before.
  expect(Math.max(...memory.slice(3))).toBeLessThan(memory[2]! * 1.1)
  expect(mostOrders).toBeLessThan(perHour + 1_000)
  expect(mostFills).toBeLessThan(perHour / 2 + 1_000)
  expect(rss).toBeLessThan(150e6)
})
