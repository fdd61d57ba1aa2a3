import { describe, expect, it } from 'vitest'
import type { FillInput } from '../../../src/mirror/model/fill.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { expectMirrored } from '../../support/expect-mirrored.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { quietSource, streamOf } from '../../support/quiet-source.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { SimulatedAccount } from '../../support/simulated-account.ts'
import { emptyValkey } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'

const fill = (id: string, order: string): FillInput => ({
  id,
  order,
  symbol: 'BTC/USDT',
  side: 'buy',
  price: '2.5',
  amount: '1.00000000',
  timestamp: 1_700_000_001_000,
})
const filled = (id: string) =>
  openOrder(id, { status: 'closed', filled: '1.00000000', cost: '2.5' })

describe('orders that opened and closed while nobody listened', () => {
  it('are all there after one reconcile, from the list of closed orders and by their trades', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    const account = new SimulatedAccount(3)
    await using mirror = await ValkeyMirror.open({ url: server.url })
    while (account.steps < 300) {
      const { fills } = account.step()
      // Their trades are heard, the orders are not.
      if (account.steps > 100) await mirror.applyFills(fills)
    }
    const traded = new Set(account.fills().map(({ order }) => String(order)))
    const drift = await mirror.drift({ openOrders: await account.fetchOpenOrders() })
    const missing = drift.filter(({ kind, problem }) => kind === 'order' && problem === 'missing')
    expect(missing.length).toBeGreaterThan(20)
    const result = await mirror.reconcile(
      async () => ({
        openOrders: await account.fetchOpenOrders(),
        balances: await account.fetchBalances(),
        fills: await account.fetchFills(),
        closedOrders: (await account.fetchClosedOrders()).filter(
          ({ id }) => !traded.has(String(id)),
        ),
      }),
      (id) => account.fetchOrder(id),
    )
    expect([result.absent, result.refused]).toEqual([[], []])
    await expectMirrored(reader, account)
    expect(await mirror.drift()).toEqual([])
    expect(await reader.send('EXISTS', 'mirror:absent')).toBe(0)
  })

  it('are asked for by id soon after a trade of theirs, a few at a time', async () => {
    await using server = await emptyValkey()
    const clock = new ManualClock()
    await using mirror = await ValkeyMirror.open({ url: server.url, clock })
    const ids = Array.from({ length: 50 }, (_, index) => `o${index}`)
    const asked: string[] = []
    const stop = new AbortController()
    const source = quietSource({
      fetchOrder: async (id) => {
        asked.push(id)
        return filled(id)
      },
      watchFills: (signal) =>
        streamOf(
          signal,
          ids.map((id) => fill(`t${id}`, id)),
        ),
    })
    let reconciles = 0
    mirror.on('reconciled', () => (reconciles += 1))
    const running = mirror.run(source, { signal: stop.signal, reconcileEveryMs: 86_400_000 })
    await clock.until(async () => (await mirror.getOrder('o49'))?.status === 'filled', 10)
    await clock.until(() => asked.length === ids.length)
    expect(new Set(asked).size).toBe(ids.length)
    expect(reconciles).toBeLessThanOrEqual(3)
    expect(await mirror.drift()).toEqual([])
    stop.abort()
    await running
  })

  it('that can’t be had are told once, shown by drift, asked for ever more rarely, and kept in mind', async () => {
    await using server = await emptyValkey()
    const clock = new ManualClock()
    const asked: string[] = []
    const told: string[] = []
    const reconcile = async (mirror: ValkeyMirror) =>
      mirror.reconcile({ openOrders: [], fills: [fill('1', 'gone')] }, async (id) => {
        asked.push(id)
        return undefined
      })
    {
      await using mirror = await ValkeyMirror.open({ url: server.url, clock })
      mirror.on('error', (error) => told.push((error as Error).message))
      for (let minute = 0; minute < 60; minute++) {
        expect((await reconcile(mirror)).absent).toEqual(['gone'])
        clock.advance(60_000)
      }
    }
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(/^1 orders whose trades are mirrored .*: gone$/)
    expect(asked.length).toBeLessThanOrEqual(7)
    await using next = await ValkeyMirror.open({ url: server.url, clock })
    expect(await next.drift()).toMatchObject([{ kind: 'order', id: 'gone', problem: 'missing' }])
    await next.applyOrder(filled('gone'))
    expect(await next.drift()).toEqual([])
    expect((await reconcile(next)).absent).toEqual([])
  })

  it('are given up when they were asked for in vain long enough, and the oldest when there are too many', async () => {
    await using server = await emptyValkey()
    await using reader = await readWhole(server.port)
    const clock = new ManualClock()
    await using mirror = await ValkeyMirror.open({ url: server.url, clock })
    const told: string[] = []
    mirror.on('error', (error) => told.push((error as Error).message))
    const recent = { ...fill('2', 'recent'), timestamp: clock.now() }
    await mirror.applyFills([fill('1', 'old'), recent])
    let absent: readonly string[] = []
    for (let minute = 0; minute < 180; minute += 10) {
      const snapshot = { openOrders: [] }
      absent = (await mirror.reconcile(snapshot, async () => undefined)).absent
      clock.advance(600_000)
    }
    expect([absent, told.length]).toEqual([['recent'], 2])
    expect(told[1]).toMatch(/^1 orders .* asked for no longer.*: old$/)
    expect(await reader.send('HKEYS', 'mirror:absent')).toEqual(['recent'])
    for (const first of [0, 6_000]) {
      const many = Array.from({ length: 6_000 }, (_, n) => fill(`m${first + n}`, `o${first + n}`))
      await mirror.applyFills(many)
    }
    expect(Number(await reader.send('HLEN', 'mirror:absent'))).toBeLessThanOrEqual(10_000)
    expect([await reader.send('HEXISTS', 'mirror:absent', 'recent'), told.length]).toEqual([1, 3])
    expect((await mirror.listFills()).length).toBe(12_002)
  })

  it('are not absent when their own event comes first, later, or in one unit with the trade', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await mirror.applyOrder(filled('1'))
    await mirror.applyFills([fill('a', '1')])
    await Promise.all([mirror.applyFills([fill('b', '2')]), mirror.applyOrder(filled('2'))])
    await mirror.applyFills([fill('c', '3')])
    expect(await mirror.drift()).toHaveLength(1)
    await mirror.applyOrder(filled('3'))
    expect(await mirror.drift()).toEqual([])
  })
})
