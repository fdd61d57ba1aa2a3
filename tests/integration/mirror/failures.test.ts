import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { PairduckError } from '../../../src/errors.ts'
import type { ValkeyMirrorOptions } from '../../../src/mirror/mirror-options.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { childProgram } from '../../support/child-program.ts'
import { nextWord } from '../../support/child-words.ts'
import { expectMirrored } from '../../support/expect-mirrored.ts'
import { startProxy } from '../../support/reply-dropping-proxy.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { SimulatedAccount } from '../../support/simulated-account.ts'
import { startValkey } from '../../support/valkey.ts'
import type { TestServer } from '../../support/valkey.ts'
import { readWhole } from '../../support/whole-mirror.ts'
import type { WholeReader } from '../../support/whole-mirror.ts'

// An unhandled rejection fails the run: vitest sees to that.

/** The account as a snapshot and an answer to questions by id. */
async function reconcile(mirror: ValkeyMirror, account: SimulatedAccount): Promise<void> {
  const result = await mirror.reconcile(
    async () => ({
      openOrders: await account.fetchOpenOrders(),
      balances: await account.fetchBalances(),
      fills: await account.fetchFills(),
      closedOrders: await account.fetchClosedOrders(),
    }),
    (id) => account.fetchOrder(id),
  )
  expect(result.refused).toEqual([])
  expect([result.unresolved, result.absent]).toEqual([[], []])
}

/** How mirror and account differ, in words. */
async function difference(reader: WholeReader, account: SimulatedAccount): Promise<string> {
  return expectMirrored(reader, account).then(
    () => 'none',
    (error: Error) => error.message,
  )
}

describe('a writer killed in the middle', () => {
  it('leaves whole states, and one reconcile brings the mirror to the account', async () => {
    await using server = await startValkey()
    await using reader = await readWhole(server.port)
    const program = await childProgram(
      new URL('../../support/mirror-writer-process.ts', import.meta.url),
    )
    for (const [seed, lifeMs] of [
      [1, 7],
      [2, 61],
      [3, 140],
    ] as const) {
      await reader.send('FLUSHALL')
      const child = fork(program, [server.url, String(seed), '400'])
      const exited = once(child, 'exit')
      await nextWord(child)
      // How far it comes is left to chance: that is the point.
      await setTimeout(lifeMs)
      child.kill('SIGKILL')
      await exited
      const account = new SimulatedAccount(seed)
      while (account.steps < 400) account.step()
      await reader.read(['BTC/USDT', 'ETH/USDT'])
      await using mirror = await ValkeyMirror.open({ url: server.url })
      await reconcile(mirror, account)
      expect(await difference(reader, account)).toBe('none')
    }
  })
})

/** Beside a load even the first connection may take longer than so short a patience. */
async function opened(options: ValkeyMirrorOptions): Promise<ValkeyMirror> {
  for (;;)
    try {
      return await ValkeyMirror.open(options)
    } catch (error) {
      if (!PairduckError.is(error, 'VALKEY_UNREACHABLE')) throw error
    }
}

/** Lives on while `disturb` runs, and a little longer; then all must be as the account says. */
async function survive(
  options: { persist?: boolean },
  disturb: (server: TestServer) => Promise<void>,
): Promise<string> {
  await using server = await startValkey(options)
  const account = new SimulatedAccount(7)
  for (let step = 0; step < 200; step++) account.step()
  const impatient = { maxPending: 200, writeTimeoutMs: 500, socketTimeoutMs: 300 }
  const mirror = await opened({ url: server.url, ...impatient })
  const stopping = new AbortController()
  const reconciled: unknown[] = []
  mirror.on('reconciled', (result) => reconciled.push(result))
  const running = mirror.run(account, {
    signal: stopping.signal,
    reconcileEveryMs: 3_600_000,
    firstRetryMs: 20,
    lastRetryMs: 200,
  })
  await expect.poll(() => reconciled.length).toBeGreaterThan(0)
  let most = 0
  const living = (async () => {
    while (!stopping.signal.aborted && account.steps < 1_500) {
      account.step()
      most = Math.max(most, mirror.pending)
      await setTimeout(1)
    }
  })()
  await disturb(server)
  await living
  await using reader = await readWhole(server.port)
  await expect.poll(() => difference(reader, account), { timeout: 20_000 }).toBe('none')
  expect(reconciled.length).toBeGreaterThan(1)
  expect(most).toBeLessThanOrEqual(200)
  stopping.abort()
  await running
  await mirror.close()
  return await difference(reader, account)
}

