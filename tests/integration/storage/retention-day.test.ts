import { expect, it } from 'vitest'
import { simulateRetention } from '../../../bench/storage/retention-day.ts'
import { memoryFolder } from '../../support/store.ts'

const hours = 24

// From the 20th minute on every cleanup deletes as much as came; now and then a reader holds its
// query open over one of them.
it('file and WAL stay within 3 times the live rows, or 2 MB more, over a day of 50 ticks/s', async () => {
  const day = await simulateRetention(memoryFolder(), hours * 60)
  expect(day.commits).toBe(hours * 3600 * 5)
  expect(day.cleanups).toBe(hours * 12 - 1)
  expect(day.freshBytes).toBeGreaterThan(500_000)
  expect(day.worstShareOfBound).toBeGreaterThan(0.1)
  expect(day.worstShareOfBound).toBeLessThanOrEqual(1)
}, 900_000)
