import { describe, expect, it } from 'vitest'
import type { AccountSource } from '../../../src/mirror/index.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { quietSource, streamOf } from '../../support/quiet-source.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey } from '../../support/valkey.ts'

type Member = Exclude<keyof AccountSource, 'name'>

const atMs = 1_750_000_000_000
const forever = async (): Promise<never> => new Promise<never>(() => undefined)
const deaf = { [Symbol.asyncIterator]: () => ({ next: forever }) }
const canceled = openOrder('1', { status: 'canceled', lastUpdateTimestamp: atMs })
const ended = openOrder('closed', { status: 'canceled' })
const fill = { id: 'f', symbol: 'BTC/USDT', side: 'buy', price: '1', amount: '1', timestamp: atMs }
const deposit = { id: 't', type: 'deposit', currency: 'ETH', amount: '1', timestamp: atMs }

/** An account of which everything can be told; order 1 and the BTC are gone meanwhile. */
const account = {
  name: 'slow',
  fetchOpenOrders: async () => [openOrder('2')],
  fetchOrder: async (id) => (id === '1' ? canceled : undefined),
  fetchBalances: async () => [{ asset: 'ETH', free: '1', used: '0' }],
  fetchClosedOrders: async () => [ended],
  fetchFills: async () => [fill],
  fetchTransfers: async () => [deposit],
  fetchTickers: async () => [{ symbol: 'BTC/USDT', last: '1' }],
  fetchTime: async () => atMs,
  watchOrders: (signal) => streamOf(signal),
  watchFills: (signal) => streamOf(signal),
  watchBalances: (signal) => streamOf(signal),
  watchTickers: (signal) => streamOf(signal),
} satisfies AccountSource

const whole = {
  open: ['2'],
  balances: ['ETH'],
  closed: 'canceled' as string | undefined,
  fills: ['f'],
  transfers: ['t'],
  tickers: ['BTC/USDT'],
}
type Picture = typeof whole

async function pictureOf(mirror: ValkeyMirror): Promise<Picture> {
  return {
    open: (await mirror.listOpenOrders()).map(({ id }) => id).sort(),
    balances: (await mirror.getBalances()).map(({ asset }) => asset),
    closed: (await mirror.getOrder('closed'))?.status,
    fills: (await mirror.listFills()).map(({ id }) => id),
    transfers: (await mirror.listTransfers()).map(({ id }) => id),
    tickers: (await mirror.listTickers()).map(({ symbol }) => symbol),
  }
}

/** What is mirrored otherwise as long as the member is not answered. Nothing counts as gone. */
const without = {
  fetchOpenOrders: { open: ['1'] },
  fetchOrder: { open: ['1', '2'] },
  fetchBalances: { balances: ['BTC'] },
  fetchClosedOrders: { closed: undefined },
  fetchFills: { fills: [] },
  fetchTransfers: { transfers: [] },
  fetchTickers: { tickers: [] },
  fetchTime: {},
  watchOrders: {},
  watchFills: {},
  watchBalances: {},
  watchTickers: {},
} satisfies Record<Member, Partial<Picture>>
const members = Object.keys(without) as Member[]

/** A mirror of the account as it was, following it; each call of the member hangs until released. */
async function following(url: string, member: Member) {
  const clock = new ManualClock(atMs)
  const mirror = await ValkeyMirror.open({ url, clock })
  await mirror.reconcile({
    openOrders: [openOrder('1')],
    balances: [{ asset: 'BTC', free: '1', used: '0' }],
  })
  const calls: number[] = []
  let isHanging = true
  const hanging = (...args: never[]): unknown => {
    calls.push(clock.monotonicMs())
    if (isHanging) return member.startsWith('watch') ? deaf : forever()
    return (account[member] as (...args: never[]) => unknown)(...args)
  }
  const told: string[] = []
  let reconciled = 0
  mirror.on('error', (error) => told.push((error as Error).message))
  mirror.on('reconciled', () => (reconciled += 1))
  const stopping = new AbortController()
  const run = mirror.run({ ...account, [member]: hanging }, { signal: stopping.signal })
  return {
    clock,
    mirror,
    calls,
    told,
    run,
    reconciled: () => reconciled,
    release: () => (isHanging = false),
    stop: async () => {
      stopping.abort()
      await run
    },
  }
}

