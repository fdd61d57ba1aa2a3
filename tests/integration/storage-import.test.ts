import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import type {
  DatabaseManager,
  ImportOptions,
  ImportReport,
  TickColumnMap,
} from '../../src/index.ts'
import type { StoredTick } from '../../src/schema/rows.ts'
import { childProgram } from '../support/child-program.ts'
import { storedCandles, storedTicks } from '../support/store-rows.ts'
import { openManager, shareManager, temporaryFolder } from '../support/store.ts'

const manager = shareManager()
let pairs = 0
/** One that nothing is stored in yet. */
const freshPair = (): string => `import/spot/X${++pairs}`

const at = 1_723_161_599_000
const header = 'timestamp,price,volume,side,tradeId\n'
const buy = (ms: number, tradeId: string | null): StoredTick => ({
  timestamp: at + ms,
  price: 100,
  volume: 2,
  side: 'BUY',
  tradeId,
})

interface Imported {
  store: DatabaseManager
  pair: string
  report: ImportReport
  ticks: StoredTick[]
}

async function importText(
  text: string | Buffer,
  { name = 'trades.csv', ...options }: ImportOptions<TickColumnMap> & { name?: string } = {},
): Promise<Imported> {
  const file = join(temporaryFolder(), name)
  await writeFile(file, text)
  const store = manager()
  const pair = freshPair()
  const report = await store.importTicks(pair, file, options)
  return { store, pair, report, ticks: await storedTicks(store, pair) }
}

/** What an import that must stop says, and what it stored before. */
async function refused(
  text: string | Buffer,
  { name = 'trades.csv', ...options }: ImportOptions<TickColumnMap> & { name?: string } = {},
): Promise<{ error: unknown; ids: (string | null)[] }> {
  const file = join(temporaryFolder(), name)
  await writeFile(file, text)
  const store = manager()
  const pair = freshPair()
  const error: unknown = await store.importTicks(pair, file, options).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  // What fails before its first row makes no pair.
  const isStored = (await store.listPairs()).some(({ symbol }) => pair.endsWith(`/${symbol}`))
  const ticks = isStored ? await storedTicks(store, pair) : []
  return { error, ids: ticks.map(({ tradeId }) => tradeId) }
}

describe('a file of trades', () => {
  const rows = `${at},100,2,BUY,007\n${at + 1},100,2,buy,8\n${at + 2},100,2,Buy,\n`

  it.each([
    ['trades.csv', header + rows],
    ['trades.csv.gz', gzipSync(header + rows)],
    ['no ending, "quotes" & [brackets]', header + rows],
    ['windows.csv', `\ufeff${(header + rows).replaceAll('\n', '\r\n')}`],
    ['semicolons.csv', (header + rows).replaceAll(',', ';')],
    ['tabs.csv', (header + rows).replaceAll(',', '\t')],
    [
      'trades.jsonl',
      `{"timestamp":${at},"price":100,"volume":2,"side":"BUY","tradeId":"007"}\n
{"timestamp":${at + 1},"price":"100","volume":"2","side":"buy","tradeId":8}
{"side":"Buy","timestamp":"${at + 2}","price":1e2,"volume":2.0,"tradeId":null,"more":[1,{}]}\n`,
    ],
  ])('%s: text, ids with leading zeros, sides in any case', async (name, text) => {
    const { ticks, report } = await importText(text, { name })
    expect(ticks).toEqual([buy(0, '007'), buy(1, '8'), buy(2, null)])
    expect(report).toMatchObject({
      inserted: 3,
      timeUnit: 'ms',
      timeUnitGuessed: true,
      rejected: 0,
    })
  })

  it('as Parquet, with the types that its columns have', async () => {
    const file = join(temporaryFolder(), 'trades.parquet')
    await duckDb(
      `COPY (SELECT make_timestamp(${at * 1000} + i) AS time, 100.5::DECIMAL(18, 8) AS price,
               2::FLOAT AS size, i % 2 = 0 AS is_buyer_maker, i AS id FROM range(3000) r(i))
       TO '${file}' (FORMAT parquet)`,
    )
    const store = manager()
    const pair = freshPair()
    expect(await store.importTicks(pair, file)).toMatchObject({ inserted: 3000 })
    expect((await storedTicks(store, pair))[2999]).toEqual({
      timestamp: at + 2.999,
      price: 100.5,
      volume: 2,
      side: 'BUY',
      tradeId: '2999',
    })
  })

  it('from standard input, once read to its end', async () => {
    const dataDir = temporaryFolder()
    const pair = freshPair()
    const program = await childProgram(new URL('../support/stdin-import.ts', import.meta.url))
    const report = await new Promise<string>((resolve, reject) => {
      const child = execFile(process.execPath, [program, dataDir, pair], (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(stderr)),
      )
      const many = Array.from({ length: 20_000 }, (_, k) => `${at + k},100,2,BUY,${k}\n`)
      child.stdin!.end(header + many.join(''))
    })
    expect(JSON.parse(report)).toMatchObject({ inserted: 20_000, duplicates: 0 })
    const store = await openManager({ dataDir })
    expect((await storedTicks(store, pair))[19_999]).toEqual(buy(19_999, '19999'))
  })
})