describe('a server that fails under a running mirror', () => {
  it('killed and restarted with its data', async () => {
    const left = await survive({ persist: true }, async (server) => {
      await server.kill()
      await server.restart()
    })
    expect(left).toBe('none')
  })

  it('killed and restarted empty', async () => {
    const left = await survive({}, async (server) => {
      await server.kill()
      await server.restart()
    })
    expect(left).toBe('none')
  })

  it('paused for longer than its socket’s and the writer’s patience', async () => {
    const left = await survive({}, async (server) => {
      server.pause()
      await setTimeout(900)
      server.resume()
    })
    expect(left).toBe('none')
  })
})

describe('a reply lost after the server executed', () => {
  it('counts nothing twice', async () => {
    await using server = await startValkey()
    await using proxy = await startProxy(server.port)
    await using reader = await readWhole(server.port)
    const account = new SimulatedAccount(11)
    await using mirror = await ValkeyMirror.open({ url: proxy.url })
    while (account.steps < 300) {
      const { orders, fills, balances } = account.step()
      if (account.steps % 10 === 0) proxy.dropNextReply()
      await mirror.applyOrders(orders)
      await mirror.applyFills(fills)
      await mirror.applyBalances(balances)
    }
    expect(proxy.dropped).toBeGreaterThan(20)
    // No reconcile: the resent units alone must not have changed anything twice.
    await expectMirrored(reader, account)
    expect(await mirror.drift()).toEqual([])
  })
})

describe('an order id used again for another market', () => {
  it('is refused by name; the orders beside it are written, and the first one stays', async () => {
    await using server = await startValkey()
    await using reader = await readWhole(server.port)
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await mirror.applyOrder(openOrder('1', { filled: '0.5', average: '2.5' }))
    const again = openOrder('1', { symbol: 'ETH/USDT', side: 'sell', price: '2000' })
    const results = await Promise.all([
      mirror.applyOrders([openOrder('2'), again, openOrder('3')]),
      mirror.applyOrders([openOrder('4')]),
    ])
    expect(results).toMatchObject([
      {
        written: 2,
        unchanged: 0,
        refused: [{ code: 'INVALID_ORDER', details: { field: 'symbol' } }],
      },
      { written: 1, refused: [] },
    ])
    await expect(mirror.applyOrder(again)).rejects.toMatchObject({ code: 'INVALID_ORDER' })
    const openOrders = ['2', '3', '4'].map((id) => openOrder(id))
    const snapshot = { openOrders: [again, ...openOrders] }
    expect(await mirror.reconcile(snapshot)).toMatchObject({
      unchanged: 3,
      refused: [{ code: 'INVALID_ORDER' }],
    })
    expect((await mirror.drift(snapshot))[0]).toMatchObject({
      id: '1',
      field: 'symbol',
      stored: 'BTC/USDT',
      actual: 'ETH/USDT',
    })
    const { orders } = await reader.read(['BTC/USDT', 'ETH/USDT'])
    expect([...orders.values()].map(({ symbol }) => symbol)).toEqual(Array(4).fill('BTC/USDT'))
    expect(orders.get('1')).toMatchObject({ filled: '0.5', isOpen: true })
  })
})

describe('a server out of reach', () => {
  it('is VALKEY_UNREACHABLE after the time limit, BACKPRESSURE when too much waits', async () => {
    await using server = await startValkey()
    const mirror = await ValkeyMirror.open({ url: server.url, writeTimeoutMs: 300, maxPending: 3 })
    await server.kill()
    const calls = await Promise.allSettled(
      ['1', '2', '3', '4'].map((id) => mirror.applyOrder(openOrder(id))),
    )
    const codes = calls.map((call) =>
      call.status === 'rejected' && PairduckError.is(call.reason) ? call.reason.code : 'fulfilled',
    )
    expect(codes).toEqual([
      'VALKEY_UNREACHABLE',
      'VALKEY_UNREACHABLE',
      'VALKEY_UNREACHABLE',
      'BACKPRESSURE',
    ])
    expect(mirror.pending).toBe(0)
    await server.restart()
    const again = (): Promise<string> =>
      mirror.applyOrder(openOrder('5')).then(
        () => 'written',
        (error: PairduckError) => error.code,
      )
    await expect.poll(again, { timeout: 10_000 }).toBe('written')
    expect((await mirror.listOpenOrders()).map(({ id }) => id)).toEqual(['5'])
    // Also without a server a mirror closes.
    await server.kill()
    await mirror.close()
    await expect(mirror.applyOrder(openOrder('6'))).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
