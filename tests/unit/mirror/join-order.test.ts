import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRecord, encodeOrder } from '../../../src/mirror/stored/order-json.ts'
import { advanceOrder } from '../../../src/mirror/model/order-record.ts'
import type { OrderRecord } from '../../../src/mirror/model/order-record.ts'
import type { OrderInput } from '../../../src/mirror/model/order.ts'
import { readOrder } from '../../../src/mirror/model/read-order.ts'
import { openOrder } from '../../support/sample-orders.ts'
import type { StrictOrder } from '../../support/strict-order.ts'
import { orderHistories, truthOf } from '../../support/order-histories.ts'
import { checkForward, readOrderStrictly } from '../../support/strict-order.ts'
import { propertyRuns } from '../../support/property-runs.ts'

function mirrored(events: readonly OrderInput[], maxHistory = 50): OrderRecord {
  let record: OrderRecord | undefined
  for (const event of events) record = advanceOrder(record, readOrder(event, false), maxHistory)
  return record!
}

function at(filled: string, rest: object = {}): OrderInput {
  return openOrder('1', { amount: '1', price: '3', filled, ...rest })
}

function feeAt(filled: string, cost: string, currency: string): OrderInput {
  return openOrder('1', { filled, average: '2.5', fee: { cost, currency } })
}

function feesOf(...events: OrderInput[]): unknown[] {
  return mirrored(events).history.map(
    (entry) => (JSON.parse(entry) as { actual_fee: unknown }).actual_fee,
  )
}

describe('the join of an order and its events', () => {
  it('comes to the truth from which the events were made, whatever their order and number', () => {
    fc.assert(
      fc.property(orderHistories({ maxOrders: 1 }), ({ truths, events }) => {
        const [truth] = truths
        const read = readOrderStrictly(encodeOrder(mirrored(events), '0'))
        expect(truthOf(read)).toEqual(truth)
      }),
      { numRuns: propertyRuns(200) },
    )
  })

  it('never reopens an order and never lets its filled amount fall', () => {
    fc.assert(
      fc.property(orderHistories({ maxOrders: 1 }), ({ events }) => {
        let record: OrderRecord | undefined
        let filled = 0
        let closed = false
        for (const event of events) {
          record = advanceOrder(record, readOrder(event, false), 50)
          const read = readOrderStrictly(encodeOrder(record, '0'))
          expect(Number(read.filled)).toBeGreaterThanOrEqual(filled)
          expect(closed && read.isOpen).toBe(false)
          filled = Number(read.filled)
          closed = !read.isOpen
        }
      }),
    )
  })

  it('goes only forward also where events tell neither cost nor average, or another fee', () => {
    const lacking = fc.record({
      cost: fc.boolean(),
      average: fc.boolean(),
      otherFee: fc.boolean(),
    })
    fc.assert(
      fc.property(
        orderHistories({ maxOrders: 1 }),
        fc.array(lacking, { minLength: 8, maxLength: 8, size: 'max' }),
        fc.boolean(),
        ({ events }, lacks, market) => {
          let record: OrderRecord | undefined
          let before: StrictOrder | undefined
          for (const [index, event] of events.entries()) {
            const lack = lacks[index % lacks.length]!
            const told = {
              ...event,
              ...(market && { type: 'market', price: null }),
              ...(lack.cost && { cost: null }),
              ...(lack.average && { average: null }),
              ...(lack.otherFee && { fee: { cost: '7', currency: 'USDT' } }),
            }
            const next = advanceOrder(record, readOrder(told, false), 50)
            const after = readOrderStrictly(encodeOrder(next, '0'))
            expect(() => before && checkForward(before, after)).not.toThrow()
            // What is read back from the JSON goes on in the same way.
            record = index % 2 === 0 ? next : decodeRecord(encodeOrder(next, '0'))
            before = after
          }
        },
      ),
      { numRuns: propertyRuns(100) },
    )
  })

  it('takes a notional that nobody told at the limit price, on from what is known', () => {
    // 0.5 at 2.5 are 1.25, and 0.1 more at 3 are 0.3: 1.55, on average 2.58333….
    const grown = mirrored([at('0.5', { average: '2.5' }), at('0.6')])
    expect(grown.state).toMatchObject({ notional: '1.55', average: '2.583333333333' })
    expect(JSON.parse(grown.history.at(-1)!)).toMatchObject({ price: 3, actual_notion: 0.3 })
    expect(mirrored([at('0.6')]).state).toMatchObject({ notional: '1.8', average: '3' })
    // A market order has no limit: what is known stays, and the step is told without a value.
    const market = { type: 'market', price: null }
    const open = mirrored([at('0.5', { ...market, average: '2.5' }), at('0.6', market)])
    expect(open.state.notional).toBe('1.25')
    expect(JSON.parse(open.history.at(-1)!)).toMatchObject({ price: null, actual_notion: null })
    expect(mirrored([at('0.6', market)]).state).toMatchObject({ notional: null, average: null })
  })

  it('does not subtract fees of two currencies', () => {
    expect(feesOf(feeAt('0.5', '0.001', 'BNB'), feeAt('0.6', '0.5', 'USDT'))).toEqual([
      null,
      0.001,
      null,
    ])
    expect(feesOf(feeAt('0.5', '0.001', 'BNB'), feeAt('0.6', '0.003', 'BNB'))).toEqual([
      null,
      0.001,
      0.002,
    ])
  })

  it.each([
    ['symbol', { symbol: 'ETH/USDT' }],
    ['side', { side: 'sell' }],
  ])('refuses an event of another %s: it is another order with the same id', (field, rest) => {
    expect(() => mirrored([openOrder('1'), openOrder('1', rest)])).toThrow(
      expect.objectContaining({
        code: 'INVALID_ORDER',
        details: expect.objectContaining({ field }) as unknown,
      }) as Error,
    )
  })

  it('is the same after a writer read it back from its JSON', () => {
    fc.assert(
      fc.property(orderHistories({ maxOrders: 1 }), fc.nat(), ({ events }, cut) => {
        const at = (cut % events.length) + 1
        const before = encodeOrder(mirrored(events.slice(0, at)), '0')
        let record = decodeRecord(before)
        expect(encodeOrder(record, '0')).toBe(before)
        for (const event of events.slice(at))
          record = advanceOrder(record, readOrder(event, false), 50)
        expect(truthOf(readOrderStrictly(encodeOrder(record, '0')))).toEqual(
          truthOf(readOrderStrictly(encodeOrder(mirrored(events), '0'))),
        )
      }),
    )
  })

  it('gives the same record for an event that changes nothing', () => {
    fc.assert(
      fc.property(orderHistories({ maxOrders: 1 }), fc.nat(), ({ events }, pick) => {
        const record = mirrored(events)
        const again = readOrder(events[pick % events.length]!, false)
        expect(advanceOrder(record, again, 50)).toBe(record)
      }),
    )
  })

  it('drops the oldest history entries and keeps their count', () => {
    const events = [0, 1, 2, 3, 4].map((step) => ({
      id: '1',
      symbol: 'BTC/USDT',
      side: 'buy',
      type: 'limit',
      amount: '10',
      price: '2',
      filled: String(step),
      cost: String(step * 2),
      status: 'open',
      timestamp: 1_700_000_000_000,
      lastUpdateTimestamp: 1_700_000_000_000 + step,
    }))
    const { fields } = readOrderStrictly(encodeOrder(mirrored(events, 2), '0'))
    // One entry for the new order and one for each of four fills make five; two are kept.
    expect(fields['history_count']).toBe('5')
    expect(Object.keys(fields['history'] as object)).toEqual(['3', '4'])
  })
})
