import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRecord, encodeOrder } from '../../../src/mirror/order-json.ts'
import { advanceOrder } from '../../../src/mirror/order-record.ts'
import type { OrderRecord } from '../../../src/mirror/order-record.ts'
import type { OrderInput } from '../../../src/mirror/order.ts'
import { readOrder } from '../../../src/mirror/read-order.ts'
import { orderHistories, truthOf } from '../../support/order-histories.ts'
import { readOrderStrictly } from '../../support/strict-order.ts'

function mirrored(events: readonly OrderInput[], maxHistory = 50): OrderRecord {
  let record: OrderRecord | undefined
  for (const event of events) record = advanceOrder(record, readOrder(event, false), maxHistory)
  return record!
}

describe('the join of an order and its events', () => {
  it('comes to the truth from which the events were made, whatever their order and number', () => {
    fc.assert(
      fc.property(orderHistories({ maxOrders: 1 }), ({ truths, events }) => {
        const [truth] = truths
        const read = readOrderStrictly(encodeOrder(mirrored(events), '0'))
        expect(truthOf(read)).toEqual(truth)
      }),
      { numRuns: 2_000 },
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
