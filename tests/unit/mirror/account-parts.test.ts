import { describe, expect, it } from 'vitest'
import { readBalance } from '../../../src/mirror/model/balance.ts'
import { balancesFromCcxt } from '../../../src/mirror/ccxt/ccxt-balances.ts'
import {
  resolveConnection,
  valkeyUrlFromEnvironment,
} from '../../../src/valkey/connection-options.ts'
import { infoText } from '../../../src/mirror/model/exact-text.ts'
import { resolveMirrorOptions } from '../../../src/mirror/mirror-options.ts'
import { readMirroredOrder } from '../../../src/mirror/stored/mirrored-order.ts'
import { orderBook } from '../../../src/mirror/read/order-book.ts'
import { encodeOrder } from '../../../src/mirror/stored/order-json.ts'
import { advanceOrder } from '../../../src/mirror/model/order-record.ts'
import { readOrder } from '../../../src/mirror/model/read-order.ts'
import { readTicker } from '../../../src/mirror/model/ticker.ts'
import { readTransfer } from '../../../src/mirror/model/transfer.ts'
import { openOrder } from '../../support/sample-orders.ts'

describe('the digits behind a number', () => {
  it('come from the field of that name, else from the only text of that value', () => {
    expect(infoText(1, { q: '1.00', z: '1.000' }, ['z', 'q'])).toBe('1.000')
    expect(infoText(2.5, { a: { b: [{ c: '2.50' }] } }, ['x'])).toBe('2.50')
    expect(infoText(1, { a: '1.0', b: '1.00' }, [])).toMatch(/^1\.00?$/)
    expect(infoText(3, { a: '1' }, ['a'])).toBeUndefined()
    // Both texts are the same double: which one is meant can't be known.
    expect(infoText(0.1, { a: '0.1000000000000000055', b: '0.1' }, [])).toBeUndefined()
  })
})

describe('balances', () => {
  it('need two of free, used and total; the third follows exactly', () => {
    expect(readBalance({ asset: 'BTC', free: '0.1', used: '0.20' }).total).toBe('0.30')
    expect(readBalance({ asset: 'BTC', free: '0.1', total: '0.30' }).used).toBe('0.20')
    expect(readBalance({ asset: 'BTC', used: '0.2', total: '0.3' }).free).toBe('0.1')
    expect(() => readBalance({ asset: 'BTC', free: '0.1' })).toThrow(/snapshot/)
  })

  it("of ccxt take each asset's digits from its own part of the payload", () => {
    const info = {
      B: [
        { a: 'BTC', f: '1.10', l: '0.0' },
        { a: 'ETH', f: '1.1', l: '0' },
      ],
    }
    const [btc, eth] = balancesFromCcxt({
      info,
      timestamp: 1_700_000_000_005,
      BTC: { free: 1.1, used: 0, total: 1.1 },
      ETH: { free: 1.1, used: 0, total: 1.1 },
      free: { BTC: 1.1 },
    }).map(readBalance)
    expect([btc, eth]).toMatchObject([
      { asset: 'BTC', free: '1.10', used: '0.0', timestamp: 1_700_000_000_005 },
      { asset: 'ETH', free: '1.1', used: '0' },
    ])
  })
})

describe('tickers and transfers', () => {
  it('take ccxt’s unified shape, and name what does not fit', () => {
    expect(readTicker({ symbol: 'BTC/USDT', last: '1.50', bid: 1.4 }, false, 7)).toEqual({
      symbol: 'BTC/USDT',
      price: '1.50',
      timestamp: 7,
      exchangeMs: null,
      bid: '1.4',
      ask: null,
      bidVolume: null,
      askVolume: null,
    })
    expect(() => readTicker({ symbol: 'BTC/USDT', last: 0 }, false, 7)).toThrow(/price/)
    const deposit = {
      id: '1',
      type: 'deposit',
      currency: 'BTC',
      amount: '1.0',
      timestamp: 1_700_000_000_005,
    }
    expect(readTransfer({ ...deposit, status: 'pending' })).toBeUndefined()
    expect(readTransfer({ ...deposit, status: 'ok' })).toMatchObject({
      asset: 'BTC',
      amount: '1.0',
    })
    expect(() => readTransfer({ ...deposit, type: 'transfer' })).toThrow(/deposit/)
  })
})

