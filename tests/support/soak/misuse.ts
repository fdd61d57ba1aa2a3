import { join } from 'node:path'
import {
  getCandlesQuery,
  getRecentTicksQuery,
  PairduckError,
  type DatabaseManager,
  type Lease,
  type Tick,
} from '../../../src/index.ts'
import { query } from '../../../src/queries/query.ts'

const endless = query('endless', 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b')
const everyTick = query<{ price: number }>('everyTick', 'SELECT * FROM ticks')

/** What a careless program does with a store in one round, beside writing. */
export interface Misuse {
  readonly store: DatabaseManager
  /** A folder beside the store's, for copies. */
  readonly folder: string
  readonly random: () => number
  /** Pairs of which leases leak: each keeps its place in the pool as long as one is out. */
  readonly leaky: readonly string[]
  /** Leases that nobody gives back. */
  readonly leaked: Lease[]
}

/** One thing of each kind, in an order that the lottery decides; nothing of it may reject but as said. */
export async function misuse(at: Misuse, pair: string, other: string): Promise<void> {
  const kinds = [leakLease, abort, leaveStream, readMuch, copy, follow, writeOwn]
  const first = Math.floor(at.random() * kinds.length)
  await kinds[first]!(at, pair, other)
  await kinds[(first + 1) % kinds.length]!(at, pair, other)
}

/** Twelve are out at a time: the oldest comes back only when a thirteenth is taken. */
async function leakLease({ store, leaked, leaky, random }: Misuse): Promise<void> {
  const lease = await store.acquire(leaky[Math.floor(random() * leaky.length)]!)
  await lease.query(everyTick)
  leaked.push(lease)
  if (leaked.length > 12) await leaked.shift()!.release()
}

/** Before it begins, in its middle, and when it waits. */
async function abort({ store, random }: Misuse, pair: string): Promise<void> {
  const stop = new AbortController()
  const asked = [
    store.query(pair, endless, { signal: AbortSignal.abort() }),
    store.query(pair, endless, { signal: stop.signal }),
    store.queryColumns(pair, endless, { signal: stop.signal }),
    store.streamColumns(pair, endless, { signal: stop.signal }),
  ]
  setTimeout(() => stop.abort(), random() * 20)
  const codes = (await Promise.allSettled(asked)).map((end) =>
    end.status === 'rejected' ? (end.reason as { code?: string }).code : 'answered',
  )
  if (codes.some((code) => code !== 'ABORTED')) throw new Error(`aborted queries: ${codes.join()}`)
}

/** One is left by `break`, one is never read. */
async function leaveStream({ store }: Misuse, pair: string): Promise<void> {
  for await (const batch of await store.streamColumns(pair, everyTick, { batchRows: 100 }))
    if (batch.rows > 0) break
  // On a busy machine its time may be over before its first batch is there.
  await store.streamColumns(pair, everyTick, { batchRows: 1, timeoutMs: 200 }).catch((error) => {
    if (!PairduckError.is(error, 'DEADLINE_EXCEEDED')) throw error
  })
}

async function readMuch({ store }: Misuse, pair: string, other: string): Promise<void> {
  await Promise.all([
    store.recentTicks(pair, 500),
    store.lastCandles(pair, '1m', 50),
    store.query(pair, getCandlesQuery({ timeframe: '5m' })),
    store.queryColumns(other, getRecentTicksQuery({ limit: 5000 })),
    store.queryPairs(
      { one: pair, two: other },
      query('both', 'SELECT count(*) FROM one.ticks, two.candles_1m'),
    ),
    store.query(pair, query('wrong', 'SELECT nothing FROM ticks')).then(
      () => Promise.reject(new Error('a wrong query was answered')),
      () => undefined,
    ),
  ])
}

async function copy({ store, folder }: Misuse, pair: string): Promise<void> {
  await store.snapshot(pair, join(folder, 'copy.duckdb'))
  await store.export(pair, everyTick, join(folder, 'ticks.parquet'), { overwrite: true })
}

async function follow({ store }: Misuse, pair: string): Promise<void> {
  for await (const rows of store.follow(pair, getRecentTicksQuery({ limit: 3 })))
    if (rows.length > 0) break
}

/** Rows of analytics, rows that are refused, and tables of one's own. */
async function writeOwn({ store }: Misuse, pair: string): Promise<void> {
  const bad = [{ timestamp: Date.now(), price: Number.NaN, volume: 1, side: 'BUY' } as Tick]
  await store.insertTicks(pair, bad).then(
    () => Promise.reject(new Error('NaN was stored')),
    () => undefined,
  )
  await store.withConnection(pair, async (lease) => {
    await lease.execute('CREATE OR REPLACE TABLE mine AS SELECT range AS n FROM range(100)')
  })
}
