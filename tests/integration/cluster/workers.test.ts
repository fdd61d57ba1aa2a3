import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  clusterState,
  connectValkey,
  Producer,
  type ValkeyClient,
} from '../../../src/cluster/index.ts'
import { clusterKeys } from '../../../src/cluster/cluster-keys.ts'
import { SlotLeases } from '../../../src/cluster/slot-leases.ts'
import { ClusterLoad, clusterTicks } from '../../support/cluster-load.ts'
import { ClusterProcess } from '../../support/cluster-process.ts'
import { temporaryFolder } from '../../support/store.ts'
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
  const dataDir = temporaryFolder()
  const place = { url: server.url, dataDir, leaseMs, slots }
  const workers = await Promise.all(['w1', 'w2'].map((name) => ClusterProcess.start(name, place)))
  const load = new ClusterLoad(client, { slots, pairs: 8, pauseMs: 20 })

  await load.settled(['w1', 'w2'])
  await workers[0]!.kill()
  await load.settled(['w2'])
  workers[0] = await ClusterProcess.start('w3', place)
  await load.settled(['w2', 'w3'])
  workers[1]!.pause()
  await load.settled(['w3'])
  workers[1]!.resume()
  await load.settled(['w2', 'w3'])
  await workers[1]!.kill('SIGTERM')
  await load.settled(['w3'])

  await load.drained()
  expect(await load.sendLast('sim/spot/P0')).toMatch(/^\d+-\d+$/)
  await load.producer.close()
  await workers[0].kill('SIGTERM')
  await load.expectStored(dataDir)
})

test('a full log refuses at the producer and keeps what it has', async () => {
  await client.command(['FLUSHALL'])
  const producer = new Producer({ client, slots, maxEntries: 2 })
  await producer.insertTicks('sim/spot/A', clusterTicks(0, 1))
  await producer.insertTicks('sim/spot/A', clusterTicks(1, 1))
  await expect(producer.insertTicks('sim/spot/A', clusterTicks(2, 1))).rejects.toMatchObject({
    code: 'BACKPRESSURE',
    details: { entries: 2, maxEntries: 2 },
  })
  expect((await clusterState({ client, slots })).unownedWaiting).toBe(2)
})
