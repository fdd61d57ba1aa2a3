import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openExchange } from '../../../src/cli/mirror/exchange-account.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { startValkey } from '../../support/valkey.ts'

/**
 * A package `ccxt` of the user's project, with one exchange that answers as ccxt does and writes
 * down how it was made.
 */
const fakePackage = `
import { writeFileSync } from 'node:fs'
const order = {
  id: '7', symbol: 'BTC/USDT', side: 'buy', type: 'limit', status: 'open', price: '91200.00',
  amount: '1.10000000', filled: '0', timestamp: 1764504000000, info: {},
}
class paper {
  id = 'paper'
  has = { fetchOpenOrders: true, fetchOrder: true, fetchBalance: true, watchOrders: true }
  markets = {}
  number = Number
  constructor(settings) { this.settings = settings }
  setSandboxMode(sandbox) { this.sandbox = sandbox }
  async loadMarkets() {
    if (this.settings.apiKey !== 'offline') return
    const error = new Error('paper GET https://x.test/markets?signature=77aa fetch failed')
    error.name = 'NetworkError'
    throw error
  }
  async fetchOpenOrders(symbol) { return symbol === 'BTC/USDT' ? [order] : [] }
  async fetchOrder() { return order }
  async fetchBalance() { return { info: {}, USDT: { free: '5.50', used: '1.0' } } }
  watched = 0
  async watchOrders() {
    this.watched += 1
    if (this.watched > 1) return new Promise(() => {})
    return [{ ...order, filled: '0.10000000', lastUpdateTimestamp: order.timestamp + 1 }]
  }
  async close() {
    const { settings, sandbox, number } = this
    writeFileSync('made.json', JSON.stringify({ settings, sandbox, number: number === String }))
  }
}
export default { exchanges: ['paper'], pro: { paper }, paper: undefined }
`

const before = process.cwd()
let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pairduck-ccxt-'))
  const folder = join(home, 'node_modules', 'ccxt')
  await mkdir(folder, { recursive: true })
  const manifest = { name: 'ccxt', version: '1.0.0', type: 'module', exports: './index.js' }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(folder, 'index.js'), fakePackage)
  await writeFile(join(home, 'package.json'), '{}')
  process.chdir(home)
})
afterEach(async () => {
  process.chdir(before)
  await rm(home, { recursive: true, force: true })
})

test("the user's own ccxt is run, with the keys of the environment and decimals as text", async () => {
  await using server = await startValkey()
  await using mirror = await ValkeyMirror.open({ url: server.url })
  const environment = { PAPER_API_KEY: 'key', PAPER_SECRET: 'secret' }
  const symbols = ['BTC/USDT', 'ETH/USDT']
  const { source, close } = await openExchange('paper', { symbols, sandbox: true, environment })
  const stop = new AbortController()
  const running = mirror.run(source, { signal: stop.signal })
  await expect.poll(async () => (await mirror.getOrder('7'))?.filled).toBe('0.10000000')
  expect(await mirror.listOpenOrders()).toMatchObject([{ id: '7', amount: '1.10000000' }])
  expect(await mirror.getBalances()).toMatchObject([{ asset: 'USDT', free: '5.50', used: '1.0' }])
  stop.abort()
  await running
  await close()
  expect(JSON.parse(await readFile(join(home, 'made.json'), 'utf8'))).toEqual({
    settings: { apiKey: 'key', secret: 'secret', enableRateLimit: true },
    sandbox: true,
    number: true,
  })
})

test('an exchange that fails is named, its signed request is not told', async () => {
  const environment = { PAPER_API_KEY: 'offline', PAPER_SECRET: 'secret' }
  const options = { symbols: undefined, sandbox: false, environment }
  await expect(openExchange('paper', options)).rejects.toMatchObject({
    code: 'EXCHANGE_FAILED',
    message: 'NetworkError: paper GET https://x.test/markets fetch failed',
  })
})

test('without keys nothing is opened, and their names are said', async () => {
  const options = { symbols: undefined, sandbox: false, environment: { PAPER_API_KEY: 'key' } }
  await expect(openExchange('paper', options)).rejects.toThrow(/PAPER_API_KEY and PAPER_SECRET/)
})
