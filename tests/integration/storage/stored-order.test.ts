import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rowsOfBatch, type DatabaseManager, type Tick } from '../../../src/index.ts'
import type { Query } from '../../../src/queries/query.ts'
import { ticksOfWindowQuery } from '../../../src/serve/analytics/ticks-of-window.ts'
import { withoutNeedlessSort } from '../../../src/storage/duckdb/stored-order.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { shareManager, someTicks, sql } from '../../support/store.ts'

const start = Date.UTC(2024, 0, 1)
const manager = shareManager({ retention: 'forever' })
let pairs = 0

function newPair(): string {
  return `x/spot/P${pairs++}`
}

async function streamed(
  db: DatabaseManager,
  pair: string,
  query: Query<unknown>,
): Promise<unknown[]> {
  const stream = await db.streamColumns(pair, query)
  const rows: unknown[] = []
  for await (const batch of stream) rows.push(...rowsOfBatch(stream.columns, batch))
  return rows
}

/** What is run for all ticks of a pair: as they are stored, or sorted. */
async function howRead(db: DatabaseManager, pair: string): Promise<'stored' | 'sorted'> {
  const query = ticksOfWindowQuery()
  await using lease = await db.acquire(pair)
  const text = await withoutNeedlessSort(lease.connection, query)
  return text.includes('ORDER BY') ? 'sorted' : 'stored'
}

function tickAt(ms: number, tradeId: string, price = 100): Tick {
  return { timestamp: start + ms, price, volume: 1, side: 'BUY', tradeId }
}

describe('a stream of ticks', () => {
  it('is in their one order, however they came', async () => {
    const db = manager()
    const tick = fc
      .record({
        ms: fc.integer({ min: 0, max: 30 }),
        id: fc.option(fc.integer({ min: 1, max: 2000 })),
        price: fc.integer({ min: 1, max: 3 }),
        side: fc.constantFrom('BUY' as const, 'SELL' as const),
      })
      .map(({ ms, id, price, side }): Tick => ({
        timestamp: start + ms,
        price,
        volume: 1,
        side,
        ...(id === null ? {} : { tradeId: String(id) }),
      }))
    // Mostly in time order, as trades come: else no file would be read as it is stored.
    const call = fc
      .tuple(
        fc.array(tick, { minLength: 1, maxLength: 40, size: 'max' }),
        fc.integer({ max: 3, min: 0 }),
      )
      .map(([ticks, muddle]) =>
        muddle === 0 ? ticks : ticks.toSorted((a, b) => a.timestamp - b.timestamp),
      )
    const window = fc.record(
      { from: fc.integer({ min: 0, max: 30 }), limit: fc.integer({ min: 1, max: 60 }) },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { minLength: 1, maxLength: 3 }),
        window,
        async (calls, { from, limit }) => {
          const pair = newPair()
          for (const ticks of calls) await db.insertTicks(pair, ticks)
          const query = ticksOfWindowQuery({
            ...(from !== undefined && { from: start + from }),
            limit,
          })
          // `query` sorts whatever there is.
          expect(await streamed(db, pair, query)).toEqual(await db.query(pair, query))
        },
      ),
      { numRuns: propertyRuns(20) },
    )
  })

  it('is not sorted where the file holds them so, ids of one millisecond too', async () => {
    const db = manager()
    const pair = newPair()
    await db.insertTicks(pair, [tickAt(0, '9'), tickAt(0, '10'), tickAt(0, '11'), tickAt(1, '2')])
    expect(await howRead(db, pair)).toBe('stored')
    // Behind the last one, of the same time and a smaller id.
    await db.insertTicks(pair, [tickAt(1, '1')])
    expect(await howRead(db, pair)).toBe('sorted')
  })

  it('is sorted after a late one', async () => {
    const db = manager()
    const pair = newPair()
    await db.insertTicks(pair, [tickAt(1, '1'), tickAt(3, '3')])
    expect(await howRead(db, pair)).toBe('stored')
    await db.insertTicks(pair, [tickAt(2, '2')])
    expect(await howRead(db, pair)).toBe('sorted')
    const ids = (await streamed(db, pair, ticksOfWindowQuery())) as { readonly tradeId: string }[]
    expect(ids.map(({ tradeId }) => tradeId)).toEqual(['1', '2', '3'])
  })

  it('keeps the order over row groups of which some rows are deleted', async () => {
    const db = manager()
    const pair = newPair()
    const ticks = someTicks(45_000, { from: start })
    for (let at = 0; at < ticks.length; at += 9000)
      await db.insertTicks(pair, ticks.slice(at, at + 9000))
    await db.cleanupPair(pair, { now: start + 60_000, keep: { ticks: 40_000 } })
    expect(await howRead(db, pair)).toBe('stored')
    const rows = (await streamed(db, pair, ticksOfWindowQuery())) as {
      readonly timestamp: number
    }[]
    expect(rows.map(({ timestamp }) => timestamp)).toEqual(
      ticks.map(({ timestamp }) => timestamp).filter((time) => time >= start + 20_000),
    )
  })

  it('takes no text of a caller for the one that is not sorted', async () => {
    const db = manager()
    const pair = newPair()
    await db.insertTicks(pair, [tickAt(0, '1')])
    const query = {
      ...sql('SELECT * FROM ticks'),
      inOrder: { sql: 'DELETE FROM ticks', where: 'true' },
    }
    await expect(db.streamColumns(pair, query)).rejects.toMatchObject({ code: 'WRITE_REFUSED' })
    expect(await db.query(pair, sql('SELECT * FROM ticks'))).toHaveLength(1)
  })
})