describe('ids', () => {
  const trade = `make_timestamp(${at * 1000}) AS time, 100 AS price, 2 AS size, 'BUY' AS side`
  const parquet = async (id: string): Promise<string> => {
    const file = join(temporaryFolder(), 'trades.parquet')
    // The trades 3735693015, 3735693016 and one without an id, and perhaps another one.
    await duckDb(`COPY (SELECT ${trade}, ${id}) TO '${file}' (FORMAT parquet)`)
    return file
  }

  it.each(['DOUBLE', 'DECIMAL(20, 4)', 'DECIMAL(38, 0)', 'VARCHAR', 'BIGINT'])(
    'as %s in Parquet are those of a CSV file, with and without `.0`',
    async (type) => {
      const file = await parquet(`unnest([3735693015, 3735693016, NULL])::${type} AS id`)
      const rows = `${header}${at},100,2,BUY,3735693015\n${at},100,2,BUY,3735693016\n`
      const plain = await importText(rows)
      expect(await plain.store.importTicks(plain.pair, file)).toMatchObject({
        inserted: 1,
        duplicates: 2,
      })
      const pandas = await importText(rows.replaceAll(/(?<=BUY,\d+)\n/g, '.0\n'))
      expect(await pandas.store.importTicks(pandas.pair, file)).toMatchObject({
        inserted: 1,
        duplicates: 2,
      })
      expect(new Set(pandas.ticks.map(({ tradeId }) => tradeId))).toEqual(
        new Set(['3735693015', '3735693016']),
      )
    },
  )

  it.each([
    ['a fraction', '1.5::DOUBLE', '1.5'],
    ['a fraction', '1.5::DECIMAL(18, 4)', '1.5000'],
    ['rounded', '9007199254740992::DOUBLE', '9007199254740992.0'],
    ['rounded', '-1e20::DOUBLE', '-1e+20'],
    ['rounded', '16777216::FLOAT', '16777216.0'],
    ['no number', `'NaN'::DOUBLE`, 'nan'],
    ['infinite', `'Infinity'::DOUBLE`, 'inf'],
    ['rounded', `'9007199254740993.0'`, '9007199254740993.0'],
    ['rounded', `'${'9'.repeat(41)}.0'`, `${'9'.repeat(41)}.0`],
  ])('%s, %s: the row is refused', async (_what, id, value) => {
    const type = id.includes('::') ? id.slice(id.indexOf('::') + 2) : 'VARCHAR'
    const file = await parquet(`unnest([7::${type}, ${id}]) AS id`)
    const store = manager()
    const pair = freshPair()
    await expect(store.importTicks(pair, file)).rejects.toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.stringContaining('is a number that does not tell') as string,
      details: {
        column: 'id',
        line: 2,
        value,
      },
    })
    expect((await storedTicks(store, pair)).map(({ tradeId }) => tradeId)).toEqual(['7'])
  })

  it('of text stay what they are but for `.0`, beyond the digits of numbers too', async () => {
    const ids = ['007', '00', '1.50', '1.0.0', 'a.0', '.0', '9007199254740993', '1e20']
    const { ticks } = await importText(header + ids.map((id) => `${at},100,2,BUY,${id}\n`).join(''))
    expect(new Set(ticks.map(({ tradeId }) => tradeId))).toEqual(new Set(ids))
  })
})

