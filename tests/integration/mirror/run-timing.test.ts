import { describe, expect, it } from 'vitest'
import type { PairduckError } from '../../../src/errors.ts'
import type { AccountSource } from '../../../src/mirror/model/account-source.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { quietSource, streamOf } from '../../support/quiet-source.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { startValkey } from '../../support/valkey.ts'

const btc = { asset: 'BTC', used: '0' }

/** Runs a source until the body ends. */
async function running(
  mirror: ValkeyMirror,
  source: AccountSource,
  options: object,
  body: () => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const run = mirror.run(source, { ...options, signal: stop.signal })
  await body().finally(() => stop.abort())
  await run
}

describe('reconciles', () => {
  it('that refused balances ask for come together, at least 5 s apart, and ever more rarely', async () => {
    await using server = await startValkey()
    const clock = new ManualClock()
    await using mirror = await ValkeyMirror.open({ url: server.url, clock })
    const atMs: number[] = []
    const fetchBalances = async (): Promise<never[]> => {
      atMs.push(clock.monotonicMs())
      return []
    }
    await running(
      mirror,
      quietSource({ fetchBalances }),
      { reconcileEveryMs: 300_000 },
      async () => {
        await clock.until(() => atMs.length > 0)
        atMs.length = 0
        const begunMs = clock.monotonicMs()
        while (clock.monotonicMs() < begunMs + 120_000) {
          await mirror.applyBalances([{ asset: 'BTC', free: '1' }])
          await clock.pass(500, 500)
        }
      },
    )
    const gaps = atMs.slice(1).map((at, index) => at - atMs[index]!)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(5_000)
    expect(atMs.length).toBeGreaterThan(2)
    expect(atMs.length).toBeLessThan(8)
  })

  it('asked for by a name that no snapshot mends do not come at all', async () => {
    await using server = await startValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    let asked = 0
    mirror.on('snapshotNeeded', () => (asked += 1))
    await mirror.applyBalances([{ asset: 'b lank', free: '1', used: '0' }])
    await mirror.applyBalances([{ asset: 'BTC', free: '1' }])
    expect(asked).toBe(1)
  })
})

describe('a writer whose clock is not the exchange’s', () => {
  it.each([5_000, 3_600_000, -3_600_000])(
    '(%d ms ahead) freezes no streamed balance',
    async (ahead) => {
      await using server = await startValkey()
      const exchangeMs = 1_750_000_000_000
      const clock = new ManualClock(exchangeMs + ahead)
      await using mirror = await ValkeyMirror.open({ url: server.url, clock })
      await mirror.applyBalances([{ ...btc, free: '1', timestamp: exchangeMs }])
      await mirror.reconcile(async () => ({ openOrders: [], balances: [{ ...btc, free: '2' }] }))
      // It was told before the snapshot was begun: a repetition.
      await mirror.applyBalances([{ ...btc, free: '1', timestamp: exchangeMs }])
      expect(await mirror.getBalances()).toMatchObject([{ free: '2' }])
      await mirror.applyBalances([{ ...btc, free: '3', timestamp: exchangeMs + 1 }])
      expect(await mirror.getBalances()).toMatchObject([{ free: '3' }])
      const ticker = { symbol: 'BTC/USDT', last: '1' }
      await mirror.applyTicker(ticker)
      await mirror.applyTicker({ ...ticker, last: '2', timestamp: exchangeMs })
      expect(await mirror.getTicker('BTC/USDT')).toMatchObject({ price: '2' })
    },
  )

  it.each([true, false])(
    'misses no list of what has happened (the exchange tells its time: %s)',
    async (tells) => {
      await using server = await startValkey()
      const exchangeMs = 1_750_000_000_000
      const clock = new ManualClock(exchangeMs + 3_600_000)
      await using mirror = await ValkeyMirror.open({ url: server.url, clock })
      const asked: number[] = []
      const newest = { ...openOrder('1'), timestamp: exchangeMs - 5_000, status: 'canceled' }
      const source = quietSource({
        fetchClosedOrders: async (sinceMs) => {
          asked.push(sinceMs)
          return [newest]
        },
        ...(tells && { fetchTime: async () => exchangeMs }),
      })
      await running(mirror, source, { reconcileEveryMs: 60_000 }, () =>
        clock.until(() => asked.length > 2, 1_000),
      )
      expect(asked[2]).toBe(exchangeMs - (tells ? 0 : 5_000) - 600_000)
    },
  )
})

describe('a server away for longer than the lease and back empty', () => {
  it('ends a run; with `reopen` it takes over again by itself, unless somebody else has', async () => {
    await using server = await startValkey()
    const clock = new ManualClock()
    const order = openOrder('1')
    const source = quietSource({
      fetchOpenOrders: async () => [order],
      watchOrders: (signal) => streamOf(signal, [order]),
    })
    const away = async (): Promise<void> => {
      await server.kill()
      clock.advance(60_000)
      await server.restart()
    }
    await using mirror = await ValkeyMirror.open({ url: server.url, clock })
    const told: string[] = []
    for (const name of ['fenced', 'reopened'] as const) mirror.on(name, () => told.push(name))
    const isThere = async (): Promise<boolean> =>
      mirror.listOpenOrders().then(
        (orders) => orders.length === 1,
        () => false,
      )
    await running(mirror, source, { reopen: true }, async () => {
      await clock.until(isThere)
      await away()
      await clock.until(() => told.includes('reopened'))
      await clock.until(isThere)
    })
    expect(told).toEqual(['fenced', 'reopened'])
    const ended = mirror.run(source, {}).then(
      () => 'the end',
      (error: PairduckError) => error.code,
    )
    await away()
    await clock.until(() => told.length === 3)
    expect(await ended).toBe('FENCED')
    await using _other = await ValkeyMirror.open({ url: server.url, writerId: 'other' })
    await expect(mirror.run(source, { reopen: true })).rejects.toMatchObject({ code: 'FENCED' })
  })
})
