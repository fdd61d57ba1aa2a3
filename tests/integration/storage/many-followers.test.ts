import { expect, it } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import type { MarketStore } from '../../../src/storage/market-store.ts'
import { openManager, someTicks, sql } from '../../support/store.ts'
import { untilWarned, warnings } from '../../support/warnings.ts'

const pairs = Array.from({ length: 12 }, (_, number) => `x/spot/A${number}`)

async function followed(store: MarketStore): Promise<void> {
  const followers = pairs.map((pair) => store.follow(pair, sql('SELECT 1 AS x')))
  for (const follower of followers) expect(await follower.next()).toMatchObject({ done: false })
  await untilWarned()
  for (const follower of followers) await follower.return()
}

it('many followers of a store that is here, and of one that is not, are no warning', async () => {
  const db = await openManager()
  for (const pair of pairs) await db.insertTicks(pair, someTicks(1))
  const told = warnings()
  await using remote = await connect({ dataDir: db.dataDir })
  await followed(db)
  await followed(remote)
  expect(told).toEqual([])
})
