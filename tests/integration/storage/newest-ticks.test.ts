import { DuckDBConnection } from '@duckdb/node-api'
import { expect, it, vi } from 'vitest'
import { getRecentTicksQuery } from '../../../src/index.ts'
import { openManager, someTicks } from '../../support/store.ts'

const pair = 'x/spot/A'
const start = Date.UTC(2026, 0, 5, 12)

it('the builder of the newest ticks is answered as recentTicks is, and by the file where that may hold others', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(500, { from: start, stepMs: 100 }))
  const newest = getRecentTicksQuery({ limit: 3 })
  const bySql = { ...newest }
  const wanted = await db.query(pair, bySql)
  expect(wanted.map(({ tradeId }) => tradeId)).toEqual(['500', '499', '498'])

  const prepare = vi.spyOn(DuckDBConnection.prototype, 'prepare')
  expect(await db.query(pair, newest)).toEqual(wanted)
  expect(await db.recentTicks(pair, 3)).toEqual(wanted)
  expect(prepare).not.toHaveBeenCalled()
  // Those of a stretch of time are asked of the file.
  for (const asked of [{ from: start }, { to: start + 10_000 }, { lookbackMinutes: 1 }]) {
    prepare.mockClear()
    await db.query(pair, getRecentTicksQuery({ limit: 3, ...asked }))
    expect(prepare).toHaveBeenCalled()
  }
  prepare.mockRestore()

  await using lease = await db.acquire(pair)
  await lease.connection.run(
    `INSERT INTO ticks SELECT * REPLACE ('own' AS trade_id, timestamp + INTERVAL 1 SECOND AS timestamp)
     FROM ticks WHERE trade_id = '500'`,
  )
  const found = async (): Promise<unknown[]> =>
    (await Promise.all([db.query(pair, newest), db.recentTicks(pair, 3)])).map((rows) =>
      rows.map(({ tradeId }) => tradeId),
    )
  const own = ['own', '500', '499']
  expect(await found()).toEqual([own, own])
  await lease.release()
  expect(await found()).toEqual([own, own])
})

it('a copy with another text asks for that', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(5, { from: start, stepMs: 100 }))
  const counted = { ...getRecentTicksQuery({ limit: 2 }), sql: 'SELECT count(*) AS n FROM ticks' }
  expect(await db.query(pair, counted)).toEqual([{ n: 5 }])
})
