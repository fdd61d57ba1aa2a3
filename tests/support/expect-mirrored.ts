import { expect } from 'vitest'
import { accountSymbols } from './simulated-account.ts'
import type { SimulatedAccount } from './simulated-account.ts'
import type { WholeReader } from './whole-mirror.ts'

/**
 * The mirror is whole and says what the account says: open orders, what became of the others,
 * balances, and every fill once, in the hash and in the sums.
 */
export async function expectMirrored(
  reader: WholeReader,
  account: SimulatedAccount,
): Promise<void> {
  const { orders, open } = await reader.read(accountSymbols)
  const truth = new Map(account.orders().map((order) => [String(order.id), order]))
  const trulyOpen = [...truth.values()].filter(({ status }) => status === 'open')
  expect([...open].sort()).toEqual(trulyOpen.map(({ id }) => String(id)).sort())
  // None is absent, those that opened and closed unseen included.
  expect([...truth.keys()].filter((id) => !orders.has(id))).toEqual([])
  for (const [id, order] of orders) {
    const { filled, amount, status } = truth.get(id)!
    expect([id, order.filled, order.amount, order.isOpen]).toEqual([
      id,
      filled,
      amount,
      status === 'open',
    ])
  }
  const balances = (await reader.send('HGETALL', 'balances')) as string[]
  const held = await account.fetchBalances()
  expect(balances.filter((_, index) => index % 2 === 0).sort()).toEqual(
    held.map(({ asset }) => asset).sort(),
  )
  for (const { asset, free, used } of held)
    expect(balances[balances.indexOf(asset) + 1]).toContain(
      `"free":${String(free)},"used":${String(used)}`,
    )
  await expectFills(reader, account)
}

async function expectFills(reader: WholeReader, account: SimulatedAccount): Promise<void> {
  for (const symbol of accountSymbols) {
    const fills = account.fills().filter((fill) => fill.symbol === symbol)
    const stored = (await reader.send('HKEYS', `mirror:fills:${symbol}`)) as string[]
    expect(stored.sort()).toEqual(fills.map(({ id }) => String(id)).sort())
    for (const side of ['buy', 'sell']) {
      const ofSide = fills.filter((fill) => fill.side === side)
      const key = `trades:${side}:${symbol.split('/')[0]}`
      const figures = await Promise.all(
        ['count', 'amount'].map((figure) => reader.send('HGET', `${key}:${figure}`, 'USDT')),
      )
      const amount = ofSide.reduce((sum, fill) => sum + Number(String(fill.amount).slice(2)), 0)
      const count = new Set(ofSide.map(({ order }) => order)).size
      expect(figures.map((figure) => Number(figure ?? 0))).toEqual([count, amount / 1e8])
    }
  }
}
