import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { DatabaseManager, getCandlesQuery } from '../../src/index.ts'
import { caseFile, casesAreHere } from '../support/cases.ts'
import { childProgram } from '../support/child-program.ts'
import { cliRun } from '../support/cli-run.ts'
import { temporaryFolder } from '../support/store.ts'
import { startValkey } from '../support/valkey.ts'

interface Told {
  readonly exitCode: number
  readonly report: Record<string, unknown>
  readonly stderr: string
}

/** Imports a case by the command line into a data directory. */
async function imported(
  dataDir: string,
  pair: string,
  file: string,
  ...options: readonly string[]
): Promise<Told> {
  const args = ['import', pair, caseFile(file), ...options, '--json', '--data-dir', dataDir]
  const { exitCode, stdout, stderr } = await cliRun(args)
  return { exitCode, stderr, report: stdout === '' ? {} : (JSON.parse(stdout) as never) }
}

async function answered<T>(dataDir: string, ...args: readonly string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await cliRun([...args, '--json', '--data-dir', dataDir])
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  return JSON.parse(stdout) as T
}

const stored = (dataDir: string, pair = 'a/b/C'): Promise<Record<string, unknown>[]> =>
  answered(
    dataDir,
    'sql',
    pair,
    'SELECT timestamp, price, volume, side, trade_id AS id FROM ticks ORDER BY timestamp, id',
  )

const none = { duplicates: 0, conflicts: 0, rejected: 0 }

