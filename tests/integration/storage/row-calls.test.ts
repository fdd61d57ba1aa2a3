import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InsertRows } from '../../../src/schema/insert-columns.ts'
import type { Tick } from '../../../src/schema/rows.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { openManager, someTicks, sql } from '../../support/store.ts'

const bar = Date.UTC(2024, 7, 8, 12)

function flowOf(minute: number, cvd: number): InsertRows['order_flow'] {
  const timestamp = bar + minute * 60_000
  const volumes = { delta: cvd, buyVolume: cvd, sellVolume: 0, imbalanceRatio: null }
  return { timestamp, timeframe: '1m', cvd, ...volumes, knownAt: timestamp + 60_000 }
}

function candleOf(minute: number, price: number): InsertRows['candles'] {
  const prices = { open: price, high: price, low: price, close: price }
  return { timestamp: bar + minute * 60_000, ...prices, volume: 1 }
}

/** Of one time whenever it is asked for: both pairs are given the same. */
function oneTick(number: number): Tick[] {
  return someTicks(1, { first: number, from: bar + number * 1000 })
}

/** Calls of both tables, each with its rows as [minute, value]. */
const someCalls = fc.array(
  fc.record({
    table: fc.constantFrom('order_flow', 'candles', 'ticks'),
    rows: fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 1000 })), {
      maxLength: 4,
    }),
  }),
  { maxLength: 12, size: 'max' },
)

describe('calls with rows of other tables', () => {
  it('that come at once count and store as those that wait for each other', async () => {
    const db = await openManager({ retention: 'forever' })
    let run = 0
    await fc.assert(
      fc.asyncProperty(someCalls, async (calls) => {
        const [together, apart] = [`x/spot/T${++run}`, `x/spot/A${run}`]
        let ticks = 0
        const send = (pair: string, { table, rows }: (typeof calls)[number]): Promise<unknown> => {
          if (table === 'ticks') return db.insertTicks(pair, oneTick(++ticks))
          if (table === 'candles')
            return db.insertCandles(
              pair,
              '1m',
              rows.map(([minute, price]) => candleOf(minute, price)),
            )
          return db.insertOrderFlow(
            pair,
            rows.map(([minute, cvd]) => flowOf(minute, cvd)),
          )
        }
        for (const pair of [together, apart]) await db.insertTicks(pair, oneTick(0))
        const atOnce = await Promise.all(calls.map((call) => send(together, call)))
        ticks = 0
        const inTurn: unknown[] = []
        for (const call of calls) inTurn.push(await send(apart, call))
        expect(atOnce).toEqual(inTurn)
        for (const text of [
          'SELECT * FROM order_flow ORDER BY timestamp',
          'SELECT * FROM candles_1m ORDER BY timestamp',
        ])
          expect(await db.query(together, sql(text))).toEqual(await db.query(apart, sql(text)))
      }),
      { numRuns: propertyRuns(4) },
    )
  })

  it('hold up no tick by their number', { timeout: 30_000 }, async () => {
    const db = await openManager({ retention: 'forever' })
    const pair = 'x/spot/A'
    await db.insertTicks(pair, someTicks(1))
    const calls = Array.from({ length: 4000 }, (_, minute) =>
      db.insertOrderFlow(pair, [flowOf(minute, minute)]),
    )
    expect(await db.insertTicks(pair, someTicks(1, { first: 2 }))).toMatchObject({ inserted: 1 })
    const counts = await Promise.all(calls)
    expect(counts.every(({ inserted }) => inserted === 1)).toBe(true)
    expect(await db.query(pair, sql('SELECT count(*) AS n FROM order_flow'))).toEqual([{ n: 4000 }])
  })
})
