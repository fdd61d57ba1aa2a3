import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DatabaseManager, getCandlesQuery, type ImportFilesProgress } from '../../src/index.ts'
import { NameTemplate } from '../../src/storage/import/name-template.ts'
import { cliRun } from '../support/cli-run.ts'
import { storedTicks } from '../support/store-rows.ts'
import { openManager, temporaryFolder } from '../support/store.ts'
import { zipped } from '../support/zipped.ts'

const day = 86_400_000
const from = Date.UTC(2024, 0, 1)
const rowsADay = 50
const header = 'timestamp,price,volume,side,trade_id'
const buy = (id: number): string => `${from + id},1,2,buy,${id}`

/** Binance's daily zips of two symbols, each with its checksum beside it. */
async function archive(days: number, symbols: readonly string[] = ['AAA', 'BBB']): Promise<string> {
  const folder = join(temporaryFolder(), 'archive')
  await mkdir(join(folder, 'deep'), { recursive: true })
  for (const symbol of symbols)
    for (let at = 0; at < days; at++) {
      const date = new Date(from + at * day).toISOString().slice(0, 10)
      const lines = Array.from({ length: rowsADay }, (_, row) => {
        const id = at * rowsADay + row
        return `${id},${100 + (row % 7)},0.5,50,${from + at * day + row * 1000},${row % 2 === 0 ? 'true' : 'false'}\n`
      })
      const name = `${symbol}-trades-${date}`
      const content = await zipped({ [`${name}.csv`]: lines.join('') })
      const file = join(folder, at % 2 === 0 ? 'deep' : '', `${name}.zip`)
      await writeFile(file, content)
      const sum = createHash('sha256').update(content).digest('hex')
      await writeFile(`${file}.CHECKSUM`, `${sum}  ${name}.zip\n`)
    }
  return folder
}

it('a folder of zips goes to the pairs that the names tell; again, all is skipped', async () => {
  const folder = await archive(4)
  const store = await openManager()
  const options = { pairFromName: '{symbol}-trades-{date}' }
  const progress: ImportFilesProgress[] = []
  const onFile = (each: ImportFilesProgress): unknown => progress.push(each)
  const first = await store.importFiles('binance/usdm', folder, { ...options, onFile })
  expect(first).toMatchObject({ imported: 8, failed: 0, inserted: 8 * rowsADay, stopped: false })
  expect(progress.at(-1)).toMatchObject({ done: 8, of: 8 })
  expect(first.files[0]!.report!.notes.join()).toMatch(/agrees with .*CHECKSUM/)
  for (const symbol of ['AAA', 'BBB']) {
    const ticks = await storedTicks(store, `binance/usdm/${symbol}`)
    expect(ticks.map(({ tradeId }) => Number(tradeId))).toEqual([...Array(4 * rowsADay).keys()])
  }
  expect(await store.importFiles('binance/usdm', folder, options)).toMatchObject({
    imported: 0,
    skipped: 8,
  })
  expect(
    await store.importFiles('binance/usdm', folder, { ...options, again: true }),
  ).toMatchObject({ imported: 8, inserted: 0, duplicates: 8 * rowsADay })
})

it('goes on after a stop, and after a ledger that a crash cut short', async () => {
  const folder = await archive(6, ['AAA'])
  const dataDir = temporaryFolder()
  const abort = new AbortController()
  const store = await DatabaseManager.open({ dataDir })
  const pattern = join(folder, '**', '*.zip')
  const stopped = await store.importFiles('a/b/C', pattern, {
    signal: abort.signal,
    onFile: ({ done }) => done === 2 && abort.abort(),
  })
  expect(stopped).toMatchObject({ imported: 2, stopped: true })
  await store.close()
  await appendFile(join(dataDir, '.pairduck', 'imports.jsonl'), '{"state":"done","pai')
  const again = await DatabaseManager.open({ dataDir })
  expect(await again.importFiles('a/b/C', pattern)).toMatchObject({ imported: 4, skipped: 2 })
  expect(await again.importFiles('a/b/C', pattern)).toMatchObject({ imported: 0, skipped: 6 })
  expect(await storedTicks(again, 'a/b/C')).toHaveLength(6 * rowsADay)
  await again.close()
})

it('a file that fails leaves the others alone, and is tried again', async () => {
  const folder = await archive(3, ['AAA'])
  const bad = join(folder, 'deep', 'AAA-trades-2024-01-01.zip')
  const whole = await readFile(bad)
  await writeFile(bad, Buffer.concat([whole, Buffer.from('x')]))
  const dataDir = temporaryFolder()
  const args = ['import', 'a/b/C', folder, '--data-dir', dataDir, '--json']
  const { exitCode, stdout, stderr } = await cliRun(args)
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(
    /AAA-trades-2024-01-01\.zip: not imported: IMPORT_FAILED: .*its checksum is/,
  )
  expect(JSON.parse(stdout)).toMatchObject({ imported: 2, failed: 1, inserted: 2 * rowsADay })
  await writeFile(bad, whole)
  const mended = await cliRun(args)
  expect(mended.exitCode).toBe(0)
  expect(JSON.parse(mended.stdout)).toMatchObject({ imported: 1, skipped: 2, inserted: rowsADay })
})

it('names that do not fit are refused before anything is stored', async () => {
  const folder = await archive(1)
  await writeFile(join(folder, 'notes.csv'), 'x')
  const store = await openManager()
  await expect(
    store.importFiles('binance/usdm', folder, { pairFromName: '{symbol}-trades-{date}' }),
  ).rejects.toThrow(/names of 1 of 3 files do not fit.*notes\.csv.*nothing is stored/)
  expect(await store.listPairs()).toEqual([])
})

