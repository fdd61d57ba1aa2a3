import { execFile } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ImportReport, StoredCandle } from '../../src/index.ts'
import { candleDifferences, foldCandles } from '../support/candle-fold.ts'
import { cliJson, cliRun } from '../support/cli-run.ts'
import { CommandLine, outcomeOf } from '../support/command-line.ts'
import { oracleFile, oracleIsHere, oracleTrades } from '../support/oracle.ts'
import { zipped } from '../support/zipped.ts'

const pair = 'binance/spot/BTCUSDT'
let pairduck: CommandLine
let folder = ''
let directories = 0
/** A data directory of the test's own. */
const fresh = (): string => join(folder, `data-${++directories}`)

beforeAll(async () => {
  pairduck = await CommandLine.build()
  folder = await mkdtemp(join(tmpdir(), 'pairduck-import-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function writtenFile(name: string, content: string | Buffer): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

const columns =
  'timestamp=trade_time_ms,price=price,volume=qty,buyerIsMaker=buyer_is_maker,tradeId=trade_id'

function importing(file: string, dataDir: string): Promise<ImportReport> {
  const args = ['import', pair, file, '--columns', columns, '--time-unit', 'ms']
  return cliJson([...args, '--data-dir', dataDir])
}

/** Read in this process: what the commands print is another test's matter. */
async function stored(dataDir: string): Promise<Stored> {
  const text = 'SELECT * FROM ticks ORDER BY trade_id'
  const read = async (...args: string[]): Promise<never> => {
    const { stdout } = await cliRun([...args, '--data-dir', dataDir, '--json'])
    return JSON.parse(stdout) as never
  }
  return {
    ticks: await read('sql', pair, text),
    candles: await read('candles', pair),
  }
}

const none = { inserted: 0, duplicates: 0, conflicts: 0, expired: 0, late: 0, rejected: 0 }

describe.skipIf(!oracleIsHere)('real trades', () => {
  const file = oracleFile('trades', 'binance_spot_BTCUSDT_20240808.csv')

  // In any order and in overlapping pieces: tests/integration/storage-real-trades.
  it('are stored once, twice imported; candles as folded', async () => {
    const trades = oracleTrades('BTCUSDT')
    const dataDir = fresh()
    expect(await importing(file, dataDir)).toMatchObject({ ...none, inserted: trades.length })
    expect(await importing(file, dataDir)).toMatchObject({ ...none, duplicates: trades.length })
    const { ticks, candles } = await stored(dataDir)
    expect(ticks).toHaveLength(trades.length)
    expect(candleDifferences(candles, foldCandles(trades, 60_000))).toEqual([])
  })

  it('come from standard input too, also compressed', async () => {
    const child = pairduck.start(['import', pair, '-', '--json', '--data-dir', fresh()])
    child.stdin.end(gzipSync(await readFile(file)))
    const { exitCode, stdout, stderr } = await outcomeOf(child)
    expect(stderr).toMatch(/read as milliseconds \(a guess/)
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ ...none, inserted: 9757 })
  })
})

type Stored = { ticks: readonly object[]; candles: readonly StoredCandle[] }

describe('files of other kinds', () => {
  // Three trades; the second and third in one millisecond.
  const rows = [
    { timestamp: 1_723_161_255_342, price: 100, volume: 1, side: 'BUY', tradeId: '1' },
    { timestamp: 1_723_161_255_400.25, price: 101, volume: 2, side: 'sell', tradeId: '2' },
    { timestamp: 1_723_161_255_400.25, price: 99, volume: 3, side: 'Sell', tradeId: '3' },
  ]
  const asJsonl = rows.map((row) => JSON.stringify(row)).join('\n')

  it('jsonl with our own names', async () => {
    const dataDir = fresh()
    const file = await writtenFile('three.jsonl', `${asJsonl}\n`)
    expect(await cliJson(['import', pair, file, '--data-dir', dataDir])).toMatchObject({
      ...none,
      inserted: 3,
    })
    const ticks = await cliJson([
      'sql',
      pair,
      'FROM ticks ORDER BY trade_id',
      '--data-dir',
      dataDir,
    ])
    expect(ticks).toEqual(
      rows.map(({ tradeId, side, ...row }) => ({
        ...row,
        side: side.toUpperCase(),
        trade_id: tradeId,
      })),
    )
  })

  it('candles', async () => {
    const dataDir = fresh()
    const file = await writtenFile(
      'candles.csv',
      'time,open,high,low,close,volume\n2024-08-08T12:00:00Z,1,4,0.5,2,10\n2024-08-08T12:15:00Z,2,3,2,3,0\n',
    )
    const args = ['import', pair, file, '--candles', '15m', '--data-dir', dataDir]
    expect(await cliJson(args)).toMatchObject({ inserted: 2, replaced: 0, rejected: 0 })
    expect(await cliJson(args)).toMatchObject({ inserted: 0, replaced: 2 })
    const candles = await cliJson<StoredCandle[]>([
      'candles',
      pair,
      '--timeframe',
      '15m',
      '--data-dir',
      dataDir,
    ])
    expect(
      candles.map(({ open, high, low, close, volume }) => [open, high, low, close, volume]),
    ).toEqual([
      [1, 4, 0.5, 2, 10],
      [2, 3, 2, 3, 0],
    ])
  })
})

describe('what a newcomer gets wrong', () => {
  const good =
    'timestamp,price,volume,side,trade_id\n1723161255342,100,1,BUY,1\n1723161255343,101,1,SELL,2\n'
  const bad = `${good}1723161255344,abc,1,SELL,3\n1723161255345,102,1,BUY,4\n`

  it('a malformed row stops it, named by line, column and value; what was before it is kept', async () => {
    const dataDir = fresh()
    const file = await writtenFile('bad.csv', bad)
    const { exitCode, stdout, stderr } = await cliRun(['import', pair, file, '--data-dir', dataDir])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(/^pairduck: IMPORT_FAILED: .*line 4.*`?price`?.*abc.*\n$/)
    expect(
      await cliJson(['sql', pair, 'SELECT trade_id FROM ticks', '--data-dir', dataDir]),
    ).toEqual([{ trade_id: '1' }, { trade_id: '2' }])
    const report = await cliJson(['import', pair, file, '--skip-invalid', '--data-dir', dataDir])
    expect(report).toMatchObject({ ...none, inserted: 1, duplicates: 2, rejected: 1 })
  })

  it.each<[string, string[], number, RegExp]>([
    [
      'the word for a table',
      ['ticks', 'trades.csv'],
      2,
      /takes files after the pair, and ticks is none/,
    ],
    ['a file that is not there', ['nowhere.csv'], 1, /IMPORT_FAILED: nowhere\.csv: no such file/],
    [
      'a pattern that nothing fits',
      ['nowhere/*.zip'],
      1,
      /IMPORT_FAILED: nowhere\/\*\.zip: fits no file/,
    ],
    ['a file without the columns', ['package.json'], 1, /IMPORT_FAILED: /],
    ['no map of columns', ['package.json', '--columns', 'price'], 2, /Expected field=column/],
  ])('%s', async (_what, args, expected, message) => {
    const dataDir = fresh()
    const { exitCode, stdout, stderr } = await cliRun([
      'import',
      pair,
      ...args,
      '--data-dir',
      dataDir,
    ])
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^pairduck: .*\n$/)
    expect({ exitCode, stdout }).toEqual({ exitCode: expected, stdout: '' })
    // Nothing came of it: no empty pair either.
    expect(await cliJson(['pairs', '--data-dir', dataDir])).toEqual([])
  })
})

it('of a header alone nothing is guessed; an empty input is named as what it is', async () => {
  const dataDir = fresh()
  const file = await writtenFile('header.csv', 'timestamp,price,volume,side\n')
  const { exitCode, stderr } = await cliRun(['import', pair, file, '--data-dir', dataDir])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const child = pairduck.start(['import', pair, '-', '--data-dir', dataDir])
  child.stdin.end()
  expect((await outcomeOf(child)).stderr).toMatch(/IMPORT_FAILED: - is empty/)
})

it.skipIf(process.platform === 'win32')(
  'a pipe is named with the way on, and not read',
  async () => {
    const pipe = join(folder, 'pipe')
    await promisify(execFile)('mkfifo', [pipe])
    for (const files of [[pipe], [pipe, pipe]]) {
      const { exitCode, stderr } = await cliRun(['import', pair, ...files, '--data-dir', fresh()])
      expect(exitCode).toBe(1)
      expect(stderr).toMatch(/IMPORT_FAILED: .*pipe is a pipe, .* pairduck import <pair> - < /)
    }
  },
)

it('a field that is named twice among the columns is refused', async () => {
  const file = await writtenFile('twice.csv', 'a,b\n')
  const args = ['import', pair, file, '--columns', 'price=a,price=b', '--data-dir', fresh()]
  const { exitCode, stderr } = await cliRun(args)
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(/`price` is named twice/)
})

it('a last row without a line end is stored, and doubted aloud unless something tells it is whole', async () => {
  const csv = 'timestamp,price,volume,side,trade_id\n1723161255342,1,1,BUY,37356'
  const json = '{"timestamp":1723161255342,"price":1,"volume":1,"side":"BUY","trade_id":37356}'
  for (const [name, content, isDoubted] of [
    ['open.csv', csv, true],
    ['ended.csv', `${csv}\n`, false],
    ['ended-windows.csv', `${csv}\r\n`, false],
    ['open.csv.gz', gzipSync(csv), false],
    ['open.csv.zip', await zipped({ 'open.csv': csv }), false],
    ['open.jsonl', json, false],
    ['array.json', `[${json}]`, false],
  ] as const) {
    const file = await writtenFile(name, content)
    const args = ['import', pair, file, '--data-dir', fresh(), '--json']
    const { stdout, stderr } = await cliRun(args)
    expect(JSON.parse(stdout)).toMatchObject({ ...none, inserted: 1 })
    expect([name, stderr.includes('no line end after its last row')]).toEqual([name, isDoubted])
  }
})

it('what a cleanup has deleted is not imported again, and it is said why', async () => {
  const dataDir = fresh()
  const file = await writtenFile(
    'old.csv',
    'timestamp,price,volume,side,trade_id\n1723161255342,1,1,BUY,1\n',
  )
  const args = ['import', pair, file, '--data-dir', dataDir, '--json']
  expect((await cliRun(args)).stderr).not.toMatch(/cleanup/)
  // It came with its history, and was told to keep it.
  expect((await cliRun(['cleanup', '--data-dir', dataDir, '--dry-run'])).stdout).toMatch(
    /0 rows would be deleted/,
  )
  await cliRun(['cleanup', '--data-dir', dataDir, '--keep', 'ticks=15m'])
  const { exitCode, stdout, stderr } = await cliRun(args)
  expect(stderr).toMatch(
    /^1 row not stored: older than what a cleanup has deleted.*--reopen all.*$/m,
  )
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ ...none, expired: 1 })
})