describe('a call of a source that is never answered', () => {
  it.each(members)(
    '%s: is told by name, keeps the rest from nothing, and is made again',
    async (member) => {
      await using server = await emptyValkey()
      const { clock, mirror, told, calls, ...rest } = await following(server.url, member)
      await clock.until(() => rest.reconciled() > 0, 500)
      const isStream = member.startsWith('watch')
      expect(told).toEqual(
        isStream
          ? []
          : [`slow: ${member} has not answered for 30000 ms (a quarter of sourceTimeoutMs)`],
      )
      expect(await pictureOf(mirror)).toEqual({ ...whole, ...without[member] })
      expect(calls.length).toBeGreaterThan(0)
      rest.release()
      await clock.until(
        async () => JSON.stringify(await pictureOf(mirror)) === JSON.stringify(whole),
        1_000,
      )
      await rest.stop()
      await mirror.close()
    },
  )

  it.each(members)('%s: neither the end of the run nor close waits for it', async (member) => {
    await using server = await emptyValkey()
    const stopped = await following(server.url, member)
    await stopped.clock.until(() => stopped.calls.length > 0)
    await stopped.stop()
    await stopped.mirror.close()
    const closed = await following(server.url, member)
    await closed.clock.until(() => closed.calls.length > 0)
    const [run] = await Promise.allSettled([closed.run, closed.mirror.close()])
    expect(run).toMatchObject({ status: 'rejected', reason: { code: 'CLOSED' } })
  })

  it('is made ever more rarely, and told each time', async () => {
    await using server = await emptyValkey()
    const { clock, mirror, told, calls, stop } = await following(server.url, 'fetchTickers')
    await clock.pass(3_600_000, 5_000)
    expect(calls.length).toBeGreaterThan(4)
    expect(calls.length).toBeLessThan(9)
    expect(Math.abs(told.length - calls.length)).toBeLessThanOrEqual(1)
    const gaps = calls.slice(1).map((ms, index) => ms - calls[index]!)
    expect(gaps.at(-1)!).toBeGreaterThan(4 * gaps[0]!)
    await stop()
    await mirror.close()
  })

  it('ends the asking for more orders, of which each would be waited for in turn', async () => {
    await using server = await emptyValkey()
    const clock = new ManualClock()
    await using mirror = await ValkeyMirror.open({ url: server.url, clock })
    await mirror.applyOrders(Array.from({ length: 40 }, (_, index) => openOrder(`${index}`)))
    await mirror.applyFills(
      Array.from({ length: 40 }, (_, index) => ({ ...fill, id: `${index}`, order: `x${index}` })),
    )
    const told: string[] = []
    mirror.on('error', (error) => told.push((error as Error).message))
    const reconciling = mirror.reconcile({ openOrders: [] }, forever)
    let isDone = false
    void reconciling.then(() => (isDone = true))
    const begunMs = clock.monotonicMs()
    await clock.until(() => isDone, 1_000)
    // Far from forty times a call’s own time. What the server takes of real time counts too, many times over.
    expect(clock.monotonicMs() - begunMs).toBeLessThan(400_000)
    const result = await reconciling
    expect(result.unresolved).toHaveLength(40)
    expect(result.absent).toHaveLength(40)
    expect(told.filter((message) => message.includes('fetchOrder has not'))).toHaveLength(2)
  })

  it('is named by drift too', async () => {
    await using server = await emptyValkey()
    const { clock, mirror, stop } = await following(server.url, 'fetchBalances')
    const drift = mirror.drift().then(
      () => 'no failure',
      (error: Error) => error.message,
    )
    let message: string | undefined
    void drift.then((told) => (message = told))
    await clock.until(() => message !== undefined, 1_000)
    expect(message).toContain('slow: fetchBalances has not answered for 30000 ms')
    await stop()
    await mirror.close()
  })
})

function traded(id: string, timestamp: number): typeof fill {
  return { ...fill, id, timestamp }
}

