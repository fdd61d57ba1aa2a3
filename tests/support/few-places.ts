import { expect } from 'vitest'
import { openManager, someTicks, sql } from './store.ts'

/** Writes to `count` pairs at once through 5 places of a pool, and reads every fifth again. */
export async function expectAllThroughFive(count: number): Promise<void> {
  const db = await openManager({ maxConnections: 5, acquireTimeoutMs: 120_000 })
  const pairs = Array.from({ length: count }, (_, index) => `x/spot/P${index}`)
  await Promise.all(
    pairs.map(async (pair, index) => {
      await db.insertTicks(pair, someTicks(2, { price: index + 1 }))
      expect(db.stats().size).toBeLessThanOrEqual(5)
    }),
  )
  const every5th = pairs.filter((_, index) => index % 5 === 0)
  const lows = await Promise.all(
    every5th.map(async (pair) => {
      const [row] = await db.query(
        pair,
        sql<{ n: number; low: number }>('SELECT count(*) AS n, min(price) AS low FROM ticks'),
      )
      return row!.n === 2 ? row!.low : Number.NaN
    }),
  )
  expect(lows).toEqual(every5th.map((_, index) => index * 5 + 1))
  expect(db.stats()).toMatchObject({ size: 5, active: 0, waiting: 0 })
}
