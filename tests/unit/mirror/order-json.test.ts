import { describe, expect, it } from 'vitest'
import {
  readMirroredOrder,
  readMirroredOrderWithHistory,
} from '../../../src/mirror/stored/mirrored-order.ts'
import { decodeRecord, encodeOrder } from '../../../src/mirror/stored/order-json.ts'
import { advanceOrder } from '../../../src/mirror/model/order-record.ts'
import type { OrderInput } from '../../../src/mirror/model/order.ts'
import { readOrder } from '../../../src/mirror/model/read-order.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { readOrderStrictly } from '../../support/strict-order.ts'

function written(order: OrderInput, defaultFeeRate = '0'): string {
  return encodeOrder(advanceOrder(undefined, readOrder(order, false), 50), defaultFeeRate)
}

function reserved(rest: Partial<OrderInput>): unknown {
  return readOrderStrictly(written(openOrder('1', rest))).fields['reserved_notion_left']
}

describe("an order's JSON", () => {
  it('has every key of the reader, with bare numbers of the same digits', () => {
    const json = written(openOrder('a"b', { comment: 'say "hi"\n', clientOrderId: 'c\\1' }))
    const { fields } = readOrderStrictly(json)
    expect(json).toContain('"amount":1.00000000,')
    expect(fields).toMatchObject({
      id: 'a"b',
      comment: 'say "hi"\n',
      client_order_id: 'c\\1',
      limit_price: '2.50000000',
      // 1.00000000 × 2.50000000, all sixteen digits.
      reserved_notion_left: '2.5000000000000000',
      initial_booked_notion: '2.5000000000000000',
      fee_currency: 'USDT',
      ts_finish: null,
      history_count: '1',
    })
  })

  it('reserves for the rest of a buy order only, and nothing for a sell or a closed order', () => {
    // (1.00000000 − 0.4) × 2.50000000 = 1.5
    expect(reserved({ filled: '0.4', cost: '1' })).toBe('1.5000000000000000')
    expect(reserved({ side: 'sell' })).toBe('0')
    expect(reserved({ status: 'canceled' })).toBe('0')
    expect(reserved({ type: 'market' })).toBe('0')
  })

  it.each([
    // 0.0025 USDT of 2.5 USDT, 0.002 BTC of 1 BTC: 0.1 %, 0.2 %.
    [{ cost: '0.0025', currency: 'USDT' }, '0.001'],
    [{ cost: '0.002', currency: 'BTC' }, '0.002'],
    [{ cost: '0.01', currency: 'BNB' }, '0.0075'],
    [undefined, '0.0075'],
  ])('takes the fee rate from the fill %j, else from the market', (fee, rate) => {
    const filled = { filled: '1.00000000', cost: '2.5', status: 'closed', feeRate: 0.0075 }
    const { fields } = readOrderStrictly(written(openOrder('1', { ...filled, fee })))
    expect(fields['fee_rate']).toBe(rate)
  })

  it('takes the fee rate from the option where neither tells one', () => {
    expect(readOrderStrictly(written(openOrder('1'), '0.0042')).fields['fee_rate']).toBe('0.0042')
  })

  it("is read back by readers, also as MockExchange's own engine writes it", () => {
    const json = written(openOrder('1', { filled: '0.4', cost: '1.0', average: '2.5' }))
    const foreign = JSON.stringify({
      ...(JSON.parse(json) as object),
      amount: 1e-7,
      fee_rate: 1e-3,
    })
    expect(readMirroredOrder(json)).toMatchObject({ amount: '1.00000000', price: '2.5' })
    expect(readMirroredOrder(foreign)).toMatchObject({ amount: '0.0000001', feeRate: '0.001' })
    const { history, ...rest } = readMirroredOrderWithHistory(json)
    expect(rest).toEqual(readMirroredOrder(json))
    expect(history).toHaveLength(2)
    expect(encodeOrder(decodeRecord(json), '0')).toBe(json)
    expect(decodeRecord(foreign).state.amount).toBe('0.0000001')
  })

  it('says whose data it is when the status is none of ours', () => {
    const json = written(openOrder('1')).replace('"status":"new"', '"status":"odd"')
    expect(() => readMirroredOrder(json)).toThrow(/unknown status odd/)
  })
})

