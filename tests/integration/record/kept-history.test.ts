import { expect, it } from 'vitest'
import { isUnknown } from '../../../src/record/kept-history.ts'
import { openManager, someTicks } from '../../support/store.ts'

it('a pair is unknown until a trade or a rule is stored, though its file is there', async () => {
  const db = await openManager()
  expect(await isUnknown(db, 'x/spot/A')).toBe(true)
  // As a recorder leaves it that is killed right after.
  await db.claimIdSpace('x/spot/A', 'binance trades')
  expect(await isUnknown(db, 'x/spot/A')).toBe(true)
  await db.insertTicks('x/spot/A', someTicks(1))
  expect(await isUnknown(db, 'x/spot/A')).toBe(false)
  await db.setRetention('x/spot/B', 'forever')
  expect(await isUnknown(db, 'x/spot/B')).toBe(false)
})
