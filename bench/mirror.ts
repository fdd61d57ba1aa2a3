/** Orders into Valkey and back, beside the bare client that does the same without being a mirror. */
import { createHash } from 'node:crypto'
import { createClient } from '@redis/client'
import { LocalValkey, ValkeyMirror } from '../src/mirror/index.ts'
import type { OrderInput } from '../src/mirror/index.ts'
import { eventLoopDuring } from './harness/event-loop.ts'
import { interleave, median } from './harness/interleave.ts'
import { longestTurnDuring } from './harness/loop-turns.ts'
import { collectGarbage } from './harness/memory.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { lastId, newFills, newIds, newOrders, order } from './mirror/new-orders.ts'

const batch = 1_000
const singles = 2_000
const inFlight = 64
const parallel = 5_000
const blockRuns = 9

export function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (dir) => {
    const server = new LocalValkey({ dir })
    const status = await server.start()
    if (!status.running) throw new Error('the server does not run')
    const bare = await BareWriter.connect(status.port)
    const mirror = await ValkeyMirror.open({ url: status.url })
    try {
      await mirror.applyOrder(newOrders(1)[0]!)
      await bare.writeLike(lastId())
      const applied = [...(await writes(mirror, bare)), await fills(mirror, bare)]
      return [...applied, ...(await reads(mirror, bare)), await block(mirror)]
    } finally {
      await mirror.close()
      bare.close()
      await server.stop()
    }
  })
}

async function writes(mirror: ValkeyMirror, bare: BareWriter): Promise<BenchRow[]> {
  const together = await interleave(
    {
      mirror: () => applyAndCancel(mirror, newOrders(batch)),
      script: () => bare.script(newIds(batch)),
      multi: () => bare.multi(newIds(batch)),
    },
    { rounds: 21, warmups: 20 },
  )
  const oneByOne = await interleave(
    {
      mirror: () => inTurn(singles, () => mirror.applyOrder(newOrders(1)[0]!)),
      script: () => inTurn(singles, () => bare.script(newIds(1))),
      multi: () => inTurn(singles, () => bare.multi(newIds(1))),
    },
    { rounds: 7, warmups: 3 },
  )
  const many = await interleave({
    mirror: () => atOnce(() => mirror.applyOrder(newOrders(1)[0]!)),
    script: () => atOnce(() => bare.script(newIds(1))),
    multi: () => atOnce(() => bare.multi(newIds(1))),
  })
  return [
    ...rows('1,000 order adds as one apply', together, batch),
    ...rows('single applies, one by one', oneByOne, singles),
    ...rows(`single applies, ${inFlight} in flight`, many, parallel),
  ]
}

/** Own trades of open orders: the sums and indexes that come with them are what is dear. */
async function fills(mirror: ValkeyMirror, bare: BareWriter): Promise<BenchRow> {
  const ms = await interleave(
    {
      mirror: async () => {
        const orders = newOrders(batch)
        await mirror.applyOrders(orders)
        const trades = newFills(orders)
        const startedAt = performance.now()
        await mirror.applyFills(trades)
        const taken = performance.now() - startedAt
        await mirror.applyOrders(orders.map((each) => ({ ...each, status: 'canceled' })))
        return taken
      },
      bare: () => bare.trades(newIds(batch)),
    },
    { rounds: 21, warmups: 10 },
  )
  return {
    name: '1,000 own trades as one apply',
    value: (batch * 1_000) / ms.mirror,
    unit: 'trades/s',
    comparedWith: `bare client, one MULTI of trades and their times, JSON ready-made, without sums: ${((batch * 1_000) / ms.bare).toFixed(0)} trades/s`,
    ratio: ms.bare / ms.mirror,
  }
}

/** Times the adding alone; the orders don't stay open, or the account would grow by the round. */
async function applyAndCancel(mirror: ValkeyMirror, orders: OrderInput[]): Promise<number> {
  const startedAt = performance.now()
  await mirror.applyOrders(orders)
  const taken = performance.now() - startedAt
  await mirror.applyOrders(orders.map((each) => ({ ...each, status: 'canceled' })))
  return taken
}

function rows(
  name: string,
  ms: Readonly<Record<'mirror' | 'script' | 'multi', number>>,
  orders: number,
): BenchRow[] {
  const perSecond = (taken: number): number => (orders * 1_000) / taken
  const beside = (what: string, taken: number): BenchRow => ({
    name,
    value: perSecond(ms.mirror),
    unit: 'orders/s',
    comparedWith: `${what}: ${perSecond(taken).toFixed(0)} orders/s`,
    ratio: taken / ms.mirror,
  })
  return [
    {
      ...beside('bare client, the same commands without fence and mapping', ms.script),
      target: { atLeast: 0.6 },
    },
    beside('bare client, one MULTI of three variadic commands, JSON ready-made', ms.multi),
  ]
}

async function reads(mirror: ValkeyMirror, bare: BareWriter): Promise<BenchRow[]> {
  await bare.send('FLUSHALL')
  await mirror.reconcile({ openOrders: [] }, async (id) => ({ ...order(id), status: 'canceled' }))
  await mirror.applyOrders(newOrders(batch))
  const ms = await interleave(
    { mirror: () => mirror.listOpenOrders().then(() => undefined), bare: () => bare.openOrders() },
    { rounds: 21, warmups: 5 },
  )
  return [
    {
      name: 'listOpenOrders of 1,000',
      value: ms.mirror,
      unit: 'ms',
      comparedWith: `bare client, the same read left as JSON text: ${ms.bare.toFixed(2)} ms`,
      ratio: ms.bare / ms.mirror,
      target: { atLeast: 0.6 },
    },
  ]
}