describe.skipIf(!casesAreHere)('files as users have them', () => {
  it('bybit_linear.csv: ids from trdMatchID, so that a second import adds nothing', async () => {
    const dataDir = temporaryFolder()
    const pair = 'bybit/linear/BTCUSDT'
    await imported(dataDir, pair, 'bybit_linear.csv')
    expect((await imported(dataDir, pair, 'bybit_linear.csv')).report).toMatchObject({
      inserted: 0,
      duplicates: 3,
    })
    const text = 'SELECT count(*) AS rows, sum(volume) AS volume FROM ticks'
    const [found] = await answered<{ rows: number; volume: number }[]>(dataDir, 'sql', pair, text)
    expect(found!.rows).toBe(3)
    expect(found!.volume).toBeCloseTo(0.524, 12)
  })

  it('two_symbols.csv: refused with the values; one chosen; spread over pairs', async () => {
    const dataDir = temporaryFolder()
    const pair = 'okx/option/BTC-USD-240329-50000-C'
    const columns = ['--columns', 'timestamp=created_time']
    const refused = await imported(dataDir, pair, 'two_symbols.csv', ...columns)
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toMatch(
      /IMPORT_FAILED.*`instrument_name`.*BTC-USD-240329-50000-C.*BTC-USD-240329-60000-C.*--where.*--pair-from/,
    )
    expect(await answered(dataDir, 'pairs')).toEqual([])
    const where = ['--where', 'instrument=BTC-USD-240329-50000-C']
    expect(
      (await imported(dataDir, pair, 'two_symbols.csv', ...columns, ...where)).report,
    ).toMatchObject({ ...none, inserted: 2, filtered: 2 })
    expect((await stored(dataDir, pair)).map(({ id, volume }) => [id, volume])).toEqual([
      ['11', 3],
      ['12', 1],
    ])
    const [candle] = await answered<{ low: number; volume: number }[]>(dataDir, 'candles', pair)
    expect(candle).toMatchObject({ low: 0.04, volume: 4 })
    const spread = temporaryFolder()
    await imported(spread, pair, 'two_symbols.csv', '--pair-from', 'instrument_name')
    expect((await stored(spread, 'okx/option/BTC-USD-240329-60000-C')).length).toBe(2)
    expect((await stored(spread, pair)).length).toBe(2)
  })

  it.each(['none_ids.csv', 'none_ids.parquet'])('%s: text for no id is none', async (file) => {
    const dataDir = temporaryFolder()
    expect((await imported(dataDir, 'a/b/C', file)).report).toMatchObject({ ...none, inserted: 5 })
    expect((await stored(dataDir)).map(({ id }) => id)).toEqual([null, null, null, null, null])
  })

  it('pandas_float_ids.csv: rounded ids are refused', async () => {
    const { exitCode, stderr } = await imported(temporaryFolder(), 'a/b/C', 'pandas_float_ids.csv')
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/IMPORT_FAILED.*line 2.*`tradeId`.*does not tell one id from another/)
  })

  it('one_id_three_fills.csv: said with count, first line and advice', async () => {
    const dataDir = temporaryFolder()
    const { stderr } = await imported(dataDir, 'a/b/C', 'one_id_three_fills.csv')
    expect(stderr).toMatch(
      /2 rows were not stored, the first at line 3: .*`trade_id`.*within a second.*--id-scope/,
    )
    for (const [scope, rows] of [
      ['none', 3],
      ['price', 2],
    ] as const) {
      const other = temporaryFolder()
      await imported(other, 'a/b/C', 'one_id_three_fills.csv', '--id-scope', scope)
      expect((await stored(other)).length).toBe(rows)
    }
    const made = temporaryFolder()
    const options = ['--id-scope', 'none', '--make-ids']
    await imported(made, 'a/b/C', 'one_id_three_fills.csv', ...options)
    await imported(made, 'a/b/C', 'one_id_three_fills.csv', ...options)
    expect((await stored(made)).length).toBe(3)
  })

  it('klines_1h.csv: candles of every timeframe', async () => {
    const dataDir = temporaryFolder()
    await imported(dataDir, 'a/b/C', 'klines_1h.csv', '--candles', '1h')
    const candle = {
      timestamp: Date.UTC(2023, 9, 27),
      open: 34161.6,
      volume: 409953,
      buyVolume: 192220,
      sellVolume: 217733,
      tradeCount: 15095,
    }
    expect(await answered(dataDir, 'candles', 'a/b/C', '--timeframe', '1h')).toMatchObject([candle])
    const store = await DatabaseManager.open({ dataDir: temporaryFolder(), candles: ['1h'] })
    await store.importCandles('a/b/C', '1h', caseFile('klines_1h.csv'))
    const query = getCandlesQuery({ timeframe: '1h' })
    expect(await store.query('a/b/C', query)).toMatchObject([candle])
    await store.close()
  })

  it('klines_1m.csv: coarser bars are made of the finer ones that are there', async () => {
    const dataDir = temporaryFolder()
    await imported(dataDir, 'a/b/C', 'klines_1m.csv', '--candles', '1m')
    const shape = { open: 100, high: 105, low: 99, close: 103 }
    expect(await answered(dataDir, 'candles', 'a/b/C', '--timeframe', '5m')).toMatchObject([
      { ...shape, volume: 15, buyVolume: 7.5, quoteVolume: 1500, tradeCount: 20 },
      { ...shape, open: 103, volume: 40, buyVolume: 20, quoteVolume: 4000, tradeCount: 45 },
    ])
  })

  it('usdm_trades_noheader.csv: told by its values', async () => {
    const dataDir = temporaryFolder()
    await imported(dataDir, 'a/b/C', 'usdm_trades_noheader.csv')
    const ticks = await stored(dataDir)
    expect(ticks).toHaveLength(6)
    expect(ticks[0]).toEqual({
      timestamp: Date.parse('2020-08-01T00:00:00.519Z'),
      price: 11343.67,
      volume: 0.001,
      side: 'BUY',
      id: '173525189',
    })
  })

  it.each([
    ['trades.csv.zip', 2],
    ['ccxt_array.json', 3],
    ['side_b_s.csv', 2],
  ])('%s is read', async (file, rows) => {
    for (const options of [[], ['--skip-invalid']]) {
      const dataDir = temporaryFolder()
      const { report } = await imported(dataDir, 'a/b/C', file, ...options)
      expect(report).toMatchObject({ ...none, inserted: rows })
    }
  })

  it('side_b_s.csv: b bought, s sold', async () => {
    const dataDir = temporaryFolder()
    await imported(dataDir, 'a/b/C', 'side_b_s.csv')
    expect((await stored(dataDir)).map(({ side, volume }) => [side, volume])).toEqual([
      ['BUY', 0.01],
      ['SELL', 0.02],
    ])
  })

  it('float32.parquet: the shortest decimals, equal to the same trades as text', async () => {
    const dataDir = temporaryFolder()
    await imported(dataDir, 'a/b/C', 'float32.parquet')
    expect(new Set((await stored(dataDir)).map(({ price }) => price))).toEqual(
      new Set([42283.7, 42283.8]),
    )
    const again = await imported(dataDir, 'a/b/C', 'float32_same_trades.csv')
    expect(again.report).toMatchObject({ inserted: 0, duplicates: 4, conflicts: 0 })
    const profile = await answered<{ bins: { price: number; volume: number }[] }>(
      dataDir,
      'profile',
      'a/b/C',
      '--bin-size',
      '0.1',
    )
    expect(JSON.stringify(profile)).toContain('42283.7')
  })

  it('kraken_no_side.csv: says what can be done; the tick rule infers', async () => {
    const columns = ['--columns', 'timestamp=column0,price=column1,volume=column2']
    const refused = await imported(temporaryFolder(), 'a/b/C', 'kraken_no_side.csv', ...columns)
    expect(refused.stderr).toMatch(/no column for side.*--side-rule tick.*--candles/)
    const dataDir = temporaryFolder()
    const { report, stderr } = await imported(
      dataDir,
      'a/b/C',
      'kraken_no_side.csv',
      ...columns,
      '--side-rule',
      'tick',
    )
    expect(report).toMatchObject({ inserted: 3, inferredSides: 'tick' })
    expect(stderr).toMatch(/inferred by the tick rule/)
    expect((await stored(dataDir)).map(({ side }) => side)).toEqual(['BUY', 'SELL', 'SELL'])
  })

  it('cryptodatadownload.csv: the line before the header is skipped and said', async () => {
    for (const columns of [
      [
        '--columns',
        'timestamp=unix,volume=Volume BTC,quoteVolume=Volume USDT,tradeCount=tradecount',
      ],
      [],
    ]) {
      const dataDir = temporaryFolder()
      const { report, stderr } = await imported(
        dataDir,
        'a/b/C',
        'cryptodatadownload.csv',
        '--candles',
        '1h',
        ...columns,
      )
      expect(report).toMatchObject({ inserted: 2 })
      expect(stderr).toMatch(/skipped the line before the header: "https:/)
    }
  })

  it('ms_then_us.csv: the change of unit is named at its line', async () => {
    const refused = await imported(temporaryFolder(), 'a/b/C', 'ms_then_us.csv')
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toMatch(/line 2.*the unit changes here/)
    const dataDir = temporaryFolder()
    const { report, stderr } = await imported(dataDir, 'a/b/C', 'ms_then_us.csv', '--skip-invalid')
    expect(report).toMatchObject({ inserted: 1, rejected: 1 })
    expect(stderr).toMatch(/left out: 1 row: .*in microseconds.*the unit changes here.*line 2/)
  })

  it('zero_quantity.csv: line, column and value named; left out when told so', async () => {
    const refused = await imported(temporaryFolder(), 'a/b/C', 'zero_quantity.csv')
    expect(refused.stderr).toMatch(/line 3: column `quantity` `"0\.0"`/)
    const dataDir = temporaryFolder()
    expect(
      (await imported(dataDir, 'a/b/C', 'zero_quantity.csv', '--skip-invalid')).report,
    ).toMatchObject({ inserted: 2, rejected: 1 })
  })

  it('mirror-odd-account.mjs: assets and decimals as exchanges write them', async () => {
    await using server = await startValkey()
    const mirror = await childProgram(new URL('../../src/mirror/index.ts', import.meta.url))
    const args = [caseFile('mirror-odd-account.mjs'), mirror, server.url]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(JSON.parse(stdout)).toEqual({
      balances: ['BTC', '币安人生'],
      orders: ['1', '2', '3'],
      told: [],
    })
  })
})