it('trades without ids are refused a second time, made ids make it repeatable', async () => {
  const file = join(temporaryFolder(), 'a.csv')
  const row = `${from},1,2,buy\n`
  await writeFile(file, `timestamp,price,volume,side\n${row}${row}${from + 1},1,2,sell\n`)
  const store = await openManager()
  expect(await store.importTicks('a/b/C', file)).toMatchObject({ inserted: 3 })
  await expect(store.importTicks('a/b/C', file)).rejects.toThrow(/has no trade ids.*begun before/)
  expect(await store.importTicks('a/b/C', file, { noIds: true })).toMatchObject({ inserted: 3 })
  for (const inserted of [3, 0])
    expect(await store.importTicks('a/b/D', file, { makeIds: true })).toMatchObject({ inserted })
  // Without ids they would stand beside those that have some.
  await expect(store.importTicks('a/b/D', file)).rejects.toMatchObject({ code: 'ID_SPACE' })
  // A longer file adds what is missing.
  await appendFile(file, `${from + 1},1,2,sell\n`)
  expect(await store.importTicks('a/b/D', file, { makeIds: true })).toMatchObject({
    inserted: 1,
    duplicates: 3,
  })
})

it('a row whose instrument can be no symbol is named, or left out, and the others go to their pairs', async () => {
  const file = join(temporaryFolder(), 'spread.csv')
  await writeFile(file, `${header},symbol\n${buy(0)},A\n${buy(1)},\n${buy(2)},B\n`)
  const store = await openManager()
  await expect(store.importTicks('a/b/-', file, { pairFrom: 'symbol' })).rejects.toMatchObject({
    code: 'IMPORT_FAILED',
    message: expect.stringMatching(
      /line 3: column `symbol` .* is no symbol that a pair can have; the row before it is stored/,
    ) as string,
  })
  const left = { pairFrom: 'symbol', skipInvalid: true } as const
  expect(await store.importTicks('a/b/-', file, left)).toMatchObject({ inserted: 1, rejected: 1 })
  expect(await store.listPairs()).toHaveLength(2)
})

it.each([
  ['{symbol}-trades-{date}', 'BTC-USDT-SWAP-trades-2024-01-01.zip', 'x/y/BTC-USDT-SWAP'],
  ['{symbol}{date}', 'BTCUSDT2024-01-01.csv.gz', 'x/y/BTCUSDT'],
  ['{exchange}_trades_{date}_{symbol}', 'bybit_trades_2024-01-01_ETHUSDT.csv', 'bybit/y/ETHUSDT'],
  ['{market}/{symbol}', 'a.csv', undefined],
])('a name by %s: %s', (template, file, pair) => {
  const found = new NameTemplate(template).pairOf(`folder/${file}`, 'x/y')
  expect(found && `${found.exchange}/${found.market}/${found.symbol}`).toBe(pair)
})

it('many files for a new pair say, too, that it keeps everything', async () => {
  const folder = temporaryFolder()
  const files = [join(folder, 'a1.csv'), join(folder, 'a2.csv')]
  for (const [id, file] of files.entries()) await writeFile(file, `${header}\n${buy(id)}\n`)
  const dataDir = join(folder, 'data')
  const { stderr } = await cliRun(['import', 'a/b/NEW', ...files, '--data-dir', dataDir])
  expect(stderr.match(/a\/b\/NEW is new .* keeps everything for ever/g)).toHaveLength(1)
})

it('what is said of every file is said once, whatever they are called', async () => {
  const args = ['import', 'a/b/NEW', await archive(2, ['AAA'])]
  const { stderr } = await cliRun([...args, '--data-dir', temporaryFolder()])
  expect(stderr).toContain('a file agrees with <its name>.CHECKSUM (2 files)')
})

it('lists formats and presets', async () => {
  const { stdout } = await cliRun(['import', '--formats', '--json'])
  const { formats, presets } = JSON.parse(stdout) as Record<string, { name: string }[]>
  expect(formats!.map(({ name }) => name)).toContain('zip')
  expect(presets!.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['bybit', 'okx', 'binance-klines', 'kraken-trades']),
  )
  expect((await cliRun(['import', 'a/b/C'])).exitCode).toBe(2)
})

it('candles read no more ticks after many files than after one, and are those of the ticks', async () => {
  const folder = join(temporaryFolder(), 'days')
  await mkdir(folder)
  const rows = 22_000
  for (let at = 0; at < 4; at++) {
    const lines = Array.from({ length: rows }, (_, row) => {
      const id = at * rows + row
      return `${id},${100 + (id % 977) / 100},0.5,50,${from + at * day + row * 3000},true\n`
    })
    await writeFile(join(folder, `trades-${at}.csv`), lines.join(''))
  }
  const store = await openManager()
  const pair = 'binance/spot/DAYS'
  expect(await store.importFiles(pair, folder)).toMatchObject({ inserted: 4 * rows })
  const [found] = await store.query<{ unrolled: number }>(pair, {
    name: 'unrolled',
    sql: `SELECT count(*) AS unrolled FROM ticks
      WHERE timestamp >= (SELECT rolled_until FROM pairduck_candle_state)`,
    params: {},
  })
  expect(found!.unrolled).toBeLessThanOrEqual(50_000)
  const bars = (source: 'ticks' | undefined): Promise<unknown[]> =>
    store
      .query(pair, getCandlesQuery({ timeframe: '15m', limit: 100_000, source }))
      // Sums are right to rounding.
      .then((rows) => rows.map(({ quoteVolume: _sum, source: _source, ...bar }) => bar))
  expect(await bars(undefined)).toEqual(await bars('ticks'))
})
