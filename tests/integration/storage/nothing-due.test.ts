import { DuckDBConnection } from '@duckdb/node-api'
import { expect, it, vi } from 'vitest'
import type { DatabaseManager } from '../../../src/index.ts'
import { ticksInOrderQuery } from '../../../src/queries/ticks-in-order.ts'
import { openManager, someTicks } from '../../support/store.ts'

const pair = 'x/spot/A'
const minute = 60_000
const start = Date.UTC(2026, 0, 5, 12)
const hands = { now: start }

/** What a pass deletes, and the statements that it runs for that. */
async function pass(db: DatabaseManager): Promise<{ deleted: object; statements: number }> {
  const run = vi.spyOn(DuckDBConnection.prototype, 'run')
  const prepare = vi.spyOn(DuckDBConnection.prototype, 'prepare')
  try {
    const { deleted } = await db.cleanupPair(pair, { dueOnly: true })
    return { deleted, statements: run.mock.calls.length + prepare.mock.calls.length }
  } finally {
    run.mockRestore()
    prepare.mockRestore()
  }
}

/** An hour of ticks, of which a pass has deleted three quarters. */
async function cleaned(ticks: number): Promise<DatabaseManager> {
  hands.now = start + 60 * minute
  const db = await openManager({ clock: () => hands.now })
  await db.insertTicks(pair, someTicks(ticks, { from: start, stepMs: (60 * minute) / ticks }))
  expect((await pass(db)).deleted).toMatchObject({ ticks: (ticks * 3) / 4 })
  return db
}

it('a pass with nothing due asks an open file nothing', async () => {
  // Large enough to be looked at for holes.
  const db = await cleaned(180_000)
  const whole = await db.cleanupPair(pair)
  expect(whole.bytesAfter).toBeGreaterThan(2_000_000)
  hands.now += minute
  // What was written since the last look is looked at once.
  await pass(db)
  expect(await pass(db)).toEqual({ deleted: {}, statements: 0 })
  // Nor for ticks that came meanwhile; they only have to be in the file.
  await db.insertTicks(pair, someTicks(10, { from: hands.now, first: 1_000_000 }))
  await db.query(pair, { name: 'now', sql: 'SELECT count(*) FROM ticks', params: {} })
  expect(await pass(db)).toEqual({ deleted: {}, statements: 0 })
  hands.now += 5 * minute
  expect((await pass(db)).deleted).toMatchObject({ ticks: 18_000 })
})

const flow = (timestamp: number) => ({
  timestamp,
  timeframe: '1m' as const,
  cvd: 1,
  delta: 1,
  buyVolume: 1,
  sellVolume: 0,
  imbalanceRatio: null,
  knownAt: timestamp + minute,
  complete: null,
})

it('a row that is due is found, whoever wrote it', async () => {
  const db = await cleaned(3600)
  await pass(db)
  expect(await pass(db)).toEqual({ deleted: {}, statements: 0 })
  await db.insertOrderFlow(pair, [flow(start)])
  expect((await pass(db)).deleted).toEqual({ order_flow: 1 })
  await using lease = await db.acquire(pair)
  const old = `make_timestamp(${(start + minute) * 1000})`
  await lease.connection.run(
    `INSERT INTO order_flow BY NAME
     SELECT ${old} AS timestamp, '1m' AS timeframe, 1 AS cvd, 1 AS delta, 1 AS buy_volume,
       0 AS sell_volume, ${old} AS known_at`,
  )
  expect((await pass(db)).deleted).toEqual({ order_flow: 1 })
})

it('a late tick that is older than all others is due in its time, and the first of all until then', async () => {
  hands.now = start
  const ticks = { keepMs: 10 * minute, everyMs: 1 }
  const db = await openManager({ clock: () => hands.now, retention: { ticks } })
  const [early, late, last] = [
    someTicks(30, { from: start - 30 * minute, stepMs: minute }),
    someTicks(1, { from: start, first: 1000 }),
    someTicks(1, { from: start + 4 * minute, first: 2000 }),
  ]
  await db.insertTicks(pair, early)
  hands.now += 4 * minute
  await db.insertTicks(pair, last)
  hands.now = start + 9.5 * minute
  expect((await pass(db)).deleted).toMatchObject({ ticks: 30 })
  await db.insertTicks(pair, late)
  const first = { select: 'trade_id AS id', where: 'true', limit: 1 }
  expect(await db.query(pair, ticksInOrderQuery('first', first, {}))).toEqual([{ id: '1000' }])
  // Whatever makes it unknown what the file holds.
  await db.insertOrderFlow(pair, [flow(start)])
  hands.now = start + 12 * minute
  expect((await pass(db)).deleted).toMatchObject({ ticks: 1 })
})

it('a file that a raw lease has emptied is compacted by the next pass', async () => {
  hands.now = start
  const db = await openManager({ clock: () => hands.now })
  await db.insertTicks(pair, someTicks(10, { from: start, stepMs: 1 }))
  await db.withConnection(pair, ({ connection }) =>
    connection.run('CREATE TABLE large AS SELECT random() AS x FROM range(2000000)'),
  )
  await db.cleanupPair(pair)
  expect((await pass(db)).statements).toBe(0)
  const { bytesAfter } = await db.cleanupPair(pair, { dueOnly: true })
  await db.withConnection(pair, async ({ connection }) => {
    await connection.run('DROP TABLE large')
    await connection.run('CHECKPOINT')
  })
  const compacted = await db.cleanupPair(pair, { dueOnly: true })
  expect(compacted.bytesAfter).toBeLessThan(bytesAfter / 4)
})
