import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { array, assert, asyncProperty, constantFrom, integer, shuffledSubarray } from 'fast-check'
import { expect, it } from 'vitest'
import { calculateCvdQuery, type DatabaseManager } from '../../src/index.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { openManager, temporaryFolder } from '../support/store.ts'

const from = Date.UTC(2024, 0, 1)
const second = 1000

/** Trades under these ids, one a second. */
function rows(ids: readonly number[]): string {
  const lines = ids.map((id) => `${id},100,1,${from + id * second},true\n`)
  return `id,price,qty,time,is_buyer_maker\n${lines.join('')}`
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}

/** What the ledger says is missing, as `after-before`. */
async function missing(store: DatabaseManager, pair: string): Promise<string[]> {
  const gaps = await store.gaps(pair)
  return gaps
    .filter(({ state }) => state !== 'filled')
    .map(({ state, fromId, toId }) => `${fromId}-${toId} ${state}`)
}

it('a hole among consecutive ids is in the ledger, and closed by the file that fills it', async () => {
  const store = await openManager()
  const folder = temporaryFolder()
  const pair = 'binance/spot/BTCUSDT'
  const days = { first: range(10, 20), second: range(21, 30), third: [31, 32, 33, 36, 37] }
  for (const [name, ids] of Object.entries(days))
    await writeFile(join(folder, `${name}.csv`), rows(ids))
  const imported = (name: string) => store.importTicks(pair, join(folder, `${name}.csv`))
  expect((await imported('first')).notes).toEqual([])
  const { notes } = await imported('third')
  expect(notes).toEqual([expect.stringMatching(/12 trade ids are missing in 2 places/)])
  expect(await missing(store, pair)).toEqual(['20-31 open', '33-36 open'])
  const window = { from: from + 10 * second, to: from + 32 * second }
  expect(await store.query(pair, calculateCvdQuery(window))).toMatchObject([{ complete: false }])
  expect((await imported('second')).notes).toEqual([])
  expect(await missing(store, pair)).toEqual(['33-36 open'])
  expect(await store.query(pair, calculateCvdQuery(window))).toMatchObject([{ complete: true }])
  // Again: nothing new, and nothing noted twice.
  await imported('third')
  expect(await store.gaps(pair)).toHaveLength(2)
})

it('between many files, whatever came of the one before', async () => {
  const store = await openManager()
  const folder = temporaryFolder()
  const pair = 'binance/spot/MANY'
  const bad = rows(range(31, 60)).replace('45,100', '45,nothing')
  const days = [rows(range(1, 30)), bad, rows(range(61, 90)), rows(range(93, 120))]
  for (const [day, text] of days.entries()) await writeFile(join(folder, `${day}.csv`), text)
  // What another import stored before is there for each of them.
  const between = join(temporaryFolder(), 'between.csv')
  await writeFile(between, rows([92]))
  await store.importTicks(pair, between)
  const { files, failed } = await store.importFiles(pair, folder)
  expect(failed).toBe(1)
  expect(await missing(store, pair)).toEqual(['44-61 open', '90-92 open'])
  expect(files[2]!.report!.notes.join()).toMatch(/17 trade ids are missing in 2 places/)
  await writeFile(join(folder, '1.csv'), rows(range(31, 60)))
  expect((await store.importFiles(pair, folder)).imported).toBe(1)
  expect(await missing(store, pair)).toEqual(['90-92 open'])
})

it('ids that come far behind their place in a file are not said to be missing', async () => {
  const store = await openManager()
  const file = join(temporaryFolder(), 'behind.csv')
  const behind = [...range(101, 109), 150_001]
  const late = new Set([70, ...behind])
  const ids = [...range(1, 200_000).filter((id) => !late.has(id)), ...behind]
  await writeFile(file, rows(ids))
  const { notes } = await store.importTicks('binance/spot/BEHIND', file)
  expect(notes.filter((note) => note.includes('missing'))).toEqual([
    expect.stringMatching(/one trade id is missing in one place/),
  ])
  expect(await missing(store, 'binance/spot/BEHIND')).toEqual(['69-71 open'])
})

it('ids that count something else as well are no holes', async () => {
  const store = await openManager()
  const file = join(temporaryFolder(), 'shared.csv')
  await writeFile(file, rows(range(1, 100).filter((id) => id % 3 > 0 || id % 7 === 0)))
  expect((await store.importTicks('x/spot/SHARED', file)).notes).toEqual([])
  expect(await store.gaps('x/spot/SHARED')).toEqual([])
})

it('the ledger misses what is missing among the stored ids, whatever came first', async () => {
  const store = await openManager()
  const folder = temporaryFolder()
  let run = 0
  await assert(
    asyncProperty(
      array(integer({ min: 2, max: 60 }), { maxLength: 12 }),
      array(integer({ min: 3, max: 58 }), { minLength: 1, maxLength: 3 }),
      shuffledSubarray([0, 1, 2, 3], { minLength: 1 }),
      shuffledSubarray(range(20, 30), { maxLength: 5 }),
      constantFrom(3, 7, 1000),
      async (left, cuts, order, live, batchRows) => {
        const pair = `binance/spot/P${run++}`
        const there = range(1, 61).filter((id) => !left.includes(id))
        const bounds = [0, ...cuts.sort((a, b) => a - b), 61]
        const parts = bounds
          .slice(1)
          .map((to, at) => there.filter((id) => id > bounds[at]! && id <= to))
        const stored = new Set(live)
        await store.insertTicks(
          pair,
          live.map((id) => ({
            timestamp: from + id * second,
            price: 100,
            volume: 1,
            side: 'SELL',
            tradeId: String(id),
          })),
        )
        for (const at of order) {
          if ((parts[at] ?? []).length === 0) continue
          const file = join(folder, `${run}-${at}.csv`)
          await writeFile(file, rows(parts[at]!))
          await store.importTicks(pair, file, { batchRows })
          for (const id of parts[at]!) stored.add(id)
        }
        const sorted = [...stored].sort((a, b) => a - b)
        const expected = sorted.flatMap((id, at) =>
          at > 0 && id - sorted[at - 1]! > 1 ? [`${sorted[at - 1]}-${id} open`] : [],
        )
        const known = await missing(store, pair)
        // Nothing that is there is missing; what lies between live trades no import looked at.
        const found = live.length === 0 ? expected : expected.filter((hole) => known.includes(hole))
        expect(known).toEqual(found)
      },
    ),
    { numRuns: propertyRuns(6) },
  )
})

it('trades and aggregated trades of Binance never meet in one pair', async () => {
  const store = await openManager()
  const folder = temporaryFolder()
  const [trades, aggregates] = [join(folder, 'trades.csv'), join(folder, 'aggregates.csv')]
  await writeFile(trades, rows([1, 2, 3]))
  await writeFile(
    aggregates,
    `5,100,1,7,9,${from},true,true\n6,100,1,10,10,${from + 1},true,true\n`,
  )
  await store.importTicks('binance/spot/A', trades)
  await expect(store.importTicks('binance/spot/A', aggregates)).rejects.toMatchObject({
    code: 'ID_SPACE',
  })
  await store.importTicks('binance/spot/B', aggregates)
  await expect(store.claimIdSpace('binance/spot/B', 'binance trades')).rejects.toMatchObject({
    code: 'ID_SPACE',
  })
  const idSpace = 'my own'
  await expect(store.importTicks('binance/spot/B', trades, { idSpace })).rejects.toMatchObject({
    code: 'ID_SPACE',
  })
})
