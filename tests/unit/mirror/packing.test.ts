import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { TradedOrder } from '../../../src/mirror/model/fill-sums.ts'
import { readFill } from '../../../src/mirror/model/fill.ts'
import { advanceOrder } from '../../../src/mirror/model/order-record.ts'
import type { OrderRecord } from '../../../src/mirror/model/order-record.ts'
import { readOrder } from '../../../src/mirror/model/read-order.ts'
import {
  closedOrderPacking,
  fillPacking,
  packedFillTime,
  tradedPacking,
} from '../../../src/mirror/write/packing.ts'

const ids = fc.stringMatching(/^[!-,.-~]{1,40}$/)
const symbols = fc.constantFrom('BTC/USDT', '币安人生/USDT', 'kPEPE/USDC', 'BTC/USDT:USDT')
const amounts = fc.integer({ min: 1, max: 10 ** 9 }).map((n) => `${n}.10`)
const times = fc.integer({ min: 1_500_000_000_000, max: 1_900_000_000_000 })
const texts = fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined })

const fills = fc
  .record({
    id: ids,
    order: fc.option(ids),
    symbol: symbols,
    side: fc.constantFrom('buy', 'sell'),
    price: amounts,
    amount: amounts,
    fee: fc.option(fc.record({ cost: amounts, currency: fc.constantFrom('BNB', '币安人生') })),
    timestamp: times,
    takerOrMaker: fc.option(fc.constantFrom('taker', 'maker')),
  })
  .map((input) => readFill(input, true))

const orders = fc
  .record({
    id: ids,
    symbol: symbols,
    side: fc.constantFrom('buy', 'sell'),
    type: fc.constantFrom('limit', 'stop_loss_limit'),
    amount: amounts,
    price: amounts,
    triggerPrice: fc.option(amounts),
    status: fc.constantFrom('closed', 'canceled', 'expired', 'rejected'),
    fee: fc.option(fc.record({ cost: amounts, currency: fc.constantFrom('BNB', 'USDT') })),
    feeRate: fc.option(fc.constantFrom('0.001')),
    timestamp: times,
    clientOrderId: texts,
    comment: texts,
  })
  .map((input): OrderRecord => {
    const open = { ...input, status: 'open', filled: '0' }
    const first = advanceOrder(undefined, readOrder(open, true), 10)
    return advanceOrder(first, readOrder({ ...input, filled: input.amount }, true), 10)
  })

const traded: fc.Arbitrary<TradedOrder> = fc.record({
  stored: fc.nat(),
  amount: amounts,
  unpaid: fc.nat(),
  fees: fc
    .uniqueArray(fc.tuple(fc.constantFrom('BNB', 'USDT', '币安人生'), amounts), {
      selector: ([asset]) => asset,
    })
    .map((fees) => new Map(fees)),
})

it('gives back trades, closed orders and sums as they were, whatever their texts hold', () => {
  fc.assert(
    fc.property(fills, orders, traded, (fill, order, sums) => {
      const packed = fillPacking.pack(fill)
      expect(fillPacking.unpack(packed)).toStrictEqual(fill)
      expect(fill).toMatchObject(packedFillTime(packed))
      expect(closedOrderPacking.unpack(closedOrderPacking.pack(order))).toStrictEqual(order)
      expect(tradedPacking.unpack(tradedPacking.pack(sums))).toEqual(sums)
    }),
  )
})
