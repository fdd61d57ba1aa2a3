import { expect } from 'vitest'
import { simulateRetention } from '../../bench/storage/retention-day.ts'
import { memoryFolder } from './store.ts'

/**
 * Simulated hours of 50 ticks a second: file and write-ahead log stay within 3 times the live rows,
 * or 2 MB more. From the 20th minute on every cleanup deletes as much as came; now and then a
 * reader holds its query open over one of them.
 */
export async function expectBoundedFiles(hours: number): Promise<void> {
  const run = await simulateRetention(memoryFolder(), hours * 60)
  expect(run.commits).toBe(hours * 3600 * 5)
  expect(run.cleanups).toBe(hours * 12 - 1)
  expect(run.freshBytes).toBeGreaterThan(500_000)
  expect(run.worstShareOfBound).toBeGreaterThan(0.1)
  expect(run.worstShareOfBound).toBeLessThanOrEqual(1)
}