describe('times', () => {
  it.each([
    ['s', ['1723161599', '1723161599.5', '1723161599.000001'], [0, 500, 0.001]],
    ['ms', ['1723161599000', '1723161599000.001', '1723161599000.0005'], [0, 0.001, 0.001]],
    ['us', ['1723161599000000', '1723161599000001'], [0, 0.001]],
    [
      'ns',
      ['1723161599000000000', '1723161599000001499', '1723161599000001500'],
      [0, 0.001, 0.002],
    ],
    [
      'iso',
      ['2024-08-08T23:59:59Z', '2024-08-08 23:59:59.000001', '2024-08-09T01:59:59.5+02:00'],
      [0, 0.001, 500],
    ],
  ] as const)('in %s, guessed and told, to the microsecond', async (unit, texts, offsets) => {
    const text = header + texts.map((time, id) => `${time},100,2,BUY,${id}\n`).join('')
    for (const options of [{}, { timeUnit: unit }]) {
      const { ticks, report } = await importText(text, options)
      expect(report).toMatchObject({ timeUnit: unit, timeUnitGuessed: !('timeUnit' in options) })
      const wanted = offsets.map((offset) => at + offset)
      expect(ticks.map(({ timestamp }) => timestamp)).toEqual(wanted.toSorted((a, b) => a - b))
    }
  })

  it.each([
    ['us', 'Unix µs'],
    ['ns', 'Unix ns'],
    ['s', 'Unix s'],
    ['iso', 'a date'],
  ] as const)('that do not fit %s are refused as %s', async (timeUnit, name) => {
    const { error } = await refused(`${header}${at},100,2,BUY,1\n`, { timeUnit })
    expect((error as Error).message).toContain(
      `is not a time from 2000 to 2100 when read as ${name};`,
    )
  })

  it('that begin as whole numbers keep the fractions that come thousands of rows later', async () => {
    const whole = Array.from({ length: 25_000 }, (_, k) => `${1_723_161_599 + k},100,2,BUY,${k}\n`)
    const { ticks } = await importText(`${header}${whole.join('')}1723186699.25,100,2,BUY,last\n`)
    expect(ticks.at(-1)!.timestamp).toBe(1_723_186_699_250)
  })
})

describe('columns', () => {
  it('of Binance: spot and aggregated trades without a header, streams with t and T', async () => {
    const spot = await importText(
      `0001,100,2,200,${at},true,true\n2,100,2,200,${at + 1},False,true\n`,
    )
    expect(spot.ticks).toEqual([{ ...buy(0, '0001'), side: 'SELL' }, buy(1, '2')])
    const aggregated = await importText(`5,100,2,1,2,${at},true,true\n`)
    expect(aggregated.ticks).toEqual([{ ...buy(0, '5'), side: 'SELL' }])
    const stream = await importText(
      `{"e":"trade","E":${at + 9},"s":"X","t":12345,"p":"100","q":"2","T":${at},"m":false,"M":true}\n`,
      { name: 'stream.jsonl' },
    )
    expect(stream.ticks).toEqual([buy(0, '12345')])
  })

  it('of ccxt', async () => {
    const { ticks } = await importText(
      `{"info":{"p":"x"},"timestamp":${at},"datetime":"2024-08-08T23:59:59Z","symbol":"X","id":"9","order":null,"side":"buy","takerOrMaker":null,"price":100,"amount":2,"cost":200}\n`,
      { name: 'ccxt.jsonl' },
    )
    expect(ticks).toEqual([buy(0, '9')])
  })

  it('named by the caller; a name that is not there is refused with the nearest one', async () => {
    const text = `at,p,n,maker,no\n${at},100,2,0,007\n`
    const columns = {
      timestamp: 'at',
      price: 'p',
      volume: 'n',
      buyerIsMaker: 'maker',
      tradeId: 'no',
    }
    expect((await importText(text, { columns })).ticks).toEqual([buy(0, '007')])
    const { error } = await refused(text, { columns: { ...columns, buyerIsMaker: 'makr' } })
    expect(error).toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.stringContaining('did you mean `maker`?') as string,
    })
    expect((await refused('timestamp,price,side\n1,2,BUY\n')).error).toMatchObject({
      code: 'IMPORT_FAILED',
      details: { field: 'volume' },
    })
  })

  it.each([
    ['trades.csv', '', / is empty; nothing of it is stored$/],
    ['trades.csv', '\n\n', / is empty; nothing of it is stored$/],
    ['trades.jsonl', '', / is empty; nothing of it is stored$/],
    ['trades.csv.gz', gzipSync(''), / is empty; nothing of it is stored$/],
    ['trades.json', '{"code":0}', /no column for timestamp; the file has code/],
    ['trades.json', '{"data":[]}', /no column for timestamp; the file has data/],
    ['trades.json', '{\n"data":[]}', / is empty; nothing of it is stored$/],
    ['trades.json', '{\n"data":[1,2]}', / is JSON without rows: .*; nothing of it is stored$/],
  ])('none: %s %j', async (name, text, message) => {
    expect((await refused(text, { name })).error).toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.stringMatching(message) as string,
    })
  })

  it('with spaces around their names and values', async () => {
    const spaced = `timestamp, price , volume, side, trade_id\n${at}, 100, 2, BUY, 5\n`
    expect((await importText(spaced)).ticks).toEqual([buy(0, '5')])
    const columns = { tradeId: 'no' }
    const renamed = spaced.replace('trade_id', 'no ')
    expect((await importText(renamed, { columns })).ticks).toEqual([buy(0, '5')])
  })

  it('of one name are refused where it matters which one is meant', async () => {
    const text = `timestamp,price,volume,side,trade_id,note,note\n${at},100,2,BUY,5,7,7\n`
    expect((await importText(text)).ticks).toEqual([buy(0, '5')])
    expect((await refused(text.replaceAll('note', 'price'))).error).toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.stringContaining('two columns `price`') as string,
      details: { column: 'price' },
    })
  })
})

