import { readFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { connectValkey, Producer } from '../../../src/cluster/index.ts'
import type { ManagerOptions } from '../../../src/index.ts'
import { ValkeyMirror } from '../../../src/mirror/index.ts'
import { served } from '../../support/http.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey, startValkey } from '../../support/valkey.ts'
import { fileOf, openManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'

const pair = 'x/spot/A'
const other = 'x/spot/B'
const long = {
  method: 'POST',
  body: "SELECT repeat('x', 1000) AS x FROM range(200000)",
  headers: { 'accept-encoding': 'identity' },
}
const sqlPath = '/api/v1/pairs/x/spot/A/sql'

/** How a call ends: the code of its error. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )
}

/** Calls of which only one is looked at; how the others end is no matter. */
function watched(...calls: Promise<unknown>[]): Promise<unknown>[] {
  void Promise.allSettled(calls)
  return calls
}

async function withTicks(
  options: ManagerOptions,
): Promise<Awaited<ReturnType<typeof openManager>>> {
  const db = await openManager(options)
  await db.insertTicks(pair, someTicks(3))
  await db.insertTicks(other, someTicks(3))
  return db
}

async function oneOpen(options: ManagerOptions): Promise<Promise<unknown>[]> {
  const db = await withTicks({ maxConnections: 1, ...options })
  const lease = await db.acquire(pair)
  onTestFinished(() => lease.release())
  return watched(db.query(other, sql('SELECT 1')), db.query(other, sql('SELECT 1')))
}

/** Another process that has the pair's file until the test ends. */
async function lockedBy(options: ManagerOptions): Promise<Promise<unknown>[]> {
  const dataDir = temporaryFolder()
  await (await withTicks({ dataDir })).close()
  const api = createRequire(import.meta.url).resolve('@duckdb/node-api')
  const holder = spawn(process.execPath, [
    '-e',
    `require(${JSON.stringify(api)}).DuckDBInstance.create(${JSON.stringify(fileOf(dataDir, pair))}).then((held) => {
      console.log('open'); setInterval(() => held, 1e6) })`,
  ])
  onTestFinished(() => void holder.kill())
  await once(holder.stdout, 'data')
  const db = await openManager({ dataDir, ...options })
  return watched(db.insertTicks(pair, someTicks(1)), db.insertTicks(pair, someTicks(1)))
}

async function whileClosed(options: ManagerOptions): Promise<Promise<unknown>[]> {
  const db = await withTicks(options)
  await db.pool.release(pair)
  const end = new AbortController()
  const working = db.pool.whileClosed(
    pair,
    async () => void (await once(end.signal, 'abort')),
    'compaction',
  )
  onTestFinished(async () => {
    end.abort()
    await working
  })
  return watched(db.query(pair, sql('SELECT 1')), db.query(pair, sql('SELECT 1')))
}

async function manyRows(options: ManagerOptions): Promise<string> {
  const db = await openManager(options)
  const row = {
    timestamp: Date.UTC(2026, 0, 5),
    timeframe: '1m',
    cvd: 1,
    delta: 1,
    buyVolume: 1,
    sellVolume: 0,
    imbalanceRatio: null,
    knownAt: Date.UTC(2026, 0, 5, 0, 1),
  } as const
  await db.insertOrderFlow(pair, [row])
  const calls = [
    ...Array.from({ length: 10 }, () => db.insertOrderFlow(pair, [row])),
    db.insertTicks(pair, someTicks(5)),
  ]
  const codes = await Promise.all(calls.map((call) => codeOf(call)))
  return codes.find((code) => code !== 'done') ?? 'none was refused'
}

async function streamLate(): Promise<string> {
  const db = await withTicks({})
  const sum = sql('SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b')
  return codeOf(db.streamColumns(pair, sum, { timeoutMs: 30 }))
}

async function statusOf(answer: Promise<Response>): Promise<string> {
  return ((await (await answer).json()) as { error: { code: string } }).error.code
}

/** By the name of the bound and of the deadline: makes the wait, and says with which code it ended. */
const exercises: Readonly<Record<string, () => Promise<string>>> = {
  'a place in the pool · bound': async () => codeOf((await oneOpen({ maxWaiting: 1 }))[1]!),
  'a place in the pool · deadline': async () =>
    codeOf((await oneOpen({ acquireTimeoutMs: 20 }))[0]!),
  'a file that another process has · bound': async () => {
    const calls = await lockedBy({ maxWaiting: 0 })
    return codeOf(calls[1]!)
  },
  'a file that another process has · deadline': async () =>
    codeOf((await lockedBy({ acquireTimeoutMs: 20 }))[0]!),
  'a pair in compaction or repair · bound': async () =>
    codeOf((await whileClosed({ maxWaiting: 1 }))[1]!),
  'a pair in compaction or repair · deadline': async () =>
    codeOf((await whileClosed({ acquireTimeoutMs: 20 }))[0]!),
  'a pair to be repacked · deadline': async () => {
    const db = await withTicks({ acquireTimeoutMs: 20 })
    const lease = await db.acquire(pair)
    const code = await codeOf(db.repack(pair))
    await lease.release()
    return code
  },
  'rows of a pair to be stored · bound': () => manyRows({ maxPendingTicks: 4 }),
  'rows of all pairs to be stored · bound': () => manyRows({ maxPendingTicksTotal: 4 }),
  'a stream that is read · deadline': streamLate,
  'a query · deadline': async () => {
    const db = await withTicks({})
    const endless = sql('SELECT count(*) FROM range(1000000000) a, range(1000000000) b')
    return codeOf(db.query(pair, endless, { signal: AbortSignal.timeout(30) }))
  },
  'an answer over HTTP · bound': async () => {
    const url = await served(await withTicks({}), { maxRows: 10 })
    return statusOf(fetch(url + sqlPath, { ...long, body: 'SELECT * FROM range(11)' }))
  },
  'an answer over HTTP · deadline': async () => {
    const url = await served(await withTicks({}), { answerTimeoutMs: 30 })
    return statusOf(
      fetch(url + sqlPath, {
        ...long,
        body: 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b',
      }),
    )
  },
  'answers at once · bound': async () => {
    const url = await served(await withTicks({}), { maxParallelPerClient: 1 })
    const held = await fetch(url + sqlPath, long)
    const code = await statusOf(fetch(url + sqlPath, long))
    await held.body?.cancel()
    return code
  },
  'event streams · bound': async () => {
    const url = await served(await withTicks({}), { maxEventStreams: 1 })
    const events = `${url}/api/v1/pairs/x/spot/A/events`
    const held = await fetch(events)
    const code = await statusOf(fetch(events))
    await held.body?.cancel()
    return code
  },
  'a server that is away · deadline': async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    return codeOf(connect(`http://127.0.0.1:${port}`, { reconnectMs: 20 }))
  },
  'changes to be mirrored · bound': async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url, maxPending: 1 })
    const calls = watched(mirror.applyOrder(openOrder('1')), mirror.applyOrder(openOrder('2')))
    return codeOf(calls[1]!)
  },
  'changes to be mirrored · deadline': async () => {
    await using server = await startValkey()
    const mirror = await ValkeyMirror.open({ url: server.url, writeTimeoutMs: 50 })
    await server.kill()
    const code = await codeOf(mirror.applyOrder(openOrder('1')))
    await mirror.close()
    return code
  },
  'the source of a mirror · deadline': async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url, sourceTimeoutMs: 20 })
    await mirror.applyOrder(openOrder('1'))
    // The snapshot no longer has the order: the source is asked what became of it.
    const { failures } = await mirror.reconcile(
      { openOrders: [] },
      () => new Promise(() => undefined),
    )
    return codeOf(Promise.reject([...failures.values()][0]))
  },
  'ticks of a producer to be stored · bound': () =>
    withProducer(async (producer) => {
      await producer.insertTicks(pair, someTicks(1))
      return codeOf(producer.insertTicks(pair, someTicks(1, { first: 2 })))
    }),
  'ticks of a producer to be stored · deadline': () =>
    withProducer((producer) =>
      codeOf(producer.insertTicks(pair, someTicks(1), { until: 'stored', timeoutMs: 20 })),
    ),
}

/** A producer of a cluster without a worker. */
async function withProducer(work: (producer: Producer) => Promise<string>): Promise<string> {
  await using server = await emptyValkey()
  const client = await connectValkey({ url: server.url })
  const producer = new Producer({ client, maxEntries: 1 })
  try {
    return await work(producer)
  } finally {
    await producer.close()
    await client.close()
  }
}

const page = readFileSync(new URL('../../../docs/architecture.md', import.meta.url), 'utf8')
/** Of each row what is waited for, and of each cell that names a bound or a deadline the code. */
const rows = page
  .slice(page.indexOf('## What waits'), page.indexOf('## Where the next thing'))
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
const named = rows.flatMap(([, what, bound, deadline, code]) => [
  ...(bound!.includes('`') ? [[`${what} · bound`, code!] as const] : []),
  ...(deadline!.includes('`') ? [[`${what} · deadline`, code!] as const] : []),
])

describe('the table of waits', () => {
  it('names what is tried here, and nothing else', () => {
    expect(named.map(([name]) => name).toSorted()).toEqual(Object.keys(exercises).toSorted())
  })

  it.each(named)('%s', async (name, code) => {
    expect(code).toContain(`\`${await exercises[name]!()}\``)
  })
})
