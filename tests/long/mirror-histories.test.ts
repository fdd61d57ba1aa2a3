import { expect, it } from 'vitest'
import { playHistories } from '../support/play-histories.ts'

it('mirrors 10,000 random histories to the truth, whole at every moment', async () => {
  const seed = Number(process.env['PAIRDUCK_SEED'] ?? Date.now() % 2 ** 31)
  expect(await playHistories(20, seed)).toBeGreaterThan(40)
})