describe('a row that cannot be a tick', () => {
  const row = (id: string | number): string => `${at},100,2,BUY,${id}\n`
  const notes = 'timestamp,price,volume,side,tradeId,note\n'

  it.each<[string, string, object, name?: string]>([
    [
      'a price',
      header + row(1) + `${at},abc,2,BUY,2\n` + row(3),
      { line: 3, column: 'price', value: 'abc' },
    ],
    ['a volume', header + row(1) + `${at},1,0,BUY,2\n`, { line: 3, column: 'volume', value: '0' }],
    ['a side', header + row(1) + `${at},1,1,HOLD,2\n`, { line: 3, column: 'side', value: 'HOLD' }],
    [
      'a time',
      header + row(1) + `9223372036854775807,1,1,BUY,2\n`,
      { line: 3, column: 'timestamp', value: '9223372036854775807' },
    ],
    ['nothing', header + row(1) + `,1,1,BUY,2\n`, { line: 3, column: 'timestamp', value: '' }],
    ['too few columns', header + row(1) + `${at},100\n` + row(3), { line: 3, value: `${at},100` }],
    [
      'too many columns',
      header + row(1) + `${at},1,1,BUY,2,9\n`,
      { line: 3, value: `${at},1,1,BUY,2,9` },
    ],
    [
      'empty lines before',
      `\n${header}\n\n${row(1)}\n${at},x,1,BUY,2\n`,
      { line: 7, column: 'price', value: 'x' },
    ],
    [
      'line ends in quotes before',
      `${notes}${at},1,1,BUY,1,"a\n\nb"\n${at},x,1,BUY,2,c\n`,
      { line: 5, column: 'price', value: 'x' },
    ],
    [
      'no header',
      `1,1,1,1,${at},true,true\n2,x,1,1,${at},true,true\n`,
      { line: 2, column: 'column1', value: 'x' },
    ],
    [
      'JSON: a price',
      `{"timestamp":${at},"price":1,"volume":1,"side":"buy","id":1}\n\n{"timestamp":${at},"price":-1,"volume":1,"side":"buy","id":2}\n`,
      { line: 3, column: 'price', value: -1 },
      'a.jsonl',
    ],
    [
      'JSON: half a line',
      `{"timestamp":${at},"price":1,"volume":1,"side":"buy","id":1}\n{"timestamp":${at},\n`,
      { line: 2, value: `{"timestamp":${at},` },
      'a.jsonl',
    ],
  ])('%s: stops there, naming it, with all before stored', async (_what, text, where, name) => {
    const { error, ids } = await refused(text, name === undefined ? {} : { name })
    expect(error).toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.stringMatching(/; the row before it is stored$/),
      details: { ...where, rows: 1 },
    })
    expect(ids).toEqual(['1'])
  })

  it.each([
    ['a value', 'x,1,1,BUY,bad\n', { line: 25_002, column: 'timestamp', value: 'x' }],
    ['a column', '1,1\n', { line: 25_002, value: '1,1' }],
  ])('%s, far down, where the engine is long under way', async (_what, bad, where) => {
    const many = Array.from({ length: 25_000 }, (_, k) => `2024-08-08T23:59:59Z,100,2,BUY,${k}\n`)
    const { error, ids } = await refused(header + many.join('') + bad + row('after'))
    expect(error).toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.stringMatching(/; the 25000 rows before it are stored$/),
      details: { ...where, rows: 25_000 },
    })
    expect(ids).toHaveLength(25_000)
  })

  it('is counted and left out with skipInvalid', async () => {
    const many = Array.from({ length: 30_000 }, (_, k) => row(k))
    const bad = [
      `${at},abc,2,BUY,x\n`,
      '1,2\n',
      `${at},1,1,BUY,x,9\n`,
      'morning,1,1,BUY,x\n',
      `${at},1,"1,BUY\n`,
    ]
    const { ticks, report } = await importText(
      header +
        'soon 1,1,1,BUY,x\n' +
        bad[0] +
        many.slice(0, 15_000).join('') +
        bad[1] +
        bad[2] +
        many.slice(15_000).join('') +
        bad[3] +
        bad[4],
      { skipInvalid: true },
    )
    expect(report).toMatchObject({ inserted: 30_000, rejected: 6 })
    expect(ticks).toHaveLength(30_000)
  })

  it.each([
    ['cut short', (gz: Buffer) => gz.subarray(0, gz.length * 0.6), /unexpected end of file/],
    [
      'with something else behind',
      (gz: Buffer) => Buffer.concat([gz, Buffer.from([0x1f, 0x8b]), Buffer.alloc(400_000, 'x')]),
      /unknown compression method|incorrect header check/,
    ],
  ])('a compressed file %s: says how many rows are stored', async (_what, damage, reason) => {
    const many = Array.from({ length: 25_000 }, (_, k) => row(k))
    const { error, ids } = await refused(damage(gzipSync(header + many.join(''))), {
      name: 'trades.csv.gz',
    })
    expect(ids.length).toBeGreaterThan(0)
    expect(error).toMatchObject({
      code: 'IMPORT_FAILED',
      message: expect.stringMatching(reason) as string,
      details: { rows: ids.length },
    })
    // No id is a part of one that was cut.
    expect(new Set(ids)).toEqual(new Set(Array.from(ids.keys(), String)))
    expect((error as Error).message).toContain(`; the ${ids.length} rows before it are stored`)
  })

  it('a file that is not there, or a folder', async () => {
    const store = manager()
    const pair = freshPair()
    const folder = temporaryFolder()
    for (const file of [join(folder, 'none.csv'), folder])
      await expect(store.importTicks(pair, file)).rejects.toMatchObject({ code: 'IMPORT_FAILED' })
    const parquet = join(folder, 'no.parquet')
    await writeFile(parquet, 'PAR1 but not really')
    await expect(store.importTicks(pair, parquet)).rejects.toMatchObject({ code: 'IMPORT_FAILED' })
  })
})

