import { describe, expect, it } from 'vitest'
import type { CcxtExchange } from '../../../src/mirror/ccxt/ccxt-exchange.ts'
import { ccxtSource } from '../../../src/mirror/ccxt/ccxt-source.ts'
import type { FillInput } from '../../../src/mirror/fill.ts'
import { openOrder } from '../../support/sample-orders.ts'

const dayMs = 86_400_000
const now = Date.now()

type Trades = (since: number, limit: number, until: number) => readonly FillInput[]

/** An exchange object of ccxt's shape, with what the test needs of it. */
function exchange(rest: object): CcxtExchange {
  const base = { id: 'any', has: { fetchMyTrades: true }, markets: {} }
  return { ...base, ...rest } as unknown as CcxtExchange
}

/** One whose own trades are answered by the given function. */
function trading(trades: Trades, fetchMyTrades: object = {}): CcxtExchange {
  return exchange({
    features: { spot: { fetchMyTrades } },
    fetchMyTrades: async (
      _: unknown,
      since: number,
      limit = 100,
      params: { until?: number } = {},
    ) => trades(since, limit, params.until ?? Infinity),
  })
}

const fill = (index: number, timestamp: number): FillInput => ({
  id: String(index),
  symbol: 'BTC/USDT',
  side: 'buy',
  order: 'o',
  timestamp,
})
const fills = (count: number, firstMs: number, stepMs: number): FillInput[] =>
  Array.from({ length: count }, (_, index) => fill(index, firstMs + index * stepMs))
const between = (all: readonly FillInput[], since: number, until: number): FillInput[] =>
  all.filter(({ timestamp }) => timestamp! >= since && timestamp! <= until)

async function fetched(of: CcxtExchange, since: number): Promise<number> {
  return (await ccxtSource(of).fetchFills!(since)).length
}

const all = fills(250, now - dayMs, 1_000)
const oldest: Trades = (since, size, until) => between(all, since, until).slice(0, size)
const newest: Trades = (since, size, until) => between(all, since, until).slice(-size)
/** Those that don't know `until`. */
const oldestDeaf: Trades = (since, size) => oldest(since, size, Infinity)
const newestDeaf: Trades = (since, size) => newest(since, size, Infinity)

describe('own trades of an exchange', () => {
  it.each([undefined, 30])('come whole in pages (limit %s), oldest first', async (limit) => {
    expect(await fetched(trading(oldest, { limit }), now - dayMs - 5)).toBe(250)
    expect(await fetched(trading(oldestDeaf, { limit }), now - dayMs - 5)).toBe(250)
  })

  it.each([undefined, 30])('come whole in pages (limit %s), newest first', async (limit) => {
    expect(await fetched(trading(newest, { limit }), now - dayMs)).toBe(250)
    await expect(fetched(trading(newestDeaf, { limit }), now - dayMs)).rejects.toMatchObject({
      code: 'EXCHANGE_FAILED',
    })
  })

  it('come from behind windows of time in which nothing happened', async () => {
    const late = fills(3, now - 1_000, 1)
    const trades: Trades = (since, _, until) =>
      between(late, since, Math.min(until, since + 7 * dayMs))
    expect(await fetched(trading(trades, { limit: 100, untilDays: 7 }), now - 60 * dayMs)).toBe(3)
    expect(await fetched(trading(trades), now - 60 * dayMs)).toBe(3)
  })

  it('are refused when one millisecond holds more than a page, never told in part', async () => {
    const crowd = fills(150, now - dayMs, 0)
    const trades: Trades = (since, size, until) => between(crowd, since, until).slice(0, size)
    for (const since of [now - dayMs - 1, now - dayMs])
      await expect(fetched(trading(trades), since)).rejects.toThrow(/millisecond/)
  })

  it('count by market, side and id: ids are unique within a market only', async () => {
    const same = fill(7, now - 1_000)
    const trades: Trades = () => [
      same,
      { ...same },
      { ...same, symbol: 'ETH/USDT' },
      { ...same, side: 'sell', order: 'p' },
    ]
    expect(await fetched(trading(trades), now - 2_000)).toBe(3)
  })
})

describe('orders of an exchange', () => {
  const orders = Array.from({ length: 250 }, (_, index) =>
    openOrder(String(index), { timestamp: 1_700_000_000_000 + index }),
  )

  it('come whole from OKX, whose pages are asked for by the oldest id', async () => {
    const okx = exchange({
      id: 'okx',
      fetchOpenOrders: async (_: unknown, __: unknown, limit: number, { after = '250' }) =>
        orders.slice(0, Number(after)).slice(-limit),
    })
    expect(await ccxtSource(okx).fetchOpenOrders()).toHaveLength(250)
  })

  it('come by ccxt’s pagination from Bybit, and plainly from others', async () => {
    const asked: unknown[][] = []
    const fetchOpenOrders = async (...args: unknown[]): Promise<never[]> => {
      asked.push(args)
      return []
    }
    await ccxtSource(exchange({ id: 'bybit', fetchOpenOrders })).fetchOpenOrders()
    await ccxtSource(exchange({ fetchOpenOrders })).fetchOpenOrders()
    expect(asked[0]![3]).toMatchObject({ paginate: true })
    expect(asked[1]).toEqual([undefined])
  })

  it('are found among the ended where they can’t be asked for by id, or are not known', async () => {
    const unsupported = Object.assign(new Error('acknowledge'), { name: 'ArgumentsRequired' })
    const rest = {
      has: { fetchClosedOrders: true },
      fetchOrder: async () => Promise.reject(unsupported),
      fetchClosedOrders: async () => [openOrder('1', { status: 'closed' })],
    }
    const source = ccxtSource(exchange(rest))
    expect(await source.fetchOrder('1', 'BTC/USDT')).toMatchObject({ status: 'closed' })
    expect(await source.fetchOrder('2', 'BTC/USDT')).toBeUndefined()
    const without = ccxtSource(exchange({ ...rest, has: { fetchOrder: false } }))
    expect(await without.fetchOrder('1', 'BTC/USDT')).toBeUndefined()
    const broken = exchange({ fetchOrder: async () => Promise.reject(new Error('timeout')) })
    await expect(ccxtSource(broken).fetchOrder('1', 'BTC/USDT')).rejects.toThrow('timeout')
  })
})

describe('symbols', () => {
  it('keep what other markets stream out of the mirror', async () => {
    const watched = exchange({
      has: { watchOrders: true, watchMyTrades: true },
      watchOrders: async () => [openOrder('1'), openOrder('2', { symbol: 'ETH/USDT' })],
      watchMyTrades: async () => [fill(1, 1), { ...fill(2, 1), symbol: 'ETH/USDT' }],
    })
    const source = ccxtSource(watched, { symbols: ['ETH/USDT'] })
    const { signal } = new AbortController()
    for await (const batch of source.watchOrders!(signal)) {
      expect(batch.map(({ id }) => id)).toEqual(['2'])
      break
    }
    for await (const batch of source.watchFills!(signal)) {
      expect(batch.map(({ id }) => id)).toEqual(['2'])
      break
    }
  })
})
