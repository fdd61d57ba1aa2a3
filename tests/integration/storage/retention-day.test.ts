import { expect, it } from 'vitest'
import { simulateRetention } from '../../../bench/storage/retention-day.ts'
import { temporaryFolder } from '../../support/store.ts'

// 24 hours of it are bench/retention-24h.ts. In 45 minutes every cleanup from the 20th minute on
// deletes as much as came, and a reader holds its query open over one of them.
it('file and WAL stay within 3 times the live rows, or 2 MB more, under 50 ticks/s', async () => {
  const day = await simulateRetention(temporaryFolder(), 45)
  expect(day.commits).toBe(45 * 60 * 5)
  expect(day.cleanups).toBe(8)
  expect(day.freshBytes).toBeGreaterThan(500_000)
  expect(day.worstShareOfBound).toBeGreaterThan(0.1)
  expect(day.worstShareOfBound).toBeLessThanOrEqual(1)
})