const named = /`timestamp` to be a time before 2100 in whole Unix ms/

describe('a time in microseconds, or none', () => {
  it.each([1.7e15, Number.NaN, Infinity, -1, 1.5, '1700000000000'])(
    '%s is refused by name: nothing told later would come after it',
    (timestamp) => {
      const given = timestamp as number
      const ticker = { symbol: 'BTC/USDT', last: '1.50', timestamp: given }
      expect(() => readTicker(ticker, false, 7)).toThrow(named)
      expect(() => readBalance({ asset: 'BTC', free: '1', used: '0', timestamp: given })).toThrow(
        named,
      )
      const deposit = { id: '1', type: 'deposit', currency: 'BTC', amount: '1.0' }
      expect(() => readTransfer({ ...deposit, timestamp: given })).toThrow(named)
    },
  )
})

it('what is no object is refused as what it is in a list of balances too', () => {
  for (const wrong of [null, undefined, 5])
    expect(() => readBalance(wrong as never)).toThrow(/expected `balance` to be an object/)
})

describe('the order book', () => {
  it('adds up what is open by price, bids from the top, asks from the bottom', () => {
    const open = [
      openOrder('1', { price: '2.5', filled: '0.25', cost: '0.6' }),
      openOrder('2', { price: '2.50' }),
      openOrder('3', { price: '10' }),
      openOrder('4', { side: 'sell', price: '11' }),
      openOrder('5', { side: 'sell', price: '9' }),
      openOrder('6', { type: 'market' }),
    ].map((order) =>
      readMirroredOrder(encodeOrder(advanceOrder(undefined, readOrder(order, false), 5), '0')),
    )
    expect(orderBook('BTC/USDT', open)).toEqual({
      symbol: 'BTC/USDT',
      bids: [
        { price: '10', amount: '1.00000000', orders: 1 },
        // 1 − 0.25 + 1
        { price: '2.5', amount: '1.75000000', orders: 2 },
      ],
      asks: [
        { price: '9', amount: '1.00000000', orders: 1 },
        { price: '11', amount: '1.00000000', orders: 1 },
      ],
    })
  })
})

describe('where the server is', () => {
  it('comes from a URL of any of the four schemes', () => {
    const url = 'rediss://me:p%40ss@[::1]:7000/15'
    expect(resolveConnection('test', { url })).toMatchObject({
      host: '::1',
      port: 7000,
      username: 'me',
      password: 'p@ss',
      database: 15,
      tls: {},
    })
    expect(resolveConnection('test', { url: 'valkey://h' })).toMatchObject({ tls: undefined })
    expect(resolveConnection('test', {}).label).toBe('127.0.0.1:6379')
    for (const wrong of ['http://h', 'nonsense', 'valkey://h/16', 'valkey://h/x'])
      expect(() => resolveConnection('test', { url: wrong })).toThrow(TypeError)
    expect(() => resolveConnection('test', { pasword: 'x' } as object)).toThrow(
      /did you mean `password`/,
    )
  })

  it('comes from the environment otherwise', () => {
    expect(valkeyUrlFromEnvironment({})).toBe('valkey://127.0.0.1:6379')
    expect(valkeyUrlFromEnvironment({ VALKEY_URL: 'redis://x' })).toBe('redis://x')
    const parts = {
      VALKEY_HOST: 'h',
      VALKEY_PORT: '1',
      VALKEY_PASSWORD: 'a/b',
      VALKEY_USERNAME: 'u',
    }
    expect(valkeyUrlFromEnvironment(parts)).toBe('valkey://u:a%2Fb@h:1')
  })

  it('is checked together with the mirror’s options', () => {
    const cluster = { nodes: [{ host: 'h', port: 1 }] }
    expect(() => resolveMirrorOptions('test', { cluster })).toThrow(/keyPrefix/)
    expect(() => resolveMirrorOptions('test', { leaseMs: 30_001 })).toThrow(RangeError)
    expect(() => resolveMirrorOptions('test', { defaultFeeRate: '-1' })).toThrow(/defaultFeeRate/)
    const client = { script: null } as never
    expect(() => resolveMirrorOptions('test', { client, url: 'valkey://h' })).toThrow(/client/)
    expect(resolveMirrorOptions('test', { cluster, keyPrefix: '{mx}:' }).keyPrefix).toBe('{mx}:')
  })
})
