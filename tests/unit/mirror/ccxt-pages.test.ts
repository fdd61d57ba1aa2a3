import { describe, expect, it } from 'vitest'
import type { PairduckError } from '../../../src/errors.ts'
import type { CcxtExchange } from '../../../src/mirror/ccxt/ccxt-exchange.ts'
import { ccxtSource } from '../../../src/mirror/ccxt/ccxt-source.ts'
import type { FillInput } from '../../../src/mirror/model/fill.ts'
import type { OrderInput } from '../../../src/mirror/model/order.ts'
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
      code: 'EXCHANGE_INCOMPLETE',
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
      await expect(fetched(trading(trades), since)).rejects.toMatchObject({
        code: 'EXCHANGE_INCOMPLETE',
        message: expect.stringMatching(/own trades of all markets.*millisecond/) as string,
        details: { ms: now - dayMs, had: 100, list: 'own trades of all markets' },
      })
  })

  // 20 before, 150 in one millisecond, 20 after, in pages of 40.
  const busy = [
    ...fills(20, now - dayMs, 1_000),
    ...fills(150, now - dayMs + 60_000, 0),
    ...fills(20, now - dayMs + 90_000, 1_000),
  ].map((each, index) => ({ ...each, id: String(1_000 + index), info: { billId: String(index) } }))

  type Ask = (since: number | undefined, params: Record<string, unknown>) => readonly FillInput[]
  const inRange = (since: number | undefined, { until }: Record<string, unknown>): FillInput[] =>
    between(busy, since ?? 0, (until as number | undefined) ?? Infinity)
  const cursors: Record<string, Ask> = {
    binance: (since, params) => {
      const { fromId, ...times } = params as { fromId?: string }
      if (fromId === undefined) return inRange(since, times).slice(0, 40)
      // Binance refuses an id beside a time.
      expect([since, times]).toEqual([undefined, {}])
      return busy.filter(({ id }) => Number(id) >= Number(fromId)).slice(0, 40)
    },
    okx: (since, params) =>
      inRange(since, params)
        .filter(
          ({ info }) =>
            Number((info as { billId: string }).billId) < Number(params['after'] ?? Infinity),
        )
        .slice(-40),
    bybit: (since, params) => {
      const all = inRange(since, params)
      const end = all.length - Number(params['cursor'] ?? 0)
      const nextPageCursor = String(all.length - end + 40)
      return all
        .slice(Math.max(0, end - 40), end)
        .map((each) => ({ ...each, info: { nextPageCursor } }))
    },
    gate: (since, params) => {
      const page = Number(params['page'] ?? 1)
      return inRange(since, params)
        .toReversed()
        .slice((page - 1) * 40, page * 40)
    },
    kraken: (since, params) => {
      const ofs = Number(params['ofs'] ?? 0)
      return inRange(since, params)
        .toReversed()
        .slice(ofs, ofs + 40)
    },
  }
  it.each(Object.keys(cursors))('come whole from a crowded millisecond of %s', async (id) => {
    const crowded = exchange({
      id,
      features: { spot: { fetchMyTrades: { limit: 40 } } },
      fetchMyTrades: async (_: unknown, since: number | undefined, __: unknown, params: object) =>
        cursors[id]!(since, { ...params }),
    })
    for (const since of [now - dayMs, now - dayMs + 60_000]) {
      const got = await ccxtSource(crowded).fetchFills!(since)
      const wanted = between(busy, since, Infinity).map((each) => each.id)
      expect(got.map((each) => each.id)).toEqual(expect.arrayContaining(wanted))
      expect(new Set(got.map((each) => each.id)).size).toBe(got.length)
    }
  })

  it('are refused where an exchange does not know the cursor', async () => {
    const deaf = exchange({
      id: 'gate',
      features: { spot: { fetchMyTrades: { limit: 40 } } },
      fetchMyTrades: async (_: unknown, since: number) => inRange(since, {}).slice(0, 40),
    })
    await expect(ccxtSource(deaf).fetchFills!(now - dayMs)).rejects.toMatchObject({
      code: 'EXCHANGE_INCOMPLETE',
      details: { ms: now - dayMs + 60_000 },
    })
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

  const pages: Record<string, (size: number, params: Record<string, unknown>) => OrderInput[]> = {
    okx: (size, { after = 250 }) => orders.slice(0, Number(after)).slice(-size),
    gate: (size, { page = 1 }) => orders.slice((Number(page) - 1) * size, Number(page) * size),
    kucoin: (size, { currentPage = 1 }) =>
      orders.slice((Number(currentPage) - 1) * size, Number(currentPage) * size),
    whitebit: (size, { offset = 0 }) => orders.slice(Number(offset), Number(offset) + size),
    // From the order named, that one included, to older ones.
    htx: (size, { from = 249 }) => orders.slice(0, Number(from) + 1).slice(-size),
  }
  it.each(Object.keys(pages))('come whole from %s, page after page', async (id) => {
    const paging = exchange({
      id,
      fetchOpenOrders: async (_: unknown, __: unknown, limit: number, params: object) =>
        pages[id]!(limit, { ...params }),
    })
    expect(await ccxtSource(paging).fetchOpenOrders()).toHaveLength(250)
    const limited = exchange({
      ...paging,
      features: { spot: { fetchOpenOrders: { limit: 50 } } },
    })
    expect(await ccxtSource(limited).fetchOpenOrders()).toHaveLength(250)
  })

  it('are told to be a part where there may be more, with what there is of all symbols', async () => {
    const full = exchange({
      features: { spot: { fetchOpenOrders: { limit: 100 } } },
      markets: { 'BTC/USDT': { maker: 0.001 } },
      fetchOpenOrders: async (symbol?: string) =>
        symbol === 'ETH/USDT' ? orders.slice(100, 105) : orders.slice(0, 100),
    })
    await expect(ccxtSource(full).fetchOpenOrders()).rejects.toMatchObject({
      code: 'EXCHANGE_INCOMPLETE',
      message: expect.stringContaining('give the `symbols`') as string,
      details: { list: 'open orders', openOrders: { length: 100 } },
    })
    const symbols = ['BTC/USDT', 'ETH/USDT']
    await expect(ccxtSource(full, { symbols }).fetchOpenOrders()).rejects.toSatisfy((error) => {
      const { message, details } = error as PairduckError
      expect(message).toContain('open orders of BTC/USDT: ')
      const had = details['openOrders'] as OrderInput[]
      expect(had.map(({ id }) => id)).toEqual(orders.slice(0, 105).map(({ id }) => id))
      expect(had[0]).toMatchObject({ feeRate: 0.001 })
      return true
    })
    const deaf = exchange({ id: 'gate', fetchOpenOrders: async () => orders.slice(0, 100) })
    await expect(ccxtSource(deaf).fetchOpenOrders()).rejects.toMatchObject({
      code: 'EXCHANGE_INCOMPLETE',
    })
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

/** A method that fails as ccxt's error of that name. */
const refuse = (name: string) => async () =>
  Promise.reject(Object.assign(new Error('no'), { name }))

describe('a list that an exchange does not give', () => {
  it('for all symbols at once, as Binance does not, is incomplete by name, not empty', async () => {
    const bySymbol = exchange({
      has: { fetchMyTrades: true, fetchOrders: true },
      fetchMyTrades: refuse('ArgumentsRequired'),
      fetchOrders: refuse('ArgumentsRequired'),
    })
    const source = ccxtSource(bySymbol)
    const incomplete = { code: 'EXCHANGE_INCOMPLETE', message: expect.stringMatching(/`symbols`/) }
    await expect(source.fetchFills!(Date.now())).rejects.toMatchObject({
      ...incomplete,
      details: { list: 'own trades of all markets' },
    })
    await expect(source.fetchClosedOrders!(Date.now())).rejects.toMatchObject(incomplete)
  })

  it('keeps the other half of the transfers from nothing', async () => {
    const deposit = { id: '1', type: 'deposit', currency: 'BTC', amount: '1', timestamp: 1 }
    const rest = {
      has: { fetchDeposits: true, fetchWithdrawals: true },
      fetchWithdrawals: refuse('NotSupported'),
    }
    const half = ccxtSource(exchange({ ...rest, fetchDeposits: async () => [deposit] }))
    expect(await half.fetchTransfers!(Date.now())).toEqual([deposit])
    const none = ccxtSource(exchange({ ...rest, fetchDeposits: refuse('NotSupported') }))
    await expect(none.fetchTransfers!(Date.now())).rejects.toMatchObject({
      code: 'EXCHANGE_INCOMPLETE',
    })
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