describe("another program's JSON", () => {
  const fields = JSON.parse(written(openOrder('1', { comment: 'said "so"' }))) as object

  it.each(['id', 'symbol', 'side', 'type', 'amount', 'notion_currency'])(
    'is no order without %s',
    (field) => {
      for (const value of [undefined, null]) {
        const json = JSON.stringify({ ...fields, [field]: value })
        expect(() => readMirroredOrder(json)).toThrow(`expected an order with ${field}`)
        expect(() => decodeRecord(json)).toThrow(`expected an order with ${field}`)
      }
    },
  )

  it.each([
    ['limit_price', 'cheap'],
    ['ts_update', 'yesterday'],
    ['initial_booked_fee', 'none'],
    ['history', 'long'],
  ])('is no order with such a %s: %s', (field, value) => {
    expect(() => readMirroredOrder(JSON.stringify({ ...fields, [field]: value }))).toThrow(
      SyntaxError,
    )
  })

  it('is no order when it is cut off', () => {
    const json = written(openOrder('1'))
    for (const end of [json.length - 1, json.indexOf('"history":{') + 11, json.length - 20])
      expect(() => readMirroredOrder(json.slice(0, end))).toThrow(SyntaxError)
  })

  it('is read in any layout as it is in ours', () => {
    const json = written(openOrder('1', { comment: 'said "so"', clientOrderId: 'a\\b' }))
    const other = JSON.stringify(JSON.parse(json), undefined, 2)
    // The parser makes numbers of the digits: what is text, and what is missing, stays.
    const texts = { comment: 'said "so"', clientOrderId: 'a\\b', sourceType: null, price: null }
    expect(readMirroredOrder(json)).toMatchObject(texts)
    expect(readMirroredOrder(other)).toMatchObject(texts)
    expect(encodeOrder(decodeRecord(json), '0')).toBe(json)
  })
})

describe('an order that can not be mirrored', () => {
  it.each([
    ['id', { id: undefined }],
    ['id', { id: 'with blank' }],
    ['id', { id: 'x'.repeat(129) }],
    ['symbol', { symbol: 'BTCUSDT' }],
    ['symbol', { symbol: 'set/USDT' }],
    ['symbol', { symbol: 'BTC/index' }],
    ['symbol', { symbol: 'B C/USDT' }],
    ['symbol', { symbol: 'A:B/USDT' }],
    ['symbol', { symbol: 'BTC/\u0007' }],
    ['symbol', { symbol: 'BTC/\u202eUSDT' }],
    ['symbol', { symbol: '/USDT' }],
    ['symbol', { symbol: 'BTC/{USDT}' }],
    ['symbol', { symbol: 'BTC/USDT:USDT' }],
    ['side', { side: 'long' }],
    ['type', { type: null }],
    ['price', { price: null }],
    ['status', { status: 'NEW_INSURANCE' }],
    ['status', { status: 'toString' }],
    ['amount', { amount: '.5' }],
    ['amount', { amount: '1e999' }],
    ['id', { id: 2 ** 53 }],
    ['id', { id: -1 }],
    ['id', { id: '-1' }],
    ['timestamp', { timestamp: 1_700_000_000 }],
    ['lastUpdateTimestamp', { lastUpdateTimestamp: 1_700_000_000_000_000 }],
    ['amount', { amount: '0.000' }],
    ['amount', { amount: Number.NaN }],
    ['filled', { filled: '2' }],
    ['filled', { filled: '-1' }],
    ['filled', { filled: null, status: 'canceled' }],
    ['price', { price: '-1' }],
    ['cost', { cost: '+1' }],
    ['timestamp', { timestamp: null, lastUpdateTimestamp: null }],
    ['timestamp', { timestamp: 1.5 }],
  ])('names the field %s: %j', (field, rest) => {
    expect(() => readOrder(openOrder('1', rest as Partial<OrderInput>), false)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ORDER',
        details: expect.objectContaining({ field }) as unknown,
      }) as Error,
    )
  })
})
