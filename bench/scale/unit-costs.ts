import { clusterKeys } from '../../src/cluster/cluster-keys.ts'
import { SlotLeases } from '../../src/cluster/slot-leases.ts'
import { slotsOf } from '../../src/cluster/slots.ts'
import { DatabaseManager, type Tick } from '../../src/index.ts'
import { LocalValkey } from '../../src/mirror/index.ts'
import { connectValkey } from '../../src/valkey/connect.ts'

/** What one machine was measured to need. */
export interface UnitCosts {
  /** One worker of 16 finds out which of 1,024 slots are its own, in ms of the processor. */
  readonly ownSlotsMs: number
  /** One call renews so many leases, in ms. */
  readonly renewMs: number
  readonly renewed: number
  /** Ticks per second of the processor that a worker stores durably, in calls of 50 over 200 pairs. */
  readonly ticksPerCpuSecond: number
}

const slots = 1024
const members = Array.from({ length: 16 }, (_, at) => `worker-${at}`)

export async function measureUnitCosts(folder: string): Promise<UnitCosts> {
  const before = process.cpuUsage()
  const rounds = 10
  let own: readonly number[] = []
  for (let round = 0; round < rounds; round++) own = slotsOf('worker-3', members, slots)
  const { user, system } = process.cpuUsage(before)
  const ownSlotsMs = (user + system) / 1000 / rounds
  return {
    ownSlotsMs,
    renewed: own.length,
    renewMs: await renewing(own, `${folder}/valkey`),
    ticksPerCpuSecond: await storing(`${folder}/data`),
  }
}

async function renewing(own: readonly number[], dir: string): Promise<number> {
  const server = new LocalValkey({ dir })
  const status = await server.start()
  if (!status.running) throw new Error('the server does not run')
  const client = await connectValkey({ url: status.url })
  try {
    const keys = clusterKeys('bench')
    const leases = new SlotLeases({ client, keys, member: 'worker-3', leaseMs: 10_000 })
    await leases.claim(own)
    return await timeOf(200, () => leases.renew())
  } finally {
    await client.close()
    await server.stop()
  }
}

async function storing(dataDir: string): Promise<number> {
  const db = await DatabaseManager.open({ dataDir, retention: { ticks: 'forever' } })
  try {
    const pairs = Array.from({ length: 200 }, (_, at) => `x/spot/P${at}`)
    await Promise.all(pairs.map((pair) => db.insertTicks(pair, callOf(0))))
    const before = process.cpuUsage()
    const calls = 10
    for (let call = 1; call <= calls; call++)
      await Promise.all(pairs.map((pair) => db.insertTicks(pair, callOf(call))))
    // Into the files, too: that is part of the work.
    await db.close()
    const { user, system } = process.cpuUsage(before)
    return (calls * pairs.length * 50) / ((user + system) / 1e6)
  } finally {
    await db.close()
  }
}

function callOf(number: number): Tick[] {
  const begin = Date.now() - 600_000 + number * 1000
  return Array.from({ length: 50 }, (_, at) => ({
    timestamp: begin + at,
    price: 100 + (at % 7),
    volume: 1 + (at % 3),
    side: at % 2 === 0 ? 'BUY' : 'SELL',
    tradeId: String(number * 50 + at + 1),
  }))
}

async function timeOf(times: number, work: () => Promise<unknown>): Promise<number> {
  await work()
  const begin = performance.now()
  for (let round = 0; round < times; round++) await work()
  return (performance.now() - begin) / times
}
