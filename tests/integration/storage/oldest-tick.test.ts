import { DuckDBConnection } from '@duckdb/node-api'
import { expect, it, vi } from 'vitest'
import type { DatabaseManager } from '../../../src/index.ts'
import {
  calculateCvdBarsQuery,
  calculateCvdQuery,
  query as ownQuery,
  type Cvd,
  type Query,
} from '../../../src/queries/index.ts'
import { fewTicks } from '../../../src/schema/total-sources.ts'
import { openManager, someTicks } from '../../support/store.ts'

const [pair, other] = ['x/spot/A', 'x/spot/B']
const start = Date.UTC(2026, 0, 5, 12)

const newest = calculateCvdQuery({ from: start + 299_000_000 })

async function coveredFrom(db: DatabaseManager, query: Query<Cvd> = newest): Promise<unknown> {
  return (await db.query(pair, query))[0]?.coveredFrom
}

it('of many ticks is found without looking at all, and is that of the file whoever wrote to it', async () => {
  const db = await openManager({ retention: 'forever' })
  await db.insertTicks(pair, someTicks(fewTicks, { from: start, stepMs: 1000 }))
  await db.cleanupPair(pair)
  const prepare = vi.spyOn(DuckDBConnection.prototype, 'prepare')
  expect(await coveredFrom(db)).toBe(start)
  const known = `SELECT make_timestamp(${start * 1000}) AS timestamp`
  expect(prepare.mock.calls.at(-1)).toEqual([expect.stringContaining(known)])
  prepare.mockRestore()
  const late = start - 0.75
  await db.insertTicks(pair, [{ ...someTicks(1)[0]!, timestamp: late, tradeId: 'late' }])
  expect(await coveredFrom(db)).toBe(late)

  // By a connection that was lent of another pair: nobody knows that this one's file was written to.
  await db.insertTicks(other, someTicks(1))
  await using lease = await db.acquire(pair)
  await db.withConnection(other, ({ connection }) =>
    connection.run(
      `DELETE FROM ${lease.alias}.main.ticks WHERE timestamp < make_timestamp(${(start + 60_000) * 1000})`,
    ),
  )
  expect(await coveredFrom(db)).toBe(start + 60_000)
})

it.each([calculateCvdQuery({}), calculateCvdBarsQuery({ timeframe: '1m' })])(
  'a text that a caller put around that of $name is of his rows, whatever is known of the file',
  async (query) => {
    const db = await openManager({ retention: 'forever' })
    const volumes = someTicks(200, { from: start, stepMs: 1000 })
    await db.insertTicks(
      pair,
      volumes.map((tick, at) => ({ ...tick, volume: 1 + (at % 2), side: 'BUY' })),
    )
    const within = {
      ...query,
      sql: `WITH ticks AS (FROM main.ticks WHERE volume > 1) SELECT * FROM (${query.sql})`,
    }
    const before = await db.query<object>(pair, within)
    await db.cleanupPair(pair)
    expect(await db.query<object>(pair, within)).toEqual(before)
    const own = ownQuery<object>('mine', within.sql, query.params)
    expect(await db.query(pair, own)).toEqual(before)
  },
)
