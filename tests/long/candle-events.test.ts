import { expect, it } from 'vitest'
import { openManager, someTicks } from '../support/store.ts'

it('every closed candle is told before the manager is closed, of pairs whose files are closed too', async () => {
  const db = await openManager({ maxConnections: 3, retention: 'forever' })
  const told: string[] = []
  const troubles: unknown[] = []
  db.on('candleClosed', ({ pair, timeframe }) => void (timeframe === '1m' && told.push(pair)))
  db.on('error', ({ error }) => troubles.push(error))
  const names = Array.from({ length: 60 }, (_, at) => `x/spot/M${at}`)
  const from = Math.floor(Date.now() / 60_000 - 60) * 60_000
  for (const minutes of [0, 1])
    await Promise.all(
      names.map((name) =>
        db.insertTicks(name, someTicks(1, { first: minutes + 1, from: from + minutes * 60_000 })),
      ),
    )
  await db.close()
  expect(troubles).toEqual([])
  expect(told.toSorted()).toEqual(names.toSorted())
})
