import { expect, it } from 'vitest'
import { playHistories } from '../../support/play-histories.ts'

// The 10,000 of them are in tests/long.
it('mirrors random histories to the truth, whole at every moment, also those that nobody saw', async () => {
  const seed = Number(process.env['PAIRDUCK_SEED'] ?? Date.now() % 2 ** 31)
  expect(await playHistories(2, seed)).toBeGreaterThan(4)
})
