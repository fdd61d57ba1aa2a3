import { cp, mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import * as api from '../../src/index.ts'
import { parsePair } from '../../src/pair.ts'
import { simulateMarket } from '../../src/simulator/simulate-market.ts'
import { pairFiles } from '../../src/storage/file/pair-files.ts'
import { cliJson, cliRun } from '../support/cli-run.ts'
import { CommandLine, outcomeOf } from '../support/command-line.ts'

// Two pairs of simulated trades that the test itself stores; what the command line reads there must
// be what the library says.
const [btc, eth] = ['binance/spot/BTC/USDT', 'kraken/spot/ETHEUR']
const from = Date.UTC(2024, 7, 8, 12)
const minutes = 40
const binSize = 25

let pairduck: CommandLine
let dataDir = ''
let folder = ''
const at = (...args: string[]): string[] => [...args, '--data-dir', dataDir]

const keptCandles = ['candles_1m', 'candles_5m', 'candles_15m'].flatMap((table) => [
  '--keep',
  `${table}=forever`,
])

async function withManager<T>(
  use: (db: api.DatabaseManager) => Promise<T>,
  options: api.ManagerOptions = {},
): Promise<T> {
  const db = await api.DatabaseManager.open({ dataDir, ...options })
  try {
    return await use(db)
  } finally {
    await db.close()
  }
}

beforeAll(async () => {
  pairduck = await CommandLine.build()
  folder = await mkdtemp(join(tmpdir(), 'pairduck-cli-'))
  dataDir = join(folder, 'data')
  await withManager(async (db) => {
    const market = { pairs: [btc, eth], from, durationMs: minutes * 60_000, ticksPerSecond: 5 }
    const batches = [...simulateMarket(market)]
    await Promise.all(batches.map(({ pair, ticks }) => db.insertTicks(pair, ticks)))
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('--json says what the library says', () => {
  const window = { from: from + 5 * 60_000, to: from + 30 * 60_000 }
  const given = ['--from', '2024-08-08T12:05:00Z', '--to', String(window.to)]
  const bins = ['--bin-size', String(binSize)]
  const bars = ['--timeframe', '5m']
  const timeframe = '5m' as const

  type Asked = readonly [string, string[], api.Query<unknown>, 'list' | 'object']
  const asked: readonly Asked[] = [
    ['candles', bars, api.getCandlesQuery({ timeframe, ...window }), 'list'],
    ['cvd', [], api.calculateCvdQuery(window), 'object'],
    ['cvd', bars, api.calculateCvdBarsQuery({ timeframe, ...window }), 'list'],
    ['imbalance', [], api.calculateOrderFlowImbalanceQuery(window), 'object'],
    [
      'imbalance',
      ['--diagonal', '--ratio', '2', ...bars, ...bins],
      api.calculateDiagonalImbalanceQuery({ timeframe, binSize, ratio: 2, ...window }),
      'list',
    ],
    [
      'imbalance',
      ['--stacked', '--min-stack', '2', '--ratio', '1.2', ...bars, ...bins],
      api.calculateStackedImbalanceQuery({
        timeframe,
        binSize,
        minStack: 2,
        ratio: 1.2,
        ...window,
      }),
      'list',
    ],
    ['profile', bins, api.calculateMarketProfileQuery({ binSize, ...window }), 'object'],
    [
      'profile',
      [...bins, '--value-area', 'pair', '--share', '0.5', '--rounding', 'ceil'],
      api.calculateMarketProfileQuery({
        binSize,
        valueArea: 'pair',
        valueAreaShare: 0.5,
        rounding: 'ceil',
        ...window,
      }),
      'object',
    ],
    [
      'footprint',
      [...bars, ...bins],
      api.calculateFootprintQuery({ timeframe, binSize, ...window }),
      'list',
    ],
    [
      'fvg',
      ['--timeframe', '1m', '--definition', 'smc', '--fill', 'touch'],
      api.detectFvgQuery({ timeframe: '1m', definition: 'smc', fill: 'touch', ...window }),
      'list',
    ],
    [
      'fvg',
      '--timeframe 3m --source ticks --min-gap 0.01 --min-gap-unit atr --atr-period 3 --as-of 2024-08-08T12:28'.split(
        ' ',
      ),
      api.detectFvgQuery({
        source: 'ticks',
        timeframe: '3m',
        minGap: 0.01,
        minGapUnit: 'atr',
        atrPeriod: 3,
        asOf: from + 28 * 60_000,
        ...window,
      }),
      'list',
    ],
    [
      'imbalance',
      ['--diagonal', '--rounding', 'ceil', '--as-of', '2024-08-08T12:20', ...bars, ...bins],
      api.calculateDiagonalImbalanceQuery({
        timeframe,
        binSize,
        rounding: 'ceil',
        asOf: from + 20 * 60_000,
        ...window,
      }),
      'list',
    ],
    [
      'footprint',
      ['--rounding', 'nearest', ...bars, ...bins],
      api.calculateFootprintQuery({ timeframe, binSize, rounding: 'nearest', ...window }),
      'list',
    ],
    [
      'footprint',
      ['--unfinished', '--filter', '0.001', '--as-of', '2024-08-08T12:20', ...bars, ...bins],
      api.detectUnfinishedAuctionsQuery({
        timeframe,
        binSize,
        filter: 0.001,
        asOf: from + 20 * 60_000,
        ...window,
      }),
      'list',
    ],
    [
      'profile',
      ['--naked', '--as-of', '2024-08-08T12:20', ...bars, ...bins],
      api.calculateNakedPocQuery({ timeframe, binSize, asOf: from + 20 * 60_000, ...window }),
      'list',
    ],
    [
      'profile',
      ['--stop', 'passed', '--as-of', '2024-08-08T12:20', ...bins],
      api.calculateMarketProfileQuery({
        binSize,
        valueAreaStop: 'passed',
        asOf: from + 20 * 60_000,
        ...window,
      }),
      'object',
    ],
    [
      'profile',
      ['--nodes', '--neighbours', '2', ...bins],
      api.calculateVolumeNodesQuery({ binSize, neighbours: 2, ...window }),
      'list',
    ],
    [
      'cvd',
      ['--reset', 'session', '--session-start', '12:10', ...bars],
      api.calculateCvdBarsQuery({ timeframe, reset: 'session', sessionStart: '12:10', ...window }),
      'list',
    ],
    [
      'vwap',
      ['--reset', 'session', '--session-start', '12:10', ...bars],
      api.calculateVwapBarsQuery({ timeframe, reset: 'session', sessionStart: '12:10', ...window }),
      'list',
    ],
    [
      'trades',
      ['--large', '--side', 'SELL', '--as-of', '2024-08-08T12:20'],
      api.detectLargeTradesQuery({ side: 'SELL', asOf: from + 20 * 60_000, ...window }),
      'list',
    ],
    [
      'trades',
      ['--sizes', '--bounds', '0.01,0.1', '--timeframe', '5m', '--measure', 'volume'],
      api.calculateTradeSizeBucketsQuery({ bounds: [0.01, 0.1], timeframe, ...window }),
      'list',
    ],
    [
      'tpo',
      ['--rounding', 'nearest', '--timeframe', '4h', ...bins],
      api.calculateTpoProfileQuery({
        binSize,
        rounding: 'nearest',
        timeframe: '4h',
        initialBalanceMinutes: 240,
        ...window,
      }),
      'list',
    ],
    ['zones', ['--timeframe', '1m'], api.detectZonesQuery({ timeframe: '1m', ...window }), 'list'],
    ['vwap', ['--bands', '1,2'], api.calculateVwapQuery({ bands: [1, 2], ...window }), 'object'],
    ['vwap', bars, api.calculateVwapBarsQuery({ timeframe, ...window }), 'list'],
    ['trades', ['--limit', '7'], api.getRecentTicksQuery({ limit: 7, ...window }), 'list'],
    [
      'trades',
      ['--large', '--quantile', '0.99'],
      api.detectLargeTradesQuery({ quantile: 0.99, ...window }),
      'list',
    ],
    ['trades', ['--sizes'], api.calculateTradeSizeBucketsQuery(window), 'list'],
    [
      'profile',
      ['--nodes', ...bins],
      api.calculateVolumeNodesQuery({ binSize, ...window }),
      'list',
    ],
    [
      'profile',
      ['--naked', ...bars, ...bins],
      api.calculateNakedPocQuery({ timeframe, binSize, ...window }),
      'list',
    ],
    [
      'footprint',
      ['--unfinished', '--filter', '0.001', ...bars, ...bins],
      api.detectUnfinishedAuctionsQuery({ timeframe, binSize, filter: 0.001, ...window }),
      'list',
    ],
    [
      'footprint',
      ['--unfinished', '--filter', '0.7', '--filter-by', 'atas', ...bars, ...bins],
      api.detectUnfinishedAuctionsQuery({
        timeframe,
        binSize,
        filter: 0.7,
        definition: 'atas',
        ...window,
      }),
      'list',
    ],
    ['tpo', bins, api.calculateTpoProfileQuery({ binSize, timeframe: '30m', ...window }), 'list'],
    [
      'tpo',
      [...bins, '--share', '0.5', '--value-area', 'pair', '--rounding', 'halfEven'],
      api.calculateTpoProfileQuery({
        binSize,
        valueAreaShare: 0.5,
        valueArea: 'pair',
        rounding: 'halfEven',
        ...window,
      }),
      'list',
    ],
  ]
  /** The rows of each, asked of one manager: opening it costs more than asking. */
  let expected: unknown[][]
  beforeAll(async () => {
    expected = await withManager((db) =>
      Promise.all(asked.map(([, , query]) => db.query(btc, query))),
    )
  })

  it.each(asked.map(([command, options, , kind], at) => ({ command, options, kind, at })))(
    '$command $options',
    async ({ command, options, kind, at: place }) => {
      const rows = expected[place]!
      expect(rows.length).toBeGreaterThan(0)
      const { stdout } = await cliRun(at(command, btc, ...options, ...given, '--json'))
      const answer: unknown = JSON.parse(stdout)
      expect(answer).toEqual(kind === 'list' ? rows : rows[0])
    },
  )

  it('of flat bars the newest, of speeds the bursts', async () => {
    const [filled, speeds] = await withManager((db) =>
      Promise.all([
        db.query(
          btc,
          api.candlesFromTicksQuery({ timeframe: '1s', fill: 'previous', to: window.to }),
        ),
        db.query(
          btc,
          api.detectSpeedOfTapeQuery({ measure: 'buys', seconds: 5, factor: 1.2, ...window }),
        ),
      ]),
    )
    const candles = await cliJson<unknown[]>(
      at('candles', btc, '--timeframe', '1s', '--fill', 'previous', '--limit', '90').concat(
        '--to',
        String(window.to),
      ),
    )
    expect(candles).toEqual(filled.slice(-90))
    const bursts = speeds.filter(({ signal }) => signal)
    expect(bursts.length).toBeGreaterThan(0)
    const options = ['--speed', '--measure', 'buys', '--seconds', '5', '--factor', '1.2', ...given]
    expect(await cliJson(at('trades', btc, ...options))).toEqual(bursts)
  })

  it('sql, with microseconds in the times', async () => {
    const text = 'SELECT * FROM ticks ORDER BY timestamp, trade_id LIMIT 3'
    const rows = await withManager((db) =>
      db.query(btc, api.getRecentTicksQuery({ limit: 100_000 })),
    )
    const oldest = rows.toSorted((a, b) => a.timestamp - b.timestamp)[0]!
    const [first] = await cliJson<Record<string, unknown>[]>(at('sql', btc, text))
    expect(first).toEqual({
      timestamp: oldest.timestamp,
      price: oldest.price,
      volume: oldest.volume,
      side: oldest.side,
      trade_id: oldest.tradeId,
    })
    expect(oldest.timestamp % 1).not.toBe(0)
  })

  it('sql, with whole numbers that no double holds as text', async () => {
    const text =
      'SELECT 9007199254740993::BIGINT AS b, 5::HUGEINT AS h, -(2::HUGEINT ** 100)::HUGEINT AS h, i::BIGINT AS i FROM range(2) AS r(i) ORDER BY i -- done'
    expect(await cliJson(at('sql', btc, text))).toEqual([
      { b: '9007199254740993', h: 5, 'h:1': '-1267650600228229401496703205376', i: 0 },
      { b: '9007199254740993', h: 5, 'h:1': '-1267650600228229401496703205376', i: 1 },
    ])
    const nested =
      "SELECT [9007199254740993, 1] AS l, {'d': 0.12345678901234567890::DECIMAL(30, 20)} AS s, 1.12345678901234567890::DECIMAL(30, 20) AS d, DATE '2024-08-08' AS t"
    expect(await cliJson(at('sql', btc, nested))).toEqual([
      {
        l: ['9007199254740993', 1],
        s: { d: '0.12345678901234567890' },
        d: '1.12345678901234567890',
        t: '2024-08-08',
      },
    ])
    const nulls = 'SELECT unnest([NULL, 1, 9007199254740993::BIGINT]) AS b;'
    expect(await cliJson(at('sql', btc, nulls))).toEqual([
      { b: null },
      { b: 1 },
      { b: '9007199254740993' },
    ])
  })

  it('pairs, stats and verify list both pairs', async () => {
    const pairs = await cliJson<{ pair: string; bytes: number }[]>(at('pairs'))
    expect(pairs).toEqual([
      {
        pair: btc,
        exchange: 'binance',
        market: 'spot',
        symbol: 'BTC/USDT',
        bytes: expect.any(Number),
      },
      {
        pair: eth,
        exchange: 'kraken',
        market: 'spot',
        symbol: 'ETHEUR',
        bytes: expect.any(Number),
      },
    ])
    const [rows] = await withManager((db) =>
      db.query(eth, api.query<{ rows: number }>('count', 'SELECT count(*) AS rows FROM ticks')),
    )
    const [stats] = await cliJson<Record<string, unknown>[]>(at('stats', eth))
    expect(stats).toMatchObject({ pair: eth, error: null })
    expect(stats!['relations']).toContainEqual({
      relation: 'ticks',
      rows: rows!.rows,
      oldest: expect.any(Number),
      newest: expect.any(Number),
    })
    expect(await cliJson(at('verify'))).toEqual([
      expect.objectContaining({ pair: btc, ok: true, problems: [] }),
      expect.objectContaining({ pair: eth, ok: true, problems: [] }),
    ])
  })
})

describe('for people', () => {
  it('prices below every bin size are shown, and binned by the smallest', async () => {
    const elsewhere = join(folder, 'tiny')
    const pair = 'x/spot/TINY'
    const db = await api.DatabaseManager.open({ dataDir: elsewhere })
    const tick = { volume: 1, side: 'BUY' } as const
    await db.insertTicks(pair, [
      { ...tick, timestamp: from, price: 1.01e-11 },
      { ...tick, timestamp: from + 1, price: 1.02e-11 },
    ])
    await db.close()
    const said = async (...args: string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await cliRun([...args, '--data-dir', elsewhere])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      return stdout
    }
    expect(await said('trades', pair)).toMatch(/ 1\.02e-11 [^]* 1\.01e-11 /)
    // The mean of the two.
    expect(await said('vwap', pair)).toMatch(/VWAP +1\.01500e-11\n/)
    expect(await said('profile', pair)).toContain('a row is 0.000000000001 high')
    for (const command of ['footprint', 'tpo', 'candles']) await said(command, pair)
    await said('candles', pair, '--svg', join(folder, 'tiny.svg'))
  })

  it('sql shows times by their type, whatever their name, and numbers by theirs', async () => {
    const text = `SELECT TIMESTAMP '2024-08-08 23:54:15.342128' AS x, 1723161255000::DOUBLE AS time,
      9007199254740993 AS b, TIMESTAMP '290000-01-01' AS far, TIMESTAMPTZ '2024-08-08 00:00:00+00' AS z`
    const { exitCode, stdout } = await cliRun(at('sql', btc, text))
    expect(exitCode).toBe(0)
    expect(stdout.split('\n')[1]!.split(/\s{2,}/)).toEqual([
      '2024-08-08 23:54:15.342128',
      '1,723,161,255,000',
      '9,007,199,254,740,993',
      expect.stringMatching(/^\d/),
      '2024-08-08 00:00:00',
    ])
  })

  it.each([
    ['candles', /┤.*[┃║╻╹]/],
    ['cvd', /CVD [+-]/],
    ['profile', /◄POC/],
    ['footprint', /×/],
    ['imbalance', /bought ÷ sold/],
    ['fvg', /bullish|bearish/],
    ['zones', /supply|demand/],
    ['vwap', /\+3 σ/],
    ['tpo', /◄POC/],
    ['trades', /BUY|SELL/],
  ])('%s fits 80 columns and says what it shows', async (command, expected) => {
    const { exitCode, stdout, stderr } = await cliRun(at(command, btc))
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(expected)
    expect(stdout).toContain(btc)
    const widths = stdout.split('\n').map((line) => [...line].length)
    // A table in a pipe is as wide as its content, and charts keep to 80.
    expect(Math.max(...widths)).toBeLessThanOrEqual(['fvg', 'zones'].includes(command) ? 100 : 80)
  })

  it.each([
    ['candles', ['price', 'volume', 'time (UTC)', 'volume at price', 'POC ', 'VAH ', 'VAL ']],
    ['profile', ['price', 'volume at price', 'POC ']],
    ['cvd', ['cumulative volume delta', 'delta', 'time (UTC)']],
    ['footprint', ['price', '×', 'bar (UTC), volume and delta']],
    ['vwap', ['price', 'VWAP', '±1 σ', '±3 σ', 'time (UTC)']],
  ])('%s --svg draws a picture with named axes', async (command, texts) => {
    const file = join(folder, `${command}.svg`)
    const { exitCode, stderr } = await cliRun(at(command, btc, '--svg', file))
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const svg = await readFile(file, 'utf8')
    expect(svg).toMatch(/^<svg [^]*<\/svg>\s*$/)
    for (const text of texts) expect(svg).toContain(text)
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
  })
})

describe('what goes wrong is one line that names its code, and harms nothing', () => {
  it.each<[string, string[], RegExp]>([
    [
      'a pair that is not stored',
      ['candles', 'binance/spot/BTC/USD'],
      /PAIR_NOT_FOUND: .*did you mean binance\/spot\/BTC\/USDT\?/,
    ],
    ['one among several', ['verify', btc, 'a/b/C'], /PAIR_NOT_FOUND: a\/b\/C/],
    ['no SQL', ['sql', btc, 'selec 1'], /QUERY_FAILED: .*syntax error/],
    [
      'an insert',
      ['sql', btc, "INSERT INTO ticks VALUES (now(), 1, 1, 'BUY', 'x')"],
      /WRITE_REFUSED: a query is one SELECT/,
    ],
    ['a drop', ['sql', btc, 'DROP TABLE ticks'], /WRITE_REFUSED: a query is one SELECT/],
    [
      'a second statement',
      ['sql', btc, 'COMMIT; DROP TABLE ticks'],
      /WRITE_REFUSED: a query is one SELECT/,
    ],
    [
      'a picture without a folder',
      ['candles', btc, '--svg', '/nowhere/at/all.svg'],
      /^pairduck: IO_FAILED: cannot write \/nowhere\/at\/all\.svg: no such file or directory\n$/,
    ],
  ])('%s', async (_what, args, message) => {
    const { exitCode, stdout, stderr } = await cliRun(at(...args))
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^pairduck: .*\n$/)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  })

  it.each<[string, string[], RegExp]>([
    [
      'a session without resets',
      ['cvd', '--session-start', '06:30'],
      /--session-start goes with --reset session/,
    ],
    [
      'no time of day',
      ['vwap', '--reset', 'session', '--session-start', '6', '--timeframe', '1m'],
      /expected `sessionStart` to be a time of day as HH:MM/,
    ],
    ['a reset of one figure', ['vwap', '--reset', 'session'], /--timeframe or --svg/],
    [
      'a reset of one figure for programs',
      ['cvd', '--reset', 'session', '--json'],
      /--reset with --json goes with --timeframe or --svg/,
    ],
    ['a filter of cells', ['footprint', '--filter-by', 'atas'], /goes with --unfinished/],
    ['a period of nothing', ['fvg', '--atr-period', '3'], /goes with --min-gap-unit atr/],
    [
      'flat bars of kept candles',
      ['candles', '--fill', 'previous', '--source', 'candles'],
      /ticks/,
    ],
    ['a speed of nothing', ['trades', '--speed', '--measure', 'notional'], /--large or --sizes/],
    ['a size of no trade', ['trades', '--large', '--measure', 'buys'], /goes with --speed/],
  ])('%s is wrong usage', async (_what, [command = '', ...options], message) => {
    const { exitCode, stdout, stderr } = await cliRun(at(command, btc, ...options))
    expect(stderr).toMatch(message)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  })

  it('candles that the file does not keep: says which it keeps, and how to have bars', async () => {
    const elsewhere = join(folder, 'five')
    const pair = 'x/spot/A'
    const db = await api.DatabaseManager.open({ dataDir: elsewhere, candles: ['5m', '1h'] })
    await db.insertTicks(pair, [{ timestamp: from, price: 1, volume: 1, side: 'BUY' }])
    const kept = { timeframe: '1m', source: 'candles' } as const
    await expect(db.query(pair, api.detectFvgQuery(kept))).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message:
        "x/spot/A: detectFvgQuery: the file does not keep candles of 1m, only of 5m 1h; `source: 'ticks'` folds bars from its ticks",
      details: { timeframe: '1m', keptCandles: ['5m', '1h'] },
    })
    await db.close()
    for (const command of ['fvg', 'zones', 'candles']) {
      const asked = [command, pair, '--timeframe', '1m', '--data-dir', elsewhere]
      const { exitCode, stderr } = await cliRun([...asked, '--source', 'candles'])
      expect(exitCode).toBe(1)
      expect(stderr).toMatch(/^pairduck: QUERY_FAILED: .*only of 5m 1h; --source ticks folds .*\n$/)
      expect((await cliRun(asked)).exitCode).toBe(0)
    }
  })

  it('sql reads other pairs by name, and bars say where they come from', async () => {
    const text = 'SELECT count(*) AS n, (SELECT count(*) FROM other.ticks) AS m FROM ticks'
    const [row] = await cliJson<{ n: number; m: number }[]>(
      at('sql', btc, text, '--with', `other=${eth}`),
    )
    expect([row!.n > 0, row!.m > 0]).toEqual([true, true])
    const hours = await cliJson<api.CandleRow[]>(at('candles', btc, '--timeframe', '1h'))
    expect(new Set(hours.map(({ source }) => source))).toEqual(new Set(['candles_15m']))
    const nothing = await cliRun(at('candles', btc, '--from', '2030-01-01'))
    expect(nothing.stdout).toMatch(/no candles\nstored: ticks from 2024-08-08/)
    const passwd = await cliRun(at('sql', btc, "SELECT * FROM read_text('/etc/passwd')"))
    expect(passwd).toMatchObject({ exitCode: 1, stdout: '' })
    expect(passwd.stderr).toMatch(/^pairduck: WRITE_REFUSED: .*`read_text` reaches outside/)
  })

  it('after all of that the pair is as it was', async () => {
    expect(await cliJson(at('verify', btc))).toEqual([expect.objectContaining({ ok: true })])
  })

  it('a folder that the system does not give is IO_FAILED', async () => {
    const file = join(folder, 'no-folder')
    await writeFile(file, '')
    const { exitCode, stderr } = await cliRun(at('snapshot', btc, '--to', join(file, 'x')))
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^pairduck: IO_FAILED: E[A-Z]+: .*no-folder/)
  })

  it('asking makes no folder and no pair', async () => {
    const nowhere = join(folder, 'nowhere')
    const { exitCode, stderr } = await cliRun(['candles', btc, '--data-dir', nowhere])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: `pairduck: PAIR_NOT_FOUND: ${btc} is not stored in ${nowhere}, which holds no pairs\n`,
    })
    expect(await cliJson(['pairs', '--data-dir', nowhere])).toEqual([])
    for (const [command, expected] of [
      ...['analytics', 'cleanup', 'gaps', 'stats', 'verify'].map(
        (name) => [[name], `IO_FAILED: there is no data folder ${nowhere}`] as const,
      ),
      [['repair', btc], `PAIR_NOT_FOUND: ${btc} is not stored in ${nowhere}, which holds no pairs`],
    ] as const)
      expect(await cliRun([...command, '--data-dir', nowhere])).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: `pairduck: ${expected}\n`,
      })
    expect(await cliRun(['pairs', '--data-dir', nowhere])).toMatchObject({
      exitCode: 0,
      stdout: `no pairs in ${nowhere}: there is no such folder\n`,
    })
    const nameless = await cliRun(['stats', '--data-dir', ''])
    expect(nameless).toMatchObject({ exitCode: 2, stdout: '' })
    expect(nameless.stderr).toContain("option '--data-dir <folder>' argument '' is invalid")
    expect(await readdir(folder)).not.toContain('nowhere')
  })

  it('a pair that another process holds without a socket: PAIR_LOCKED with its pid; the others go on', async () => {
    await withManager(
      async (db) => {
        const lease = await db.acquire(btc)
        const held = new RegExp(`PAIR_LOCKED: .*${process.pid}`)
        const { exitCode, stderr } = await pairduck.run(at('candles', btc))
        expect(exitCode).toBe(1)
        expect(stderr).toMatch(held)
        const stats = await pairduck.json<{ pair: string; error: { code: string } | null }[]>(
          at('stats'),
        )
        expect(stats.map(({ pair, error }) => [pair, error?.code])).toEqual([
          [btc, 'PAIR_LOCKED'],
          [eth, undefined],
        ])
        const pass = await pairduck.json<api.CleanupPass>(
          at('cleanup', '--now', '2024-08-08T12:40', '--keep', 'ticks=35m', ...keptCandles),
        )
        expect(pass).toMatchObject({ pairs: 2, skipped: 1 })
        expect(pass.results[0]!.skipped).toMatch(held)
        await lease.release()
      },
      { localSocket: false },
    )
  })

  it('a reader that closes the pipe ends it without a word', async () => {
    const child = pairduck.start(at('sql', btc, 'SELECT range AS n FROM range(200000)', '--json'))
    const outcome = outcomeOf(child)
    child.stdout.once('data', () => child.stdout.destroy())
    expect(await outcome).toMatchObject({ exitCode: 0, stderr: '' })
  })
})

