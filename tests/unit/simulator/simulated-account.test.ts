import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SimulatedAccount, type AccountStep } from '../../../src/simulator/simulated-account.ts'

const from = Date.parse('2026-01-01T00:00:00Z')
const symbols = ['BTC/USDT', 'ETH/USDT', 'DOGE/BTC']

function steps(seed: string, stepMs: readonly number[]): [SimulatedAccount, AccountStep[]] {
  const account = new SimulatedAccount({ symbols, from, seed })
  let now = from
  return [account, stepMs.map((ms) => account.step((now += ms)))]
}

test('the same seed and steps give the same account, another seed another', () => {
  const stepMs = Array<number>(200).fill(500)
  expect(steps('a', stepMs)[1]).toEqual(steps('a', stepMs)[1])
  expect(steps('a', stepMs)[1]).not.toEqual(steps('b', stepMs)[1])
})

test('balances add up: what was given, received, taken as fee and is locked, to the last digit', () => {
  const durations = fc.array(fc.integer({ min: 1, max: 3_000 }), { size: 'max', maxLength: 150 })
  fc.assert(
    fc.property(fc.string(), durations, (seed, stepMs) => {
      const [account, all] = steps(seed, stepMs)
      const fills = all.flatMap((step) => step.fills)
      const totals = new Map([
        ['USDT', 100_000n * one],
        ['BTC', 100_000n * one],
      ])
      const add = (asset: string, units: bigint) =>
        totals.set(asset, (totals.get(asset) ?? 0n) + units)
      for (const { symbol, side, amount, cost, fee } of fills) {
        const [base = '', quote = ''] = symbol.split('/')
        const sign = side === 'buy' ? 1n : -1n
        add(base, sign * units(amount))
        add(quote, -sign * units(cost))
        add(fee.currency, -units(fee.cost))
      }
      const locked = new Map<string, bigint>()
      for (const { symbol, side, price, amount, filled } of account.openOrders()) {
        const [base = '', quote = ''] = symbol.split('/')
        const rest = units(amount) - units(filled)
        const [asset, part] = side === 'buy' ? [quote, (rest * units(price)) / one] : [base, rest]
        locked.set(asset, (locked.get(asset) ?? 0n) + part)
      }
      for (const { asset, free, used } of account.balances()) {
        expect(units(free)).toBeGreaterThanOrEqual(0n)
        expect([asset, units(used)]).toEqual([asset, locked.get(asset) ?? 0n])
        expect([asset, units(free) + units(used)]).toEqual([asset, totals.get(asset) ?? 0n])
      }
      expect(fills).toEqual(account.fills(from))
    }),
    { numRuns: 25 },
  )
})

test('orders live as on an exchange: new, filled in parts, closed or cancelled, never reopened', () => {
  const [account, all] = steps('life', Array<number>(2_000).fill(500))
  const seen = new Map<string, { filled: bigint; status: string }>()
  const statuses = new Set<string>()
  const reports = all.flatMap((step) => step.orders)
  for (const order of reports) {
    const before = seen.get(order.id) ?? { filled: 0n, status: 'open' }
    const filled = units(order.filled)
    expect(before.status).toBe('open')
    expect(filled).toBeGreaterThanOrEqual(before.filled)
    expect(order.status === 'closed').toBe(filled === units(order.amount))
    statuses.add(order.status === 'open' && filled > 0n ? 'partly filled' : order.status)
    seen.set(order.id, { filled, status: order.status })
  }
  expect(statuses).toEqual(new Set(['open', 'partly filled', 'closed', 'canceled']))
  expect(seen.size).toBeGreaterThan(200)
  // What happened last can be asked for; of the closed ones only the newest are remembered.
  expect(account.order(reports.at(-1)!.id)).toEqual(reports.at(-1))
  expect(account.order(reports[0]!.id)).toBeUndefined()
})

test('misuse is refused', () => {
  expect(() => new SimulatedAccount({ symbols: ['btc'], from })).toThrow(/`symbols`/)
})

const one = 10n ** 12n

function units(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(12, '0'))
}