it('a field that is none is wrong usage', async () => {
  const file = await writtenFile('one.csv', 'timestamp,price,volume,side\n1723161255342,1,1,BUY\n')
  const args = ['import', pair, file, '--columns', 'prise=price', '--data-dir', fresh()]
  const { exitCode, stderr } = await cliRun(args)
  expect(stderr).toMatch(/^pairduck: .*unknown field `prise`.*\n$/)
  expect(exitCode).toBe(2)
})

it('Ctrl-C keeps what was committed and says how to go on; the next import adds the rest', async () => {
  const rows = 400_000
  const file = join(folder, 'long.csv')
  await writeLongFile(file, rows)
  const args = ['import', pair, file, '--data-dir', fresh(), '--json']
  // Stopped at its first commit: in the middle of its work, however fast it is.
  const stop = new AbortController()
  const stopIt = (): void => stop.abort()
  subscribe('pairduck:ticksStored', stopIt)
  const { exitCode, stdout, stderr } = await cliRun(args, { signal: stop.signal })
  unsubscribe('pairduck:ticksStored', stopIt)
  expect(stderr).toMatch(/stopped; what is counted above is stored.*adds only what is missing/)
  expect(exitCode).toBe(130)
  const report = JSON.parse(stdout) as ImportReport
  expect(report).toMatchObject({ duplicates: 0, stopped: true })
  expect(report.inserted).toBeGreaterThan(0)
  expect(report.inserted).toBeLessThan(rows)
  const rest = await cliJson<ImportReport>(args.slice(0, -1))
  expect(rest).toMatchObject({
    duplicates: report.inserted,
    inserted: rows - report.inserted,
    stopped: false,
  })
})

async function writeLongFile(file: string, rows: number): Promise<void> {
  const out = createWriteStream(file)
  out.write('timestamp,price,volume,side,trade_id\n')
  const block = 50_000
  for (let first = 0; first < rows; first += block) {
    const lines = Array.from({ length: block }, (_, index) => {
      const id = first + index
      return `${1_723_161_255_342 + id},${60_000 + (id % 1000) / 100},0.5,${id % 2 === 0 ? 'BUY' : 'SELL'},${id}\n`
    })
    if (!out.write(lines.join(''))) await once(out, 'drain')
  }
  out.end()
  await once(out, 'close')
}