describe('what changes files', () => {
  // Each test changes a copy of its own.
  let untouched = ''
  beforeEach(async () => {
    untouched = dataDir
    dataDir = await mkdtemp(join(folder, 'copy-'))
    await cp(untouched, dataDir, { recursive: true })
  })
  afterEach(() => {
    dataDir = untouched
  })

  it('analytics fills the tables once, and with nothing new says so', async () => {
    type Refresh = { pair: string; refreshed: { timeframe: string }[]; error: null }
    const refresh = (): Promise<Refresh[]> => cliJson(at('analytics', '--now', 'newest-tick'))
    const first = await refresh()
    expect(first.map(({ pair, error }) => [pair, error])).toEqual([
      [btc, null],
      [eth, null],
    ])
    expect(first[0]!.refreshed.map(({ timeframe }) => timeframe).sort()).toEqual([
      '15m',
      '1m',
      '5m',
    ])
    expect((await refresh()).map(({ refreshed }) => refreshed)).toEqual([[], []])
    // The last of the 40 bars has not closed by the time of the newest tick.
    const [count] = await cliJson<{ bars: number }[]>(
      at('sql', btc, "SELECT count(*) AS bars FROM order_flow WHERE timeframe = '1m'"),
    )
    expect(count).toEqual({ bars: minutes - 1 })
  })

  it('snapshot writes a copy that answers alone', async () => {
    const file = join(folder, 'copy.duckdb')
    const report = await cliJson(at('snapshot', eth, file))
    expect(report).toEqual({ pair: eth, file, bytes: expect.any(Number) })
    const inside = await cliRun(at('snapshot', eth, join(dataDir, 'copy.duckdb')))
    expect(inside.exitCode).toBe(2)
    expect(inside.stderr).toMatch(/does not go into the data directory/)
  })

  it('cleanup keeps what it is told to keep, and counts from each pair’s own time', async () => {
    const pass = await cliJson<api.CleanupPass>(
      at('cleanup', '--now', 'newest-tick', '--keep', 'ticks=10m', ...keptCandles),
    )
    expect(pass).toMatchObject({ pairs: 2, skipped: 0 })
    expect(pass.results.map(({ pair }) => pair)).toEqual([btc, eth])
    for (const { deleted } of pass.results) {
      expect(deleted.ticks).toBeGreaterThan(0)
      expect(Object.keys(deleted).filter((table) => table.startsWith('candles'))).toEqual([])
    }
    const [range] = await cliJson<{ oldest: number; newest: number }[]>(
      at('sql', btc, 'SELECT min(timestamp) AS oldest, max(timestamp) AS newest FROM ticks'),
    )
    expect(range!.newest - range!.oldest).toBeLessThanOrEqual(10 * 60_000)
    expect(range!.newest - range!.oldest).toBeGreaterThan(9 * 60_000)
    // The candles of the deleted ticks stay whole.
    const candles = await cliJson<api.StoredCandle[]>(at('candles', btc))
    expect(candles).toHaveLength(minutes)
  })

  it('cleanup --watch goes on until Ctrl-C, and that is no failure', async () => {
    const child = pairduck.start(at('cleanup', '--watch', '--json', '--keep', 'ticks=forever'))
    child.stdout.once('data', () => child.kill('SIGINT'))
    const { exitCode, stdout, stderr } = await outcomeOf(child)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(JSON.parse(stdout.split('\n')[0]!)).toMatchObject({ pairs: 2 })
  })

  it('verify finds a damaged file, repair sets it aside, and neither touches the other pair', async () => {
    const file = join(dataDir, 'kraken', 'spot', 'ETHEUR', 'trading.duckdb')
    const handle = await open(file, 'r+')
    await handle.write(Buffer.alloc(4096, 0xff), 0, 4096, 4096)
    await handle.close()
    const found = await cliRun(at('verify', '--json'))
    expect(found.exitCode).toBe(1)
    const reports = JSON.parse(found.stdout) as api.VerifyReport[]
    expect(reports.map(({ pair, ok }) => [pair, ok])).toEqual([
      [btc, true],
      [eth, false],
    ])
    const report = await cliJson<api.RepairReport>(at('repair', eth))
    expect(report).toMatchObject({ pair: eth, quarantine: expect.stringContaining('quarantine') })
    expect(await readdir(report.quarantine!)).toContain('trading.duckdb')
    expect((await cliRun(at('verify'))).exitCode).toBe(0)
  })

  it('a file that is no database is PAIR_CORRUPT', async () => {
    await writeFile(join(dataDir, 'kraken', 'spot', 'ETHEUR', 'trading.duckdb'), 'not a database')
    const { exitCode, stderr } = await cliRun(at('candles', eth))
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^pairduck: PAIR_CORRUPT: .*\n$/)
  })

  it('a pair whose folder cannot be looked at is named and ends with 1; the others go on', async () => {
    const lost = join(dataDir, 'kraken', 'spot', 'ETHEUR')
    await rm(lost, { recursive: true })
    await symlink('ETHEUR', lost)
    const told = `IO_FAILED: .*ELOOP.*${lost}`
    for (const [args, others] of [
      [['pairs'], btc],
      [['verify'], `${btc}: ok`],
      [['stats'], btc],
      [['gaps'], 'no gaps'],
      [
        ['cleanup', '--now', 'newest-tick', ...keptCandles, '--dry-run'],
        `${eth}: skipped: IO_FAILED`,
      ],
      [['analytics'], btc],
    ] as const) {
      const { exitCode, stdout, stderr } = await cliRun(at(...args))
      expect.soft({ args, exitCode }).toEqual({ args, exitCode: 1 })
      expect.soft(stderr).toMatch(new RegExp(`^left out: ${told}.*\n$`))
      expect.soft(stdout).toContain(others)
    }
    const copy = join(folder, 'no-copy.duckdb')
    for (const args of [
      ['candles', eth],
      ['sql', eth, 'SELECT 1'],
      ['repair', eth],
      ['snapshot', eth, copy],
      ['verify', eth],
      ['stats', eth],
    ]) {
      const { exitCode, stdout, stderr } = await cliRun(at(...args))
      expect.soft({ args, exitCode, stdout }).toEqual({ args, exitCode: 1, stdout: '' })
      expect.soft(stderr).toMatch(new RegExp(`^pairduck: ${told}.*\n$`))
      expect.soft(stderr).not.toContain('PAIR_NOT_FOUND')
    }
  })

  it('gaps and archive name a pair that cannot be read, do the others, and end with 1', async () => {
    await writeFile(pairFiles(dataDir, parsePair(btc)).database, 'nothing')
    for (const [args, others] of [
      [['gaps'], 'no gaps are open'],
      [['archive', '--archive', join(folder, 'archive')], `${eth}: `],
    ] as const) {
      const { exitCode, stdout, stderr } = await cliRun(at(...args))
      expect.soft({ args, exitCode }).toEqual({ args, exitCode: 1 })
      expect.soft(stderr).toMatch(new RegExp(`^left out: PAIR_CORRUPT: ${btc}.*\n$`))
      expect.soft(stdout).toContain(others)
      const alone = await cliRun(at(...args, btc))
      expect.soft(alone).toMatchObject({ exitCode: 1, stdout: '' })
      expect.soft(alone.stderr).toMatch(new RegExp(`^pairduck: PAIR_CORRUPT: ${btc}.*\n$`))
    }
  })

  it('repair says how many rows are lost of a file of which nothing can be read', async () => {
    const reports = await cliJson<api.VerifyReport[]>(at('verify'))
    const { ticks } = reports.find(({ pair }) => pair === eth)!.rows
    await writeFile(join(dataDir, 'kraken', 'spot', 'ETHEUR', 'trading.duckdb'), 'not a database')
    const { exitCode, stdout } = await cliRun(at('repair', eth))
    expect(exitCode).toBe(0)
    expect(stdout).toContain('nothing could be read; the pair begins anew')
    expect(stdout.replaceAll(',', '')).toContain(`lost: ${ticks} rows of ticks`)
  })

  it('cleanup and stats end with 1 for a damaged pair, and do the others', async () => {
    await writeFile(join(dataDir, 'kraken', 'spot', 'ETHEUR', 'trading.duckdb'), 'not a database')
    const cleaned = await cliRun(at('cleanup', '--json', '--now', 'newest-tick'))
    expect(cleaned.exitCode).toBe(1)
    const pass = JSON.parse(cleaned.stdout) as api.CleanupPass
    expect(pass.results.map(({ pair, skipped }) => [pair, skipped?.slice(0, 13)])).toEqual([
      [btc, undefined],
      [eth, 'PAIR_CORRUPT:'],
    ])
    const { exitCode, stdout } = await cliRun(at('stats', '--json'))
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject([
      { pair: btc, error: null },
      { pair: eth, error: { code: 'PAIR_CORRUPT' } },
    ])
  })
})