/**
 * The longest block of each run, by this thread's own time of the processor, as under a steady load:
 * what other programs take from it is no block of the mirror's. The median is held to the target.
 */
async function block(mirror: ValkeyMirror): Promise<BenchRow> {
  const own: number[] = []
  const passed: number[] = []
  for (let run = 0; run < blockRuns; run++) {
    const batches = Array.from({ length: 10 }, () => newOrders(batch))
    await collectGarbage()
    const { maxMs } = await eventLoopDuring(async () => {
      const longest = await longestTurnDuring(async () => {
        for (const orders of batches) {
          await applyAndCancel(mirror, orders)
          await mirror.listOpenOrders()
        }
      })
      own.push(longest)
    })
    passed.push(maxMs)
  }
  return {
    name: `longest event-loop block, 1,000 orders at a time, in time of the processor (median of ${blockRuns} runs)`,
    value: median(own),
    unit: 'ms',
    comparedWith: `the longest delay, other programs' turns included: ${median(passed).toFixed(2)} ms; the worst run: ${Math.max(...own).toFixed(2)} ms`,
    ratio: median(own) / median(passed),
    target: { atMost: 10, of: 'value' },
  }
}

async function inTurn(count: number, call: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await call()
}

async function atOnce(call: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: inFlight }, () => inTurn(parallel / inFlight, call)))
}

/** The commands of an apply, in one script and without the mirror's checks. */
const bareSource = `
redis.call('HSET', KEYS[1], unpack(ARGV, 2, 1 + 2 * ARGV[1]))
redis.call('SADD', KEYS[2], unpack(ARGV, 2 + 2 * ARGV[1], 1 + 3 * ARGV[1]))
redis.call('SADD', KEYS[3], unpack(ARGV, 2 + 2 * ARGV[1], 1 + 3 * ARGV[1]))
redis.call('SADD', KEYS[4], 'ETH/USDT')
redis.call('PUBLISH', 'bare:changes', redis.call('INCR', KEYS[5]) .. ARGV[2 + 3 * ARGV[1]])
return 'OK'
`
const bareSha = createHash('sha1').update(bareSource).digest('hex')
const readSource = `
local ids = redis.call('SMEMBERS', KEYS[2])
return {ids, redis.call('HMGET', KEYS[1], unpack(ids))}
`

/** As long as a mirrored trade. */
const tradeJson = JSON.stringify({ filler: 'x'.repeat(220) })

/** The part of the client that is used: its full type knows the modules of the server. */
interface BareClient {
  sendCommand(args: string[]): Promise<unknown>
  destroy(): void
}

/** @redis/client alone; its JSON is ready-made. */
class BareWriter {
  readonly #client: BareClient
  #json = ''

  private constructor(client: BareClient) {
    this.#client = client
  }

  static async connect(port: number): Promise<BareWriter> {
    const client = createClient({ socket: { host: '127.0.0.1', port } })
    client.on('error', () => undefined)
    await client.connect()
    await client.sendCommand(['CONFIG', 'SET', 'save', ''])
    await client.sendCommand(['SCRIPT', 'LOAD', bareSource])
    return new BareWriter(client)
  }

  /** From now on writes JSON of the length that a mirrored order has. */
  async writeLike(id: string): Promise<void> {
    const json = String(await this.#client.sendCommand(['HGET', 'orders', id]))
    this.#json = JSON.stringify({ filler: 'x'.repeat(json.length - '{"filler":""}'.length) })
  }

  async script(ids: readonly string[]): Promise<void> {
    const keys = ['bare:orders', 'bare:open', 'bare:open:ETH', 'bare:symbols', 'bare:sequence']
    const message = JSON.stringify({ orders: ids })
    const args = [String(ids.length), ...this.#pairs(ids), ...ids, message]
    await this.#client.sendCommand(['EVALSHA', bareSha, '5', ...keys, ...args])
  }

  async multi(ids: readonly string[]): Promise<void> {
    await Promise.all([
      this.#client.sendCommand(['MULTI']),
      this.#client.sendCommand(['HSET', 'bare:orders', ...this.#pairs(ids)]),
      this.#client.sendCommand(['SADD', 'bare:open', ...ids]),
      this.#client.sendCommand(['SADD', 'bare:open:ETH', ...ids]),
      this.#client.sendCommand(['EXEC']),
    ])
  }

  async trades(ids: readonly string[]): Promise<void> {
    const pairs = ids.flatMap((id) => [id, tradeJson])
    const times = ids.flatMap((id) => ['1709654400000', id])
    await Promise.all([
      this.#client.sendCommand(['MULTI']),
      this.#client.sendCommand(['HSET', 'bare:trades', ...pairs]),
      this.#client.sendCommand(['ZADD', 'bare:times', ...times]),
      this.#client.sendCommand(['EXEC']),
    ])
  }

  async openOrders(): Promise<void> {
    await this.#client.sendCommand(['EVAL_RO', readSource, '2', 'orders', 'open:set'])
  }

  async send(...args: string[]): Promise<unknown> {
    return this.#client.sendCommand(args)
  }

  close(): void {
    this.#client.destroy()
  }

  #pairs(ids: readonly string[]): string[] {
    const pairs: string[] = []
    for (const id of ids) pairs.push(id, this.#json)
    return pairs
  }
}