it('a list that takes longer than it is waited for is had by the snapshot after', async () => {
  await using server = await emptyValkey()
  const clock = new ManualClock(atMs)
  await using mirror = await ValkeyMirror.open({ url: server.url, clock })
  const fills = [traded('before', atMs - 1_000)]
  const asked: number[] = []
  const fetchFills = async (sinceMs: number): Promise<(typeof fill)[]> => {
    asked.push(sinceMs)
    const page = fills.filter(({ timestamp }) => timestamp >= sinceMs)
    await new Promise<void>((resolve) => clock.schedule(70_000, resolve))
    return page
  }
  const stopping = new AbortController()
  const source = quietSource({ fetchFills, fetchTime: async () => clock.now() })
  const run = mirror.run(source, { signal: stopping.signal, reconcileEveryMs: 1_000 })
  const mirrored = async (): Promise<string[]> => (await mirror.listFills()).map(({ id }) => id)
  await clock.until(() => asked.length === 1)
  // It comes while the pages are walked, and is in none of them.
  fills.push(traded('meanwhile', clock.now() + 1))
  await clock.until(async () => (await mirrored()).includes('before'), 1_000)
  expect(asked).toHaveLength(1)
  await clock.until(async () => (await mirrored()).includes('meanwhile'), 1_000)
  expect(asked[1]).toBeLessThanOrEqual(atMs)
  expect(clock.monotonicMs()).toBeLessThan(900_000)
  stopping.abort()
  await run
})

it('a list that is never answered once is asked for anew when its time is over', async () => {
  await using server = await emptyValkey()
  const clock = new ManualClock(atMs)
  await using mirror = await ValkeyMirror.open({ url: server.url, clock, sourceTimeoutMs: 4_000 })
  let calls = 0
  const fetchFills = async (): Promise<(typeof fill)[]> => (calls++ === 0 ? forever() : [fill])
  const stopping = new AbortController()
  const run = mirror.run(quietSource({ fetchFills }), {
    signal: stopping.signal,
    reconcileEveryMs: 1_000,
  })
  await clock.until(async () => (await mirror.listFills()).length > 0, 500)
  expect(clock.monotonicMs()).toBeLessThan(300_000)
  stopping.abort()
  await run
})

it('open orders that cannot be fetched keep the rest from nothing, and are named', async () => {
  await using server = await emptyValkey()
  const clock = new ManualClock(atMs)
  await using mirror = await ValkeyMirror.open({ url: server.url, clock })
  await mirror.applyOrders([openOrder('1')])
  let isFailing = true
  const fetchOpenOrders = async (): Promise<ReturnType<typeof openOrder>[]> => {
    if (isFailing) throw new Error('boom')
    return [openOrder('2')]
  }
  const told: string[] = []
  mirror.on('error', (error) => told.push((error as Error).message))
  const stopping = new AbortController()
  const run = mirror.run(
    { ...account, fetchOpenOrders },
    { signal: stopping.signal, reconcileEveryMs: 3_600_000 },
  )
  const shows = async (picture: Picture): Promise<boolean> =>
    JSON.stringify(await pictureOf(mirror)) === JSON.stringify(picture)
  await clock.until(() => shows({ ...whole, open: ['1'] }), 1_000)
  expect(told[0]).toBe('slow: fetchOpenOrders failed: boom')
  isFailing = false
  await clock.until(() => shows(whole), 1_000)
  expect(clock.monotonicMs()).toBeLessThan(1_800_000)
  stopping.abort()
  await run
})

it('a balance list that fails keeps the rest from nothing, and is fetched again soon', async () => {
  await using server = await emptyValkey()
  const clock = new ManualClock(atMs)
  await using mirror = await ValkeyMirror.open({ url: server.url, clock })
  let failures = 3
  const fetchBalances = async (): Promise<{ asset: string; free: string; used: string }[]> => {
    if (failures-- > 0) throw new Error('no balances')
    return await account.fetchBalances()
  }
  const stopping = new AbortController()
  const source = quietSource({ fetchBalances, fetchOpenOrders: account.fetchOpenOrders })
  const run = mirror.run(source, { signal: stopping.signal, reconcileEveryMs: 3_600_000 })
  await clock.until(async () => (await mirror.listOpenOrders()).length > 0, 1_000)
  expect(await mirror.getBalances()).toEqual([])
  await clock.until(async () => (await mirror.getBalances()).length > 0, 1_000)
  expect(clock.monotonicMs()).toBeLessThan(1_800_000)
  stopping.abort()
  await run
})
