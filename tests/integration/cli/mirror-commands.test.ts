import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { withPlainClient } from '../../../src/valkey/local/plain-client.ts'
import { MirrorReader } from '../../../src/mirror/mirror-reader.ts'
import { readDailyReport } from '../../../src/mirror/report/read-daily-report.ts'
import { formatReport } from '../../../src/mirror/report/report-document.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { cliRun, type CliRunOptions } from '../../support/cli-run.ts'
import { freePort, startValkey, type TestServer } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

let server: TestServer
let home: string
beforeAll(async () => {
  server = await startValkey()
  home = await mkdtemp(join(tmpdir(), 'pairduck-cli-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))
beforeEach(() => withPlainClient(server, (send) => send('FLUSHALL')))
// Whatever a test mirrored, a strict reader takes it.
afterEach(async () => {
  await using whole = await readWhole(server.port)
  await whole.read([])
})

const run = (args: readonly string[], options?: CliRunOptions) =>
  cliRun([...args, '--url', server.url, '--data-dir', home], options)

const noon = Date.parse('2025-11-30T12:00:00Z')
const atNoon = () => noon
const order = {
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'limit',
  status: 'open',
  filled: '0',
  timestamp: noon,
}

async function mirrorKnownAccount(): Promise<void> {
  const mirror = await ValkeyMirror.open({ url: server.url })
  await mirror.applyOrders([
    { ...order, id: '1', amount: '1.10000000', price: '91200.00' },
    { ...order, id: '2', amount: '0.5', price: '91200', timestamp: noon + 1 },
    { ...order, id: '3', side: 'sell', amount: '2', price: '91500', timestamp: noon + 2 },
    { ...order, id: '4', symbol: 'ETH/USDT', amount: '3', price: '3000', timestamp: noon + 3 },
    {
      ...order,
      id: '4',
      symbol: 'ETH/USDT',
      amount: '3',
      price: '3000',
      timestamp: noon + 3,
      filled: '1',
      average: '3000',
      lastUpdateTimestamp: noon + 4,
    },
  ])
  await mirror.applyBalances([
    { asset: 'BTC', free: '1.00000000', used: '2' },
    { asset: 'USDT', free: '12345678901234567890.10', used: '0.00' },
    { asset: 'XRP', free: '0', used: '0.0' },
  ])
  const fill = { order: '9', symbol: 'BTC/USDT', timestamp: noon }
  await mirror.applyFills([
    {
      ...fill,
      id: '1',
      side: 'buy',
      price: '100',
      amount: '2',
      fee: { cost: '0.2', currency: 'USDT' },
      timestamp: noon - 86_400_000,
    },
    {
      ...fill,
      id: '2',
      side: 'sell',
      price: '110',
      amount: '1',
      fee: { cost: '0.1', currency: 'USDT' },
    },
  ])
  await mirror.applyTicker({ symbol: 'BTC/USDT', price: '91300.50', timestamp: noon })
  await mirror.close()
}

describe('what is mirrored, printed', () => {
  beforeEach(mirrorKnownAccount)

  test('orders: all, of one market, one with its history; digits as they were mirrored', async () => {
    const { stdout } = await run(['orders'])
    const lines = stdout
      .trimEnd()
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(/\s{2,}/))
    expect(lines).toEqual([
      ['id', 'symbol', 'side', 'type', 'price', 'amount', 'filled', 'status', 'updated (UTC)'],
      [
        '4',
        'ETH/USDT',
        'buy',
        'limit',
        '3000',
        '3',
        '33.3 %',
        'partially_filled',
        '2025-11-30 12:00:00.004',
      ],
      ['3', 'BTC/USDT', 'sell', 'limit', '91500', '2', '–', 'new', '2025-11-30 12:00:00.002'],
      ['2', 'BTC/USDT', 'buy', 'limit', '91200', '0.5', '–', 'new', '2025-11-30 12:00:00.001'],
      ['1', 'BTC/USDT', 'buy', 'limit', '91200', '1.1', '–', 'new', '2025-11-30 12:00:00'],
    ])
    const json = (await run(['orders', 'BTC/USDT', '--json'])).stdout
    expect(json).toContain('"amount":1.10000000,')
    expect(json).toContain('"limitPrice":91200.00,')
    expect(JSON.parse(json).map(({ id }: { id: string }) => id)).toEqual(['3', '2', '1'])
    const one = await run(['orders', '--id', '4', '--json'])
    expect(JSON.parse(one.stdout)).toMatchObject({
      id: '4',
      filled: 1,
      history: [{}, { filled: 1 }],
    })
    expect((await run(['orders', '--id', '4'])).stdout).toContain('partially_filled')
  })

  test('balances: those that are there, or all', async () => {
    const json = (await run(['balances', '--json'])).stdout
    expect(json).toContain('{"asset":"BTC","free":1.00000000,"used":2,"total":3.00000000}')
    expect(json).toContain('"free":12345678901234567890.10,')
    expect(JSON.parse(json)).toHaveLength(2)
    expect(JSON.parse((await run(['balances', '--all', '--json'])).stdout)).toHaveLength(3)
    expect((await run(['balances'])).stdout).toMatch(/^BTC +1 +2 +3$/m)
  })

  // 91,200.00 and 91,200 are one level of 1.1 + 0.5 = 1.6.
  test('book: own orders by price, asks above bids', async () => {
    const { stdout } = await run(['book', 'BTC/USDT'])
    expect(stdout).toMatch(
      /^BTC\/USDT last 91300\.5\nside +price +amount +orders\nask +91500 +2 +1\nbid +91200 +1\.6 +2\nwritten .* by .*, which no longer holds the lease\n$/,
    )
    expect(JSON.parse((await run(['book', 'BTC/USDT', '--json'])).stdout)).toMatchObject({
      symbol: 'BTC/USDT',
      bids: [{ price: 91200, amount: 1.6, orders: 2 }],
      asks: [{ price: 91500, amount: 2, orders: 1 }],
    })
    expect((await run(['book', 'DOGE/USDT'])).stdout).toMatch(
      /^no open limit orders of DOGE\/USDT\nwritten /,
    )
  })

  test.each(['book', 'orders'])('%s of an unknown symbol: how it is written', async (command) => {
    const said = async (symbol: string) => (await run([command, symbol])).stderr
    for (const symbol of ['BTCUSDT', 'btc/usdt', 'BTC/USDT:USDT'])
      expect(await said(symbol)).toBe(
        `pairduck: nothing is mirrored of ${symbol}: did you mean BTC/USDT?\n`,
      )
    expect(await said('NOPE/USDT')).toBe(
      'pairduck: nothing is mirrored of NOPE/USDT: symbols are written like BTC/USDT\n',
    )
    expect(await said('BTC/USDT')).toBe('')
    const { exitCode, stdout } = await run([command, 'BTCUSDT', '--json'])
    expect(exitCode).toBe(0)
    const none = command === 'orders' ? [] : { symbol: 'BTCUSDT', bids: [], asks: [] }
    expect(JSON.parse(stdout)).toMatchObject(none)
  })

  // Bought 2 for 200.2 the day before: 100.1 each. Sold 1 for 110 − 0.1: a profit of 9.8.
  test('report: a day, several days, as a file', async () => {
    const table = (await run(['report', '--days', '2'], { now: atNoon })).stdout
    expect(table).toMatch(/^2025-11-29 +1 +0 +0 +– +0\.2 USDT$/m)
    expect(table).toMatch(/^2025-11-30 +0 +1 +\+9\.8 +100\.0 % +0\.1 USDT$/m)
    expect(table).toContain('\n2 trades, profit +9.8 USDT\n1 of 1 closing orders won: 100.0 %\n')
    // 9.8 after fees of 0.2 on the purchase and 0.1 on the sale: 10.1 before them.
    expect(table).toMatch(
      /what the figures show\nFees of 0\.3 USDT are 3 % of the 10\.1 USDT made before them\.\n$/,
    )
    const files = join(home, 'reports')
    const { stdout, stderr } = await run(['report', '--json', '--out', files], { now: atNoon })
    const file = join(files, 'performance_20251130.json')
    expect(stderr).toBe(`written: ${file}\n`)
    expect(await readFile(file, 'utf8')).toBe(stdout)
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({ date: '2025-11-30', trades: { pnl: 9.8 }, total_trades: 1 })
    expect(document.balances.BTC).toEqual({ free: 1, locked: 2 })
    const days = JSON.parse(
      (await run(['report', '--days', '2', '--json'], { now: atNoon })).stdout,
    )
    expect(days.map(({ date }: { date: string }) => date)).toEqual(['2025-11-29', '2025-11-30'])
    expect(days[1]).toEqual(document)
    expect((await run(['report', '--date', '2025-11-29'], { now: atNoon })).stdout).toMatch(
      /^BTC\/USDT +2 /m,
    )
  })
})

test('an empty server says that nothing was ever mirrored there, and not that there is nothing', async () => {
  for (const command of [['orders'], ['balances'], ['book', 'BTC/USDT'], ['mirror', '--status']])
    expect((await run(command)).stdout).toBe('nothing was ever mirrored here\n')
  const never = { isMirrored: false, lastWrittenAt: null, lagMs: null, writer: null }
  expect(JSON.parse((await run(['mirror', '--status', '--json'])).stdout)).toMatchObject(never)
  await using mirror = await ValkeyMirror.open({ url: server.url, writerId: 'a:b' })
  expect((await run(['orders'])).stdout).toMatch(/^no open orders\nnothing written yet by a:b/)
  await mirror.applyOrder({ ...order, id: '1', amount: '1', price: '1' })
  const status = await mirror.status()
  expect(status).toMatchObject({ isMirrored: true, writer: 'a:b', isWriting: true, sequence: 1 })
  expect(Math.abs(status.lastWrittenAt! - Date.now())).toBeLessThan(60_000)
  const { stdout, stderr } = await run(['orders', '--json'])
  expect(JSON.parse(stdout)).toHaveLength(1)
  expect(stderr).toMatch(/^written .* by a:b, which holds the lease\n$/)
  await withPlainClient(server, (send) =>
    send('SET', 'mirror:written', String(Date.now() - 480_000)),
  )
  expect((await run(['orders'])).stdout).toContain('written 8 min ago by a:b, which holds')
})

describe('mirror --demo', () => {
  test('simulated orders appear, fill and go; what is mirrored then is what the commands print', async () => {
    const stop = new AbortController()
    const start = Date.now()
    // Ten times as fast as life.
    const now = () => start + (Date.now() - start) * 10
    const { exitCode, stdout } = await run(['mirror', '--demo'], {
      now,
      signal: stop.signal,
      onOutput: (text) => {
        if (
          ['new', 'partially_filled', 'filled', 'canceled'].every((status) =>
            text.includes(` ${status}, `),
          )
        )
          stop.abort()
      },
    })
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^snapshot \(start\): 0 open orders, /)
    const reader = await MirrorReader.open({ url: server.url })
    const [open, fills] = [await reader.listOpenOrders(), await reader.listFills()]
    const report = await readDailyReport(reader, now(), { writtenAt: start })
    await reader.close()
    expect(fills.length).toBeGreaterThan(0)
    expect(JSON.parse((await run(['orders', '--json'])).stdout)).toHaveLength(open.length)
    const printed = await run(['report', '--json', '--date', report.date], { now: () => start })
    expect(printed.stdout).toBe(formatReport(report))
  })

  test('a second demo cancels what the first one left open', async () => {
    const untilOpen = async () => {
      const stop = new AbortController()
      // Both begin in the same moment; time goes on when it is looked at, by half a second.
      let at = noon
      const now = () => (at += 500)
      const onOutput = (text: string) => {
        if (/ new, /.test(text)) stop.abort()
      }
      return run(['mirror', '--demo'], { now, signal: stop.signal, onOutput })
    }
    await untilOpen()
    const left = JSON.parse((await run(['orders', '--json'])).stdout) as { id: string }[]
    expect(left.length).toBeGreaterThan(0)
    await untilOpen()
    for (const { id } of left)
      expect(JSON.parse((await run(['orders', '--id', id, '--json'])).stdout).status).toMatch(
        /canceled$/,
      )
  })

  test('a real account is left alone, unless the demo has keys of its own', async () => {
    await mirrorKnownAccount()
    const refused = await run(['mirror', '--demo'])
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^pairduck: WRITE_REFUSED: .*--key-prefix/)
    const stop = new AbortController()
    const apart = await run(['mirror', '--demo', '--key-prefix', 'demo:', '--json'], {
      signal: stop.signal,
      onOutput: () => stop.abort(),
    })
    expect(JSON.parse(apart.stdout.split('\n')[0]!)).toMatchObject({ type: 'snapshot' })
    expect(JSON.parse((await run(['orders', '--json'])).stdout)).toHaveLength(4)
  })
})

test('mistakes: no server is 1 with a way out, wrong usage is 2', async () => {
  const nobody = ['--url', `valkey://127.0.0.1:${await freePort()}`]
  for (const command of [
    ['orders'],
    ['balances'],
    ['book', 'BTC/USDT'],
    ['report'],
    ['mirror', '--demo'],
  ]) {
    const { exitCode, stderr } = await cliRun([...command, ...nobody])
    expect([command, exitCode]).toEqual([command, 1])
    expect(stderr).toMatch(/^pairduck: VALKEY_UNREACHABLE: .*pairduck valkey start/)
  }
  for (const [args, message] of [
    [['mirror'], /name an exchange to mirror, or --demo/],
    [['mirror', 'binance', '--demo'], /name an exchange to mirror, or --demo/],
    [['mirror', 'nosuch'], /ccxt knows no exchange nosuch/],
    [['mirror', 'kraken'], /KRAKEN_API_KEY/],
    [['mirror', '--demo', '--symbols', 'btc'], /`symbols`/],
    [['orders', 'BTC/USDT', '--id', '1'], /leave the symbol out/],
    [['report', '--date', '30.11.2025'], /YYYY-MM-DD/],
    [['report', '--date', '2025-11-30', '--days', '2'], /one of them/],
  ] as const) {
    const { exitCode, stderr } = await run(args)
    expect([args, exitCode]).toEqual([args, 2])
    expect(stderr).toMatch(message)
  }
  expect((await cliRun(['orders', '--url', 'http://127.0.0.1'])).exitCode).toBe(2)
  expect(await run(['orders', '--id', 'none'])).toMatchObject({ exitCode: 1, stdout: '' })
})