describe('a large file', () => {
  const rows = 500_000

  it('is imported in bounded memory, telling how far it is, while others write to the pair', async () => {
    const file = join(temporaryFolder(), 'large.csv')
    await duckDb(
      `COPY (SELECT ${at} + i // 10 AS timestamp, 100 + i % 77 AS price, 1 AS volume,
               if(i % 3 = 0, 'SELL', 'BUY') AS side, i AS "tradeId" FROM range(${rows}) r(i))
       TO '${file}' (FORMAT csv, HEADER)`,
    )
    const store = manager()
    const pair = freshPair()
    const progress: { rows: number; rss: number }[] = []
    const live: Promise<{ inserted: number }>[] = []
    const report = await store.importTicks(pair, file, {
      onProgress: ({ rows: read, fraction }) => {
        expect(fraction ?? 0).toBeLessThanOrEqual(1)
        progress.push({ rows: read, rss: process.memoryUsage().rss })
        live.push(
          store.insertTicks(pair, [{ ...buy(-read, `live${read}`), tradeId: `live${read}` }]),
        )
      },
    })
    expect(report).toMatchObject({ inserted: rows, duplicates: 0, stopped: false })
    for (const each of await Promise.all(live)) expect(each).toMatchObject({ inserted: 1 })
    const [early, late] = [progress[2]!, progress.at(-1)!]
    expect(late.rows).toBe(rows)
    expect(late.rss - early.rss).toBeLessThan(250e6)
    const counts = (await storedCandles(store, pair, '1m')).map(({ tradeCount }) => tradeCount ?? 0)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows + live.length)
  })

  it('ends early at a signal, with what was read kept; importing again adds the rest', async () => {
    const text =
      header + Array.from({ length: 50_000 }, (_, k) => `${at + k},100,2,BUY,${k}\n`).join('')
    const abort = new AbortController()
    const { store, pair, report } = await importText(text, {
      batchRows: 5000,
      signal: abort.signal,
      onProgress: ({ rows: read }) => {
        if (read >= 10_000) abort.abort()
      },
    })
    expect(report.stopped).toBe(true)
    expect(report.inserted).toBeGreaterThanOrEqual(10_000)
    expect(report.inserted).toBeLessThan(50_000)
    const file = join(temporaryFolder(), 'again.csv')
    await writeFile(file, text)
    expect(await store.importTicks(pair, file)).toMatchObject({
      inserted: 50_000 - report.inserted,
      duplicates: report.inserted,
      stopped: false,
    })
  })
})

