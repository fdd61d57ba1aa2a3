import { expect, it } from 'vitest'
import { pruneKills } from '../support/prune-kills.ts'

it('fifty writers killed while they remove what is old leave all exact, and nothing for ever', async () => {
  // Else the moments missed what they are about.
  expect(await pruneKills(50)).toBeGreaterThan(10)
})
