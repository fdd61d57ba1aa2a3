import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check'
import { expect, it } from 'vitest'
import type { DatabaseManager } from '../../src/index.ts'
import type { Tick } from '../../src/schema/rows.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { shareManager, sql, temporaryFolder } from '../support/store.ts'

const store = shareManager({ retention: 'forever' })
const from = Date.UTC(2024, 0, 1)

/** How the ids of some rows are made of a number. */
const kinds: Readonly<Record<string, (count: number) => string | null>> = {
  counted: String,
  zeros: (count) => `00${count}`,
  long: (count) => `9000000000000${count}`,
  twelve: (count) => String(999_999_990_000 + count),
  letters: (count) => `t${count}`,
  accents: (count) => `é${count}`,
  none: (count) => (count % 3 === 0 ? null : String(count)),
}

const piece = record({
  kind: constantFrom(...Object.keys(kinds)),
  rows: integer({ min: 1, max: 2200 }),
  /** Every so many rows one comes again, one comes late, one has another price under an old id. */
  again: integer({ min: 2, max: 900 }),
  late: integer({ min: 2, max: 900 }),
  other: integer({ min: 2, max: 900 }),
})

function ticksOf(
  pieces: readonly { kind: string; rows: number; again: number; late: number; other: number }[],
): Tick[] {
  const ticks: Tick[] = []
  for (const { kind, rows, again, late, other } of pieces)
    for (let row = 1; row <= rows; row++) {
      const count = ticks.length
      const before = ticks.at(-Math.min(row, 40))
      if (before !== undefined && row % again === 0) ticks.push(before)
      else if (before !== undefined && row % other === 0)
        ticks.push({ ...before, price: before.price + 1 })
      else {
        const id = kinds[kind]!(count)
        ticks.push({
          timestamp: from + count * 200 - (row % late === 0 ? 90_000 : 0) + (count % 1000) / 1000,
          price: 100 + (count % 7) / 10,
          volume: 0.5 + (count % 5),
          side: count % 3 === 0 ? 'BUY' : 'SELL',
          ...(id !== null && { tradeId: id }),
        })
      }
    }
  return ticks
}

function csvOf(ticks: readonly Tick[]): string {
  const lines = ticks.map(
    ({ timestamp, price, volume, side, tradeId = '' }) =>
      `${Math.round(timestamp * 1000)},${price},${volume},${side},${tradeId}\n`,
  )
  return `timestamp,price,volume,side,tradeId\n${lines.join('')}`
}

/** All that a pair holds of its trades. */
async function held(db: DatabaseManager, pair: string): Promise<unknown> {
  return Promise.all(
    [
      'SELECT * FROM ticks',
      'SELECT * FROM candles_1m ORDER BY timestamp',
      'SELECT * FROM candles_15m ORDER BY timestamp',
    ].map((text) => db.query(pair, sql(text))),
  )
}

let pairs = 0

it('a file gives what the same trades give as calls, whatever their ids are', async () => {
  const db = store()
  const file = join(temporaryFolder(), 'trades.csv')
  await assert(
    asyncProperty(
      array(piece, { minLength: 1, maxLength: 4 }),
      integer({ min: 1, max: 5000 }),
      async (pieces, batchRows) => {
        const ticks = ticksOf(pieces)
        const [called, imported] = [`test/spot/CALLED${pairs}`, `test/spot/IMPORTED${pairs++}`]
        await writeFile(file, csvOf(ticks))
        const given = await db.insertTicks(called, ticks)
        const report = await db.importTicks(imported, file, { batchRows, timeUnit: 'us' })
        expect(report).toMatchObject(given)
        expect(await held(db, imported)).toEqual(await held(db, called))
        // Memory has to know what went past it: a call after it is judged the same.
        const last = ticks
          .slice(-60)
          .map((tick) => ({ ...tick, price: tick.price + (tick.volume > 2 ? 1 : 0) }))
        expect(await db.insertTicks(imported, last)).toEqual(await db.insertTicks(called, last))
      },
    ),
    { numRuns: propertyRuns(6) },
  )
})

it('of a batch larger than memory keeps, what is old is asked of the file', async () => {
  const db = store()
  const file = join(temporaryFolder(), 'trades.csv')
  const ticks = ticksOf([{ kind: 'counted', rows: 50_000, again: 1e9, late: 1e9, other: 1e9 }])
  await writeFile(file, csvOf(ticks))
  const pair = 'test/spot/LARGE'
  expect(await db.importTicks(pair, file, { timeUnit: 'us' })).toMatchObject({
    inserted: 50_000,
    late: 0,
  })
  const some = [...ticks.slice(0, 50), ...ticks.slice(30_000, 30_050), ...ticks.slice(-50)]
  expect(await db.insertTicks(pair, some)).toMatchObject({ inserted: 0, duplicates: 150 })
  const changed = some.map((tick) => ({ ...tick, volume: tick.volume + 1 }))
  expect(await db.insertTicks(pair, changed)).toMatchObject({ inserted: 0, conflicts: 150 })
  expect(await db.importTicks(pair, file, { timeUnit: 'us' })).toMatchObject({
    inserted: 0,
    duplicates: 50_000,
  })
  expect((await db.recentTicks(pair, 100)).map(({ tradeId }) => tradeId)).toEqual(
    ticks
      .slice(-100)
      .map(({ tradeId }) => tradeId)
      .toReversed(),
  )
})
