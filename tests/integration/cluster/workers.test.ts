import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  clusterState,
  connectValkey,
  Producer,
  type ValkeyClient,
} from '../../../src/cluster/index.ts'
import { clusterKeys } from '../../../src/cluster/cluster-keys.ts'
import { SlotLeases } from '../../../src/cluster/slot-leases.ts'
import { DatabaseManager, query, type Tick } from '../../../src/index.ts'
import { ClusterProcess } from '../../support/cluster-process.ts'
import { temporaryFolder } from '../../support/temporary-store.ts'
import { startValkey, type TestServer } from '../../support/valkey.ts'

let server: TestServer
let client: ValkeyClient
beforeAll(async () => {
  server = await startValkey()
  client = await connectValkey({ url: server.url })
})
afterAll(async () => {
  await client.close()
})

const leaseMs = 500
const slots = 32

test('a lease has one holder, who stops writing before anybody else may begin', async () => {
  let now = 0
  const keys = clusterKeys('leases')
  const of = (member: string) =>
    new SlotLeases({ client, keys, member, leaseMs: 300, monotonic: () => now })
  const [a, b] = [of('a'), of('b')]
  expect(await a.claim([1, 2])).toEqual([1, 2])
  expect(await b.claim([1, 2, 3])).toEqual([3])
  expect(a.mayWrite(1)).toBe(true)
  now = 150
  expect(a.mayWrite(1)).toBe(false)
  expect(await a.renew()).toEqual([])
  expect(a.mayWrite(1)).toBe(true)
  await a.release(2)
  expect(await b.claim([2])).toEqual([2])
  // The lease of slot 1 runs out on the server, whatever the holder's own clock says.
  await expect.poll(() => b.claim([1]), { timeout: 5_000 }).toEqual([1])
  expect(await a.renew()).toEqual([1])
  expect(a.mayWrite(1)).toBe(false)
  await a.release(1)
  expect(await b.renew()).toEqual([])
})

test('pairs move with kills, joins and a stopped owner: nothing lost, nothing doubled', async () => {
  await client.command(['FLUSHALL'])
  const dataDir = await temporaryFolder()
  const place = { url: server.url, dataDir, leaseMs, slots }
  const workers = await Promise.all(['w1', 'w2'].map((name) => ClusterProcess.start(name, place)))
  const producer = new Producer({ client, slots })
  const pairs = Array.from({ length: 8 }, (_, at) => `sim/spot/P${at}`)
  const sent = new Map(pairs.map((pair) => [pair, 0]))
  const production = new AbortController()
  const produce = async (pair: string): Promise<void> => {
    while (!production.signal.aborted) {
      const from = sent.get(pair)!
      const ticks = ticksOf(from, 20)
      await producer.insertTicks(pair, ticks)
      // Every fifth call is sent twice, as after a lost answer.
      if ((from / 20) % 5 === 0) await producer.insertTicks(pair, ticks)
      sent.set(pair, from + 20)
      await setTimeout(20)
    }
  }
  const producing = Promise.all(pairs.map(produce))

  await settled(['w1', 'w2'])
  await workers[0]!.kill()
  await settled(['w2'])
  workers[0] = await ClusterProcess.start('w3', place)
  await settled(['w2', 'w3'])
  workers[1]!.pause()
  await settled(['w3'])
  workers[1]!.resume()
  await settled(['w2', 'w3'])
  await workers[1]!.kill('SIGTERM')
  await settled(['w3'])

  production.abort()
  await producing
  await expect.poll(() => waiting(), { timeout: 30_000 }).toBe(0)
  const last = await producer.insertTicks('sim/spot/P0', ticksOf(sent.get('sim/spot/P0')!, 1), {
    until: 'stored',
  })
  sent.set('sim/spot/P0', sent.get('sim/spot/P0')! + 1)
  expect(last.id).toMatch(/^\d+-\d+$/)
  await producer.close()
  await workers[0].kill('SIGTERM')

  const db = await DatabaseManager.open({ dataDir, retention: { ticks: 'forever' } })
  try {
    for (const pair of pairs) {
      const [row] = await db.query(
        pair,
        query<{ rows: number; ids: number; highest: number }>(
          'count',
          `SELECT count(*) AS rows, count(DISTINCT trade_id) AS ids, max(trade_id::BIGINT) AS highest FROM ticks`,
        ),
      )
      const count = sent.get(pair)!
      expect([pair, row]).toEqual([pair, { rows: count, ids: count, highest: count }])
    }
  } finally {
    await db.close()
  }

  async function waiting(): Promise<number> {
    const { members, unownedWaiting } = await clusterState({ client, slots })
    return members.reduce((sum, member) => sum + member.waiting, unownedWaiting)
  }

  /** Until just these workers hold all slots. */
  async function settled(names: readonly string[]): Promise<void> {
    await expect
      .poll(
        async () => {
          const { members, unowned } = await clusterState({ client, slots })
          const holding = members.filter(({ slots: held }) => held > 0)
          return { unowned, holding: holding.map(({ member }) => member).sort() }
        },
        { timeout: 20_000, interval: 50 },
      )
      .toEqual({ unowned: 0, holding: [...names].sort() })
  }
})

test('a full log refuses at the producer and keeps what it has', async () => {
  await client.command(['FLUSHALL'])
  const producer = new Producer({ client, slots, maxEntries: 2 })
  await producer.insertTicks('sim/spot/A', ticksOf(0, 1))
  await producer.insertTicks('sim/spot/A', ticksOf(1, 1))
  await expect(producer.insertTicks('sim/spot/A', ticksOf(2, 1))).rejects.toMatchObject({
    code: 'BACKPRESSURE',
    details: { entries: 2, maxEntries: 2 },
  })
  expect((await clusterState({ client, slots })).unownedWaiting).toBe(2)
})

function ticksOf(from: number, count: number): Tick[] {
  const begin = Date.UTC(2026, 0, 1)
  return Array.from({ length: count }, (_, at) => ({
    timestamp: begin + (from + at) * 10,
    price: 100 + ((from + at) % 7),
    volume: 1,
    side: (from + at) % 2 === 0 ? 'BUY' : 'SELL',
    tradeId: String(from + at + 1),
  }))
}
