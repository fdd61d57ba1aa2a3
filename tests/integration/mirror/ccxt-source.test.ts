import { setImmediate } from 'node:timers/promises'
import { binance } from 'ccxt'
import { describe, expect, it } from 'vitest'
import { ccxtSource } from '../../../src/mirror/ccxt/ccxt-source.ts'
import type { CcxtBalances, CcxtExchange } from '../../../src/mirror/ccxt/ccxt-exchange.ts'
import type { FillInput } from '../../../src/mirror/model/fill.ts'
import type { OrderInput } from '../../../src/mirror/model/order.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { oracleIsHere } from '../../support/oracle.ts'
import { oracleOrders } from '../../support/oracle-orders.ts'
import { emptyValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

/**
 * An exchange object of ccxt.pro's shape that replays recorded answers: REST answers at once,
 * streams once and then silent, as an exchange is on which nothing happens.
 */
class ReplayedExchange implements CcxtExchange {
  readonly id = 'binance'
  readonly has = {
    fetchMyTrades: true,
    fetchDeposits: true,
    watchOrders: true,
    watchMyTrades: true,
    watchBalance: true,
  }
  readonly markets = { 'ETH/USDT': { maker: 0.001, taker: 0.002 } }
  readonly calls: string[] = []
  readonly #orders: OrderInput[][]
  readonly #fills: FillInput[][]
  readonly #balances: CcxtBalances[]

  constructor(
    orders: readonly OrderInput[][],
    fills: readonly FillInput[][],
    balances: readonly CcxtBalances[],
  ) {
    this.#orders = [...orders]
    this.#fills = [...fills]
    this.#balances = [...balances]
  }

  async fetchOpenOrders(symbol?: string): Promise<OrderInput[]> {
    this.calls.push(`fetchOpenOrders ${symbol}`)
    return recorded<OrderInput[]>('REST orders')[0]!
  }
  async fetchOrder(id: string): Promise<OrderInput> {
    this.calls.push(`fetchOrder ${id}`)
    throw Object.assign(new Error('unknown'), { name: 'OrderNotFound' })
  }
  async fetchBalance(): Promise<CcxtBalances> {
    return recorded<CcxtBalances>('REST fetchBalance')[0]!
  }
  async fetchMyTrades(symbol?: string, since = 0): Promise<FillInput[]> {
    this.calls.push(`fetchMyTrades ${symbol}`)
    const trades = recorded<FillInput[]>('REST myTrades')[0]!
    return trades.filter(({ timestamp }) => timestamp! >= since)
  }
  async fetchDeposits(): Promise<never[]> {
    throw Object.assign(new Error('not here'), { name: 'NotSupported' })
  }
  async fetchWithdrawals(): Promise<never[]> {
    throw new Error('never asked for: `has` lacks it')
  }
  async watchOrders(): Promise<OrderInput[]> {
    return this.#next(this.#orders)
  }
  async watchMyTrades(): Promise<FillInput[]> {
    return this.#next(this.#fills)
  }
  async watchBalance(): Promise<CcxtBalances> {
    return this.#next(this.#balances)
  }
  async watchTickers(): Promise<Record<string, never>> {
    throw new Error('never asked for: no tickers are wanted')
  }

  async #next<Item>(items: Item[]): Promise<Item> {
    const item = items.shift()
    await setImmediate()
    return item ?? new Promise<Item>(() => undefined)
  }
}

/** As long as a busy machine takes. */
const patient = { timeout: 30_000 }

function recorded<Unified>(kind: string): Unified[] {
  return oracleOrders()
    .filter((record) => record.kind === kind)
    .map(({ unified }) => unified as Unified)
}

describe.runIf(oracleIsHere)('ccxtSource', () => {
  it('keeps a mirror in step with an exchange object that replays what was recorded', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    // In the end one ETH order is filled, one is canceled in part; the other events repeat.
    const events = recorded<OrderInput>('ws spot order').filter(
      ({ symbol, id }) => ['12345678', '9876543210'].includes(String(id)) && symbol === 'ETH/USDT',
    )
    const filled = events.filter(({ id, status }) => id !== '12345678' || status !== 'canceled')
    const live = filled.filter(({ status }) => status !== 'expired')
    const fills = recorded<FillInput>('ws spot fill').filter(({ order }) => order === '12345678')
    const exchange = new ReplayedExchange(
      [...live.map((order) => [order]), live],
      [fills, fills],
      recorded<CcxtBalances>('ws spot balance').slice(0, 1),
    )
    const mirror = await ValkeyMirror.open({ url: server.url })
    const stopping = new AbortController()
    const running = mirror.run(ccxtSource(exchange, { symbols: ['ETH/USDT', 'BNB/BTC'] }), {
      signal: stopping.signal,
      sinceMs: 0,
    })
    const status = (id: string) => async (): Promise<string | undefined> =>
      (await mirror.getOrder(id))?.status
    await expect.poll(status('12345678'), patient).toBe('filled')
    await expect.poll(status('9876543210'), patient).toBe('partially_canceled')
    await expect.poll(async () => (await mirror.listFills()).length, patient).toBe(2)
    const whole = await reader.read(['ETH/USDT', 'LTC/BTC'])
    expect([...whole.open]).toEqual(['1'])
    expect(whole.orders.get('12345678')!.fields).toMatchObject({
      amount: '1.00000000',
      actual_fee: '0.00100000',
      fee_currency: 'ETH',
      // 0.001 ETH of 1 ETH.
      fee_rate: '0.001',
    })
    // No fill told a rate: it is the market's for the maker.
    expect(whole.orders.get('9876543210')!.fields['fee_rate']).toBe('0.001')
    expect((await mirror.getTradeStats('ETH'))[0]).toMatchObject({
      side: 'buy',
      count: { USDT: 1 },
      amount: { USDT: '1.00000000' },
      fee: { ETH: '0.00100000' },
    })
    expect(exchange.calls).toContain('fetchMyTrades BNB/BTC')
    stopping.abort()
    await running
    await mirror.close()
  })

  it('takes the digits from the payload where ccxt gives floats, from ccxt where it gives text', async () => {
    const record = oracleOrders().find(
      ({ kind, raw }) => kind === 'REST orders' && !Array.isArray(raw),
    )!
    const exchange = new binance()
    exchange.number = String as never
    const market = { id: 'LTCBTC', symbol: 'LTC/BTC', base: 'LTC', quote: 'BTC', spot: true }
    const exact = exchange.parseOrder(
      record.raw as object,
      market as never,
    ) as unknown as OrderInput
    expect([(record.unified as OrderInput).amount, exact.amount]).toEqual([1, '1.0'])
    await using server = await emptyValkey()
    for (const [index, order] of [
      record.unified as OrderInput,
      { ...exact, info: null },
    ].entries()) {
      await using mirror = await ValkeyMirror.open({ url: server.url, keyPrefix: `${index}:` })
      await mirror.applyOrder(order)
      expect(await mirror.getOrder('1')).toMatchObject({ amount: '1.0', limitPrice: '0.1' })
    }
  })
})
