import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addText, compareText } from '../../../src/mirror/model/decimal.ts'
import { noSums } from '../../../src/mirror/model/fill-sums.ts'
import type { OrderFee, SideSums } from '../../../src/mirror/model/fill-sums.ts'
import { readFill } from '../../../src/mirror/model/fill.ts'
import type { Fill } from '../../../src/mirror/model/fill.ts'
import {
  decodeSums,
  decodeTraded,
  encodeSums,
  encodeTraded,
} from '../../../src/mirror/stored/fill-sums-json.ts'
import { MirrorKeys } from '../../../src/mirror/stored/keys.ts'
import { MirrorState } from '../../../src/mirror/write/mirror-state.ts'
import { UnitPlan } from '../../../src/mirror/write/unit-plan.ts'

const symbol = 'BTC/USDT'
const settings = { defaultFeeRate: '0', refCurrency: 'USDT', maxHistory: 50 }

function fill(id: string, rest: object = {}): Fill {
  const base = { id, order: 'o', symbol, side: 'buy', price: '2', amount: '0.5' }
  return readFill({ ...base, timestamp: 1_700_000_000_000, ...rest }, false)
}

/** The sums of one symbol as a writer comes to them. */
class Counter {
  readonly state = new MirrorState()

  /** Counts a trade in a unit of its own; `isWritten` false: the unit came to nothing. */
  add(next: Fill, isWritten = true): boolean {
    const plan = new UnitPlan(this.state, new MirrorKeys(''), settings)
    const isNew = plan.fill(next)
    if (isWritten) plan.commit()
    return isNew
  }

  sums(side: 'buy' | 'sell'): SideSums {
    return (this.state.sums.get(symbol) ?? noSums)[side]
  }

  orderFee(side: 'buy' | 'sell', id: string, filled: string): OrderFee | undefined {
    const plan = new UnitPlan(this.state, new MirrorKeys(''), settings)
    return plan.fills.orderFee({ symbol, side, id, filled })
  }
}

/** Counted from scratch by nothing but additions. */
function recount(fills: Iterable<Fill>, side: 'buy' | 'sell'): SideSums {
  const of = [...fills].filter((each) => each.side === side)
  const fees = new Map<string, string>()
  for (const { fee, feeCurrency } of of)
    if (fee !== null && feeCurrency !== null)
      fees.set(feeCurrency, addText(fees.get(feeCurrency) ?? '0', fee))
  return {
    count: new Set(of.map(({ id, orderId }) => orderId ?? `fill:${id}`)).size,
    amount: of.map(({ amount }) => amount).reduce(addText, '0'),
    notional: of.map(({ cost }) => cost).reduce(addText, '0'),
    fees,
  }
}

function expectSame(found: SideSums, wanted: SideSums): void {
  expect(found.count).toBe(wanted.count)
  for (const figure of ['amount', 'notional'] as const)
    expect(compareText(found[figure], wanted[figure])).toBe(0)
  expect([...found.fees.keys()].sort()).toEqual([...wanted.fees.keys()].sort())
  for (const [asset, fee] of wanted.fees) expect(compareText(found.fees.get(asset)!, fee)).toBe(0)
}

describe('the sums over trades', () => {
  it('equal a recount from scratch after any trades, repeats, late fees and units lost', () => {
    const amounts = fc.constantFrom('1', '0.5', '0.1000', '0.00000001', '3.10')
    const step = fc.record({
      id: fc.integer({ min: 0, max: 12 }),
      order: fc.constantFrom('a', 'b', null),
      side: fc.constantFrom('buy', 'sell'),
      amount: amounts,
      fee: fc.option(fc.record({ cost: amounts, currency: fc.constantFrom('BNB', 'USDT') })),
      isWritten: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { size: 'max', maxLength: 80 }), (steps) => {
        const counter = new Counter()
        const known = new Map<string, Fill>()
        for (const { id, isWritten, ...rest } of steps) {
          const next = fill(`f${id}`, rest)
          const before = known.get(next.id)
          const isNew = before === undefined || (before.fee === null && next.fee !== null)
          expect(counter.add(next, isWritten)).toBe(isNew)
          if (isNew && isWritten) known.set(next.id, next)
          for (const side of ['buy', 'sell'] as const)
            expectSame(counter.sums(side), recount(known.values(), side))
        }
        for (const traded of counter.state.traded.values())
          expect(decodeTraded(encodeTraded(traded))).toEqual(traded)
        for (const sums of counter.state.sums.values())
          expect(decodeSums(encodeSums(sums))).toEqual(sums)
      }),
    )
  })

  it('keep the digits of the terms', () => {
    const counter = new Counter()
    counter.add(fill('1', { amount: '0.10', fee: { cost: '0.10', currency: 'BNB' } }))
    counter.add(fill('2', { amount: '0.2' }))
    expect(counter.sums('buy')).toMatchObject({ count: 1, amount: '0.30', notional: '0.60' })
    expect(counter.sums('buy').fees).toEqual(new Map([['BNB', '0.10']]))
  })

  it('let a fee that comes later replace a trade without one, once', () => {
    const counter = new Counter()
    counter.add(fill('1'))
    expect(counter.add(fill('1', { fee: { cost: '0.10', currency: 'BNB' } }))).toBe(true)
    expect(counter.add(fill('1', { fee: { cost: '9', currency: 'BNB' } }))).toBe(false)
    expect(counter.sums('buy')).toMatchObject({ count: 1, amount: '0.5' })
    expect(counter.sums('buy').fees).toEqual(new Map([['BNB', '0.10']]))
  })

  it("know an order's fee only when its trades cover it, in one currency", () => {
    const counter = new Counter()
    counter.add(fill('1', { fee: { cost: '0.10', currency: 'BNB' } }))
    expect(counter.orderFee('buy', 'o', '1')).toBeUndefined()
    counter.add(fill('2', { fee: { cost: '0.2', currency: 'BNB' } }))
    expect(counter.orderFee('buy', 'o', '1.000')).toEqual({ fee: '0.30', feeCurrency: 'BNB' })
    counter.add(fill('3', { order: 'p', fee: { cost: '1', currency: 'BNB' } }))
    counter.add(fill('4', { order: 'p', fee: { cost: '1', currency: 'USDT' } }))
    expect(counter.orderFee('buy', 'p', '1')).toBeUndefined()
  })
})
