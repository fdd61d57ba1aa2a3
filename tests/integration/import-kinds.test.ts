import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it } from 'vitest'
import { getCandlesQuery, type Timeframe } from '../../src/index.ts'
import { shareImports } from '../support/imported-text.ts'
import { storedTicks } from '../support/store-rows.ts'
import { openManager, temporaryFolder } from '../support/store.ts'

const { importedText, refusedText } = shareImports()

// Further members of the kinds of the collected cases (import-cases.test.ts), each made here.
const at = Date.UTC(2024, 0, 1)
const pair = 'a/b/C'

async function written(text: string): Promise<string> {
  const file = join(temporaryFolder(), 'file')
  await writeFile(file, text)
  return file
}

it.each([
  [
    'tardis',
    `exchange,symbol,timestamp,local_timestamp,id,side,price,amount\nx,X,${at}001,${at}002,7,buy,10.5,2\nx,X,${at}001,${at}002,8,buy,10.5,2\n`,
  ],
  ['Kraken REST', `10.5,2,${at / 1000}.25,b,l,,7\n10.5,2,${at / 1000}.25,b,l,,8\n`],
])('an id in a column of its own keeps a second import from adding: %s', async (_, text) => {
  const store = await openManager()
  const file = await written(text)
  expect(await store.importTicks(pair, file)).toMatchObject({ inserted: 2 })
  expect(await store.importTicks(pair, file)).toMatchObject({ inserted: 0, duplicates: 2 })
})

it.each([
  ['symbol', `timestamp,symbol,price,amount,side,id`],
  ['coin', `time,coin,px,sz,side,tid`],
])('instruments in a column called %s are not mixed', async (column, header) => {
  const content = `${header}\n${at},A,1,2,buy,1\n${at},B,9,2,buy,2\n${at},A,1,2,sell,3\n`
  expect(await refusedText(content)).toMatch(new RegExp(`\`${column}\` has \`A\`, \`B\`.*--where`))
  const { ticks, report } = await importedText(content, { where: { [column]: 'A' } })
  expect(ticks.map(({ price, tradeId }) => [price, tradeId])).toEqual([
    [1, '1'],
    [1, '3'],
  ])
  expect(report.filtered).toBe(1)
})

it.each([
  [
    'lines of JSON',
    [1, 2].map((price) => `{"time":${at},"price":${price},"size":1,"side":"buy","tid":5}\n`),
    2,
  ],
  [
    'far down',
    [
      'time,price,size,side,order_id\n',
      ...Array.from({ length: 2500 }, (_, row) => `${at + row},1,1,buy,${Math.min(row, 2498)}\n`),
    ],
    2501,
  ],
])('several fills under one id are said with their first line: %s', async (_, lines, line) => {
  const column = line === 2 ? 'tid' : 'order_id'
  const columns = { tradeId: column }
  const { report } = await importedText(lines.join(''), { columns })
  expect(report.notes.join()).toMatch(
    new RegExp(`1 row was not stored, the first at line ${line}: .*\`${column}\`.*--id-scope`),
  )
})

it.each(['1s', '4h', '1d'] as const)('candles of %s are there without a word more', async (bar) => {
  const store = await openManager({ candles: [bar] })
  const file = await written(`time,open,high,low,close,volume\n${at},1,3,1,2,10\n`)
  await store.importCandles(pair, bar, file)
  expect(await store.query(pair, getCandlesQuery({ timeframe: bar }))).toMatchObject([
    { timestamp: at, open: 1, close: 2, volume: 10 },
  ])
})

it.each<[Timeframe, Timeframe, number]>([
  ['1h', '4h', 3_600_000],
  ['15m', '30m', 900_000],
])('of candles of %s those of %s are made', async (given, asked, ms) => {
  const store = await openManager({ candles: [given] })
  const rows = [0, 1, 2, 3].map((bar) => `${at + bar * ms},${bar + 1},9,1,${bar + 2},10\n`)
  await store.importCandles(pair, given, await written(`time,o,h,l,c,v\n${rows.join('')}`), {
    columns: { open: 'o', high: 'h', low: 'l', close: 'c', volume: 'v' },
  })
  const bars = await store.query(pair, getCandlesQuery({ timeframe: asked }))
  expect(bars.map(({ open, close, volume }) => [open, close, volume])).toEqual(
    asked === '4h'
      ? [[1, 5, 40]]
      : [
          [1, 3, 20],
          [3, 5, 20],
        ],
  )
})

it('numbers in 32 bits are the decimals that gave them, large and small, and equal to text', async () => {
  const file = join(temporaryFolder(), 'trades.parquet')
  const engine = await DuckDBInstance.create(':memory:')
  const connection = await engine.connect()
  await connection.run(
    `COPY (SELECT ${at} + i AS time, [0.1, 1e-7, 98765.4][i + 1]::FLOAT AS price, 0.3::FLOAT AS size,
       'buy' AS side, i AS id FROM range(3) AS r(i)) TO '${file}' (FORMAT parquet)`,
  )
  connection.closeSync()
  engine.closeSync()
  const store = await openManager()
  await store.importTicks(pair, file)
  const ticks = await storedTicks(store, pair)
  expect(ticks.map(({ price, volume }) => [price, volume])).toEqual([
    [0.1, 0.3],
    [1e-7, 0.3],
    [98_765.4, 0.3],
  ])
  const rows = ticks.map(({ price }, id) => `${at + id},${price},0.3,buy,${id}\n`).join('')
  const text = await written(`time,price,size,side,id\n${rows}`)
  expect(await store.importTicks(pair, text)).toMatchObject({ duplicates: 3, conflicts: 0 })
})

it.each([
  ['seconds, then milliseconds', `${at / 1000}`, `${at}`, 'milliseconds'],
  ['microseconds, then nanoseconds', `${at}000`, `${at}000000`, 'nanoseconds'],
  ['milliseconds, then seconds', `${at}`, `${at / 1000}`, 'seconds'],
])('a file whose times change their unit is refused at that line: %s', async (_, a, b, unit) => {
  const content = `time,price,size,side\n${a},1,1,buy\n${a},1,1,buy\n${b},1,1,buy\n`
  expect(await refusedText(content)).toMatch(
    new RegExp(`line 4: .*it is a time in ${unit}.*the unit changes here`),
  )
})

it('ids that are stored with other values are said: the file may be of another instrument', async () => {
  const store = await openManager()
  expect((await store.importTicks(pair, await written(twoTrades(10)))).notes).toEqual([])
  expect((await store.importTicks(pair, await written(twoTrades(10)))).notes).toEqual([])
  const other = await store.importTicks(pair, await written(twoTrades(99)))
  expect(other).toMatchObject({ inserted: 0, conflicts: 2 })
  expect(other.notes).toEqual([
    expect.stringMatching(/^2 rows were not stored: .*another price.*a pair of its own$/),
  ])
})

function twoTrades(price: number): string {
  return `time,price,size,side,id\n${at},${price},1,buy,1\n${at + 1},${price},1,buy,2\n`
}