describe('a file of candles', () => {
  it('stands for its bars; what the taker did not buy he sold', async () => {
    const file = join(temporaryFolder(), 'candles.csv')
    const bar = at - (at % 60_000)
    await writeFile(
      file,
      `open_time,open,high,low,close,volume,taker_buy_volume,count\n${bar},1,3,1,2,10,4,7\n${bar + 60_000},2,2,2,2,0,,\n`,
    )
    const store = manager()
    const pair = freshPair()
    expect(await store.importCandles(pair, '1m', file)).toMatchObject({ inserted: 2, replaced: 0 })
    expect(await store.importCandles(pair, '1m', file)).toMatchObject({ inserted: 0, replaced: 2 })
    const common = { quoteVolume: null, timestamp: bar }
    expect(await storedCandles(store, pair, '1m')).toEqual([
      {
        ...common,
        open: 1,
        high: 3,
        low: 1,
        close: 2,
        volume: 10,
        buyVolume: 4,
        sellVolume: 6,
        tradeCount: 7,
      },
      {
        ...common,
        timestamp: bar + 60_000,
        open: 2,
        high: 2,
        low: 2,
        close: 2,
        volume: 0,
        buyVolume: null,
        sellVolume: null,
        tradeCount: null,
      },
    ])
    await writeFile(
      file,
      `open_time,open,high,low,close,volume\n${bar},1,3,1,2,10\n${bar},1,3,2,2,10\n`,
    )
    await expect(store.importCandles(pair, '1m', file)).rejects.toMatchObject({
      code: 'IMPORT_FAILED',
      details: { line: 3, column: 'low', value: '2' },
    })
  })

  it.each([
    ['milliseconds', 1],
    ['microseconds', 1000],
  ])('of Binance, without a header, in %s', async (_unit, factor) => {
    const bar = at - (at % 60_000)
    const line = (k: number): string =>
      `${(bar + k * 60_000) * factor},1,3,1,2,10,${(bar + k * 60_000 + 60_000) * factor - 1},25,7,4,9,0\n`
    const file = join(temporaryFolder(), 'X-1m-2024-08.csv')
    await writeFile(file, line(0) + line(1))
    const store = manager()
    const pair = freshPair()
    expect(await store.importCandles(pair, '1m', file)).toMatchObject({ inserted: 2, replaced: 0 })
    const candle = {
      open: 1,
      high: 3,
      low: 1,
      close: 2,
      volume: 10,
      buyVolume: 4,
      sellVolume: 6,
      quoteVolume: 25,
      tradeCount: 7,
    }
    expect(await storedCandles(store, pair, '1m')).toEqual([
      { ...candle, timestamp: bar },
      { ...candle, timestamp: bar + 60_000 },
    ])
    // As trades the file is not taken.
    await expect(store.importTicks(pair, file)).rejects.toMatchObject({ code: 'IMPORT_FAILED' })
  })
})

async function duckDb(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(sql)
  connection.closeSync()
  instance.closeSync()
}
