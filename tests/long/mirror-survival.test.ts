import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { ValkeyMirror } from '../../src/mirror/valkey-mirror.ts'
import { childProgram } from '../support/child-program.ts'
import { nextWord } from '../support/child-words.ts'
import { expectMirrored } from '../support/expect-mirrored.ts'
import { SimulatedAccount } from '../support/simulated-account.ts'
import { startValkey } from '../support/valkey.ts'
import { readWhole } from '../support/whole-mirror.ts'

const kills = 50
const stepsPerLife = 60

it(`after ${kills} writer kills over one history one reconcile leaves no order absent`, async () => {
  await using server = await startValkey()
  await using reader = await readWhole(server.port)
  const program = await childProgram(
    new URL('../support/mirror-writer-process.ts', import.meta.url),
  )
  const all = kills * stepsPerLife
  for (let kill = 0; kill < kills; kill++) {
    // What happens between a writer's death and the next one's first step nobody sees.
    const child = fork(program, [server.url, '5', String(all), String(kill * stepsPerLife)])
    const exited = once(child, 'exit')
    await nextWord(child)
    await setTimeout(kill % 7)
    child.kill('SIGKILL')
    await exited
    await reader.read(['BTC/USDT', 'ETH/USDT'])
  }
  const account = new SimulatedAccount(5)
  while (account.steps < all) account.step()
  await using mirror = await ValkeyMirror.open({ url: server.url })
  const result = await mirror.reconcile(
    async () => ({
      openOrders: await account.fetchOpenOrders(),
      balances: await account.fetchBalances(),
      fills: await account.fetchFills(),
      closedOrders: await account.fetchClosedOrders(),
    }),
    (id) => account.fetchOrder(id),
  )
  expect([result.absent, result.unresolved, result.refused]).toEqual([[], [], []])
  await expectMirrored(reader, account)
  expect(await mirror.drift()).toEqual([])
})

it.each(['lists its closed orders', 'tells orders by id only'])(
  'after a black hole of 12 s the account, which %s, is whole',
  async (how) => {
    await using server = await startValkey()
    const account = new SimulatedAccount(9)
    const whole = how.startsWith('lists')
    // Without a list, an order that was canceled untouched is known by nobody.
    const source = whole ? account : Object.assign(account, { fetchClosedOrders: undefined })
    const timeouts = { socketTimeoutMs: 1_000, writeTimeoutMs: 2_000 }
    await using mirror = await ValkeyMirror.open({ url: server.url, ...timeouts })
    const stopping = new AbortController()
    const reconciled: number[] = []
    mirror.on('reconciled', ({ absent }) => reconciled.push(absent.length))
    const running = mirror.run(source, {
      signal: stopping.signal,
      reconcileEveryMs: 3_600_000,
      firstRetryMs: 50,
      lastRetryMs: 500,
    })
    await expect.poll(() => reconciled.length, { timeout: 20_000 }).toBeGreaterThan(0)
    server.pause()
    const until = Date.now() + 12_000
    while (Date.now() < until) {
      account.step()
      await setTimeout(5)
    }
    server.resume()
    await using reader = await readWhole(server.port)
    const traded = new Set(account.fills().map(({ order }) => String(order)))
    const wanted = account
      .orders()
      .filter(({ id, status }) => whole || status === 'open' || traded.has(String(id)))
      .map(({ id }) => String(id))
    const missing = async (): Promise<string[]> => {
      const { orders } = await reader.read(['BTC/USDT', 'ETH/USDT'])
      return wanted.filter((id) => !orders.has(id))
    }
    await expect.poll(missing, { timeout: 60_000 }).toEqual([])
    // The orders come before the trades.
    const isWhole = async (): Promise<void> => expectMirrored(reader, account)
    if (whole) await vi.waitFor(isWhole, { timeout: 60_000, interval: 200 })
    expect(reconciled.at(-1)).toBe(0)
    stopping.abort()
    await running
  },
)

it('after the server was killed for longer than the lease and came back empty, the account is whole', async () => {
  await using server = await startValkey()
  const account = new SimulatedAccount(13)
  const timeouts = { leaseMs: 2_000, socketTimeoutMs: 1_000, writeTimeoutMs: 2_000 }
  await using mirror = await ValkeyMirror.open({ url: server.url, ...timeouts })
  const stopping = new AbortController()
  const reopened: string[] = []
  let absent = -1
  mirror.on('reopened', () => reopened.push('reopened'))
  mirror.on('reconciled', (result) => (absent = result.absent.length))
  const running = mirror.run(account, {
    signal: stopping.signal,
    reconcileEveryMs: 3_600_000,
    firstRetryMs: 50,
    lastRetryMs: 500,
    reopen: true,
  })
  await expect.poll(() => absent, { timeout: 20_000 }).toBe(0)
  for (let step = 0; step < 500; step++) {
    account.step()
    if (step % 50 === 0) await setTimeout(5)
  }
  await server.kill()
  const until = Date.now() + 6_000
  while (Date.now() < until) {
    account.step()
    await setTimeout(10)
  }
  absent = -1
  await server.restart()
  await expect.poll(() => [reopened.length > 0, absent], { timeout: 60_000 }).toEqual([true, 0])
  await using reader = await readWhole(server.port)
  await expectMirrored(reader, account)
  expect(await mirror.drift()).toEqual([])
  stopping.abort()
  await running
})
