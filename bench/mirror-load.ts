/** The event loop of a process whose mirror is busy, beside that of an idle process. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { LocalValkey, ValkeyMirror } from '../src/mirror/index.ts'
import type { OrderInput } from '../src/mirror/index.ts'
import { eventLoopDuring } from './harness/event-loop.ts'
import { collectGarbage } from './harness/memory.ts'
import { longestTurnDuring } from './harness/loop-turns.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { newOrders } from './mirror/new-orders.ts'

const steadyMs = 60_000
const updatesPerSecond = 1_000
const updatesPerCall = 20

export function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (dir) => {
    const server = new LocalValkey({ dir })
    const status = await server.start()
    if (!status.running) throw new Error('the server does not run')
    const mirror = await ValkeyMirror.open({ url: status.url })
    try {
      return await steadyLoad(mirror)
    } finally {
      await mirror.close()
      await server.stop()
    }
  })
}

/**
 * A minute of a busy account, 1,000 updates a second in batches of 20, beside a process with nothing
 * to do in the same minute: how late a timer comes in each. A block is judged by this thread's own
 * time of the processor, for what other programs take from it is no block of the mirror's.
 */
async function steadyLoad(mirror: ValkeyMirror): Promise<BenchRow[]> {
  await collectGarbage()
  const idle = fork(new URL('mirror/idle-process.ts', import.meta.url), {
    execArgv: ['--import', 'tsx'],
  })
  await once(idle, 'message')
  let longestMs = 0
  const busy = await eventLoopDuring(async () => {
    longestMs = await longestTurnDuring(() => updates(mirror))
  })
  idle.send('stop')
  const [{ p99Ms }] = (await once(idle, 'message')) as [{ readonly p99Ms: number }]
  return [
    {
      name: `event-loop delay at ${updatesPerSecond} updates/s, p99`,
      value: busy.p99Ms,
      unit: 'ms',
      comparedWith: `an idle process in the same minute: ${p99Ms.toFixed(2)} ms`,
      ratio: busy.p99Ms / p99Ms,
      target: { atMost: 3 },
    },
    {
      name: `longest event-loop block at ${updatesPerSecond} updates/s, in time of the processor`,
      value: longestMs,
      unit: 'ms',
      comparedWith: `the longest delay, other programs' turns included: ${busy.maxMs.toFixed(2)} ms`,
      ratio: longestMs / busy.maxMs,
      target: { atMost: 50, of: 'value' },
    },
  ]
}

/** Half of them make an order, half cancel it, each call on time whatever the one before does. */
async function updates(mirror: ValkeyMirror): Promise<void> {
  const calls: Promise<unknown>[] = []
  const everyMs = (updatesPerCall * 1_000) / updatesPerSecond
  let orders: OrderInput[] = []
  for (let call = 0; call < steadyMs / everyMs; call++) {
    const isNew = call % 2 === 0
    orders = isNew
      ? newOrders(updatesPerCall)
      : orders.map((each) => ({ ...each, status: 'canceled' }))
    calls.push(mirror.applyOrders(orders))
    await pause(everyMs)
  }
  await Promise.all(calls)
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
