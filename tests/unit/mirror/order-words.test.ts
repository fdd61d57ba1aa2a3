import { describe, expect, it } from 'vitest'
import { ccxtSource } from '../../../src/mirror/ccxt/ccxt-source.ts'
import type { CcxtExchange } from '../../../src/mirror/ccxt/ccxt-exchange.ts'
import type { OrderInput } from '../../../src/mirror/model/order.ts'
import { readOrder } from '../../../src/mirror/model/read-order.ts'
import { openOrder } from '../../support/sample-orders.ts'

const read = (rest: Partial<OrderInput>) => readOrder(openOrder('1', rest), false)

describe('an order as exchanges and ccxt tell it', () => {
  it.each([
    'PENDING_NEW',
    'CANCEL_QUEUED',
    'EDIT_QUEUED',
    'PENDING',
    'pending',
    'canceling',
    'PENDING_CANCEL',
    'accepted',
  ])('is live while it is %s', (status) => {
    expect(read({ status, filled: '0.5' }).outcome).toBeUndefined()
  })

  it.each([
    ['CANCELLED', 'canceled'],
    ['EXPIRED_IN_MATCH', 'expired'],
    ['REJECTED', 'rejected'],
  ])('has ended when it is %s', (status, outcome) => {
    expect(read({ status }).outcome).toBe(outcome)
  })

  it('has the status that its exchange means by a word', async () => {
    const orders = ['FAILED', 'CANCEL_QUEUED', 'canceled'].map((status) =>
      openOrder('1', { status }),
    )
    const coinbase = { id: 'coinbase', has: {}, markets: {}, fetchOpenOrders: async () => orders }
    const told = await ccxtSource(coinbase as unknown as CcxtExchange).fetchOpenOrders()
    expect(told.map(({ status }) => status)).toEqual(['rejected', 'open', 'canceled'])
  })

  it.each([7, 9_007_199_254_740_991, 12345678901234567890n])(
    'has the number %s for an id',
    (id) => {
      expect(read({ id }).id).toBe(String(id))
    },
  )

  it.each([
    '币安人生/USDT',
    'kPEPE/USDC',
    'AAPLx/USD',
    '1000"SATS"/USDT',
    'ñ\\x/é',
    '🚀/USDT',
    'Set/USDT',
  ])('may be of %s', (symbol) => {
    expect(read({ symbol }).symbol).toBe(symbol)
  })
})

describe('a market order by quote amount', () => {
  const market = { type: 'market', side: 'buy', price: null, average: '0.08' } as const

  it('has the amount that it was filled for, in the payload’s digits', () => {
    const info = { origQty: '0.00000000', origQuoteOrderQty: '100.00', executedQty: '1250.000' }
    for (const amount of [undefined, null, 0])
      expect(read({ ...market, amount, filled: 1250, status: 'closed', info })).toMatchObject({
        amount: '1250.000',
        filled: '1250.000',
        outcome: 'filled',
      })
  })

  it('was filled when it is closed, though its amount is one of quote currency', () => {
    for (const [amount, filled] of [
      ['100', '0.0011'],
      ['100', '1250'],
    ])
      expect(read({ ...market, amount, filled, status: 'closed' })).toMatchObject({
        amount: filled,
        outcome: 'filled',
      })
  })

  it('is still open while it fills, and refused by its amount until anything is', () => {
    expect(read({ ...market, amount: undefined, filled: '5' }).outcome).toBeUndefined()
    expect(() => read({ ...market, amount: undefined, filled: '0' })).toThrow(/`amount`/)
  })

  it('is no limit order that was cut off, and no sale by base amount', () => {
    const cut = { amount: '2', filled: '1', status: 'closed' }
    expect(read(cut)).toMatchObject({ amount: '2', outcome: 'canceled' })
    expect(read({ ...market, side: 'sell', ...cut })).toMatchObject({ outcome: 'canceled' })
    const byQuote = { ...market, side: 'sell', ...cut, info: { quoteOrderQty: '2' } }
    expect(read(byQuote)).toMatchObject({ amount: '1', outcome: 'filled' })
  })
})
