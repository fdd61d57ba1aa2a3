import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { DatabaseManager, insertTickQuery } from '../../../src/index.ts'
import { executeInsert } from '../../../src/storage/free-functions.ts'
import { StoreChild } from '../../support/store-child.ts'
import {
  countTicks,
  fileOf,
  openManager,
  shareManager,
  someTicks,
  sql,
  temporaryFolder,
} from '../../support/store.ts'

const pair = 'x/spot/A'
const when = Date.UTC(2026, 0, 5)
const candle = { timestamp: when, open: 1, high: 1, low: 1, close: 1, volume: 1 }
type Inherited = 'on' | 'once' | 'off' | 'emit' | 'tell'
type Own = Exclude<keyof DatabaseManager, keyof import('node:events').EventEmitter | Inherited>

/** What a member answers when it is called while closing, and afterwards. */
interface Row {
  readonly call: (db: DatabaseManager, folder: string) => unknown
  /** `refused`: CLOSED. Everything that does work is. */
  readonly after: 'refused' | 'answers'
}

/** Every public member of the manager; the compiler keeps it complete. */
const members = {
  repack: { call: (db) => db.repack(pair), after: 'refused' },
  insertTicks: { call: (db) => db.insertTicks(pair, someTicks(1)), after: 'refused' },
  insertCandles: { call: (db) => db.insertCandles(pair, '1m', [candle]), after: 'refused' },
  insertOrderFlow: { call: (db) => db.insertOrderFlow(pair, []), after: 'refused' },
  insertMarketProfile: { call: (db) => db.insertMarketProfile(pair, []), after: 'refused' },
  insertZones: { call: (db) => db.insertZones(pair, []), after: 'refused' },
  insertFairValueGaps: { call: (db) => db.insertFairValueGaps(pair, []), after: 'refused' },
  importTicks: { call: (db) => db.importTicks(pair, 'none.csv'), after: 'refused' },
  importFiles: {
    call: (db) => db.importFiles('a/b/C', 'nowhere/*.csv'),
    after: 'refused',
  },
  importCandles: { call: (db) => db.importCandles(pair, '1m', 'none.csv'), after: 'refused' },
  gaps: { call: (db) => db.gaps(pair), after: 'refused' },
  backfill: { call: (db) => db.backfill(pair, () => []), after: 'refused' },
  setRetention: { call: (db) => db.setRetention(pair, 'forever'), after: 'refused' },
  claimIdSpace: { call: (db) => db.claimIdSpace(pair, 'trades'), after: 'refused' },
  query: { call: (db) => db.query(pair, sql('SELECT 1 AS x')), after: 'refused' },
  queryPairs: { call: (db) => db.queryPairs({ a: pair }, sql('SELECT 1 AS x')), after: 'refused' },
  queryColumns: { call: (db) => db.queryColumns(pair, sql('SELECT 1 AS x')), after: 'refused' },
  streamColumns: { call: (db) => streamed(db), after: 'refused' },
  acquire: {
    call: async (db) => (await db.acquire(pair)).release(),
    after: 'refused',
  },
  withConnection: { call: (db) => db.withConnection(pair, async () => 1), after: 'refused' },
  listPairs: { call: (db) => db.listPairs(), after: 'refused' },
  archivePair: { call: (db) => db.archivePair(pair), after: 'refused' },
  cleanupPair: { call: (db) => db.cleanupPair(pair), after: 'refused' },
  cleanupAllPairs: { call: (db) => db.cleanupAllPairs(), after: 'refused' },
  startCleanup: { call: (db) => db.startCleanup(), after: 'refused' },
  stopCleanup: { call: (db) => db.stopCleanup(), after: 'answers' },
  refreshAnalytics: { call: (db) => db.refreshAnalytics(pair), after: 'refused' },
  startAnalytics: { call: (db) => db.startAnalytics(), after: 'refused' },
  stopAnalytics: { call: (db) => db.stopAnalytics(), after: 'answers' },
  snapshot: { call: (db, folder) => db.snapshot(pair, `${folder}/copy.duckdb`), after: 'refused' },
  export: {
    call: (db, folder) => db.export(pair, sql('SELECT 1 AS x'), `${folder}/rows.csv`),
    after: 'refused',
  },
  recentTicks: { call: (db) => db.recentTicks(pair), after: 'refused' },
  reopenPast: { call: (db) => db.reopenPast(pair), after: 'refused' },
  lastCandles: { call: (db) => db.lastCandles(pair, '1m'), after: 'refused' },
  follow: { call: (db) => db.follow(pair, sql('SELECT 1 AS x')).return(), after: 'refused' },
  replay: { call: (db) => db.replay(pair, someSpan).return(), after: 'refused' },
  verify: { call: (db) => db.verify(pair), after: 'refused' },
  repair: { call: (db) => db.repair(pair), after: 'refused' },
  stats: { call: (db) => db.stats(), after: 'answers' },
  close: { call: (db) => db.close(), after: 'answers' },
  [Symbol.asyncDispose]: { call: (db) => db[Symbol.asyncDispose](), after: 'answers' },
  closed: { call: (db) => db.closed, after: 'answers' },
  dataDir: { call: (db) => db.dataDir, after: 'answers' },
  pool: { call: (db) => db.pool.stats(), after: 'answers' },
} satisfies Record<Own, Row>

const someSpan = { timeframe: '1m', from: 0, to: 1 } as const

async function streamed(db: DatabaseManager): Promise<void> {
  const stream = await db.streamColumns(pair, sql('SELECT 1 AS x'))
  await stream.close()
}

const table = Reflect.ownKeys(members).map(
  (name) => [String(name), members[name as Own] as Row] as const,
)

/** How a call ends, thrown or rejected alike: its code, or `answers`. */
async function endOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
    return 'answers'
  } catch (error) {
    return (error as { code?: string }).code ?? error
  }
}

/** How every call of a table ends, asked one after another without waiting for any. */
function endsOf(rows: typeof table, db: DatabaseManager, folder: string): Promise<unknown[]> {
  return Promise.all(rows.map(([, { call }]) => endOf(() => call(db, folder))))
}

describe('a closed manager', () => {
  let whileClosing: unknown[]
  let afterwards: unknown[]

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pairduck-test-'))
    const db = await DatabaseManager.open({ dataDir: join(folder, 'data') })
    await db.insertTicks(pair, someTicks(1))
    const closing = db.close()
    const ends = endsOf(table, db, folder)
    await closing
    whileClosing = await ends
    afterwards = await endsOf(table, db, folder)
    rmSync(folder, { recursive: true })
  })

  it.each(table.map(([name, { after }], row) => [name, after, row] as const))(
    '%s %s',
    (_name, after, row) => {
      const end = after === 'refused' ? 'CLOSED' : 'answers'
      expect([whileClosing[row], afterwards[row]]).toEqual([end, end])
    },
  )
})

describe('an open manager', () => {
  const open = table.filter(([name]) => !/import|archive|close|Dispose/.test(name))
  const shared = shareManager({}, (db) => db.insertTicks(pair, someTicks(1)))

  it.each(open)('%s answers', async (_name, { call }) => {
    expect(await endOf(() => call(shared(), temporaryFolder()))).toBe('answers')
  })
})

describe('a pair that cannot be opened', () => {
  const onPairs = table.filter(([name]) =>
    /insert|query|stream|acquire|withConnection|cleanupPair|refresh|snapshot/.test(name),
  )
  const shared = shareManager({}, async ({ dataDir }) => {
    const file = fileOf(dataDir, pair)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'no database at all, only some text that somebody left here\n'.repeat(500))
  })

  it.each(onPairs)('%s says why', async (name, { call }) => {
    const db = shared()
    expect(await endOf(() => call(db, temporaryFolder()))).toBe('PAIR_CORRUPT')
    expect(db.stats().active).toBe(0)
    const tick = db.insertTicks(`x/spot/${name}`, someTicks(1))
    await expect(tick).resolves.toMatchObject({ inserted: 1 })
  })
})

describe('closing', () => {
  it('stores what was taken, and gives the same promise again', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir })
    const inserts = Array.from({ length: 50 }, (_, index) =>
      db.insertTicks(`x/spot/P${index % 5}`, someTicks(3, { first: index * 3 + 1 })),
    )
    // The pairs are open and the ticks wait for their commit.
    await db.insertTicks('x/spot/P0', someTicks(1, { first: 1000 }))
    const closing = db.close()
    expect(db.close()).toBe(closing)
    expect(db.closed).toBe(true)
    await closing
    const ends = await Promise.allSettled(inserts)
    const stored = ends.filter(({ status }) => status === 'fulfilled').length * 3 + 1
    const again = await openManager({ dataDir })
    let found = 0
    for (const { symbol } of await again.listPairs())
      found += await countTicks(again, `x/spot/${symbol}`)
    expect(found).toBe(stored)
    expect(stored).toBe(151)
  })

  it('interrupts leases and their queries, in flight and in line', async () => {
    const db = await openManager()
    const long = 'SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b'
    const lease = await db.acquire(pair)
    const queries = Array.from({ length: 6 }, () => db.query(pair, sql(long)))
    const raw = lease.connection.run(long)
    const ends = Promise.allSettled([lease.query(sql(long)), ...queries])
    const rawEnd = Promise.allSettled([raw])
    await db.withConnection('x/spot/B', async () => undefined)
    await db.close()
    for (const end of await ends)
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'CLOSED' } })
    expect(await rawEnd).toMatchObject([{ status: 'rejected' }])
    await expect(lease.release()).resolves.toBeUndefined()
  })

  it('ends what was about to be lent, what verifies, and what waits in line', async () => {
    const db = await openManager({ maxConnections: 2 })
    await db.insertTicks(pair, someTicks(5000))
    await db.insertTicks('x/spot/B', someTicks(1))
    // A connection that lies ready is lent at once, one that is still to be made later.
    await db.query(pair, sql('SELECT 1'))
    const ends = Promise.allSettled([
      db.acquire(pair),
      db.acquire(pair),
      db.verify(pair),
      db.snapshot(pair, `${temporaryFolder()}/copy.duckdb`),
      db.acquire('x/spot/C'),
      db.cleanupAllPairs(),
    ])
    await db.close()
    const reasons = (await ends).flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
    expect(reasons.filter((reason) => reason.code !== 'CLOSED')).toEqual([])
    const again = await openManager({ dataDir: db.dataDir })
    expect(await countTicks(again, pair)).toBe(5000)
  })

  it('interrupts what verifies, wherever it is, and says so', async () => {
    const dataDir = temporaryFolder()
    const first = await openManager({ dataDir })
    await first.insertTicks(pair, someTicks(100_000))
    await first.close()
    const ends = new Set<unknown>()
    for (let queries = 1; queries <= 6; queries++) {
      const db = await openManager({ dataDir })
      const end = endOf(() => db.verify(pair))
      // Beside it, so that each manager closes at another moment of the reading.
      for (let query = 0; query < queries; query++) await db.query(pair, sql('SELECT 1'))
      await db.close()
      ends.add(await end)
    }
    expect([...ends].filter((end) => end !== 'answers')).toEqual(['CLOSED'])
  })

  it('leaves no WAL and no lock, and lets the process end', async () => {
    const dataDir = temporaryFolder()
    const child = await StoreChild.start({ dataDir })
    await child.call('insertTicks', pair, someTicks(10))
    await child.hold(pair, 'BEGIN', 'CREATE TABLE mine (x INTEGER)')
    await child.call('startCleanup', { everyMs: 60_000 })
    expect(await child.close()).toBe(0)
    expect(readdirSync(fileOf(dataDir, pair).replace('/trading.duckdb', '')).sort()).toEqual([
      'trading.duckdb',
      'trading.state.json',
    ])
    expect(readdirSync(`${dataDir}/.pairduck`)).toEqual([])
  })

  it('with `await using`', async () => {
    const dataDir = temporaryFolder()
    let db: DatabaseManager
    {
      await using inside = await DatabaseManager.open({ dataDir })
      db = inside
      await executeInsert(db, pair, insertTickQuery({ tick: someTicks(1)[0]! }))
      await using lease = await db.acquire(pair)
      expect(await lease.execute('SELECT count(*) AS n FROM ticks')).toEqual([{ n: 1 }])
    }
    expect(db.closed).toBe(true)
  })
})

describe('options', () => {
  it.each([
    [{ maxConection: 3 }, TypeError, /did you mean `maxConnections`/],
    [{ maxConnections: 0 }, RangeError, /from 1 to 10000, got `0`/],
    [{ dataDir: '' }, TypeError, /dataDir/],
    [{ dataDir: 'a\0b' }, TypeError, /dataDir/],
    [{ candles: ['2m'] }, TypeError, /candles/],
    [{ clock: 5 }, TypeError, /clock/],
    [{ retention: { tick: 5 } }, TypeError, /unknown table `tick`/],
  ])('%o are refused before anything is made', async (options, Kind, reason) => {
    const attempt = DatabaseManager.open({ dataDir: temporaryFolder(), ...options } as never)
    await expect(attempt).rejects.toThrow(Kind)
    await expect(attempt).rejects.toThrow(reason)
  })

  it('a clock that gives no time is named by each call that asks it', async () => {
    let now = Date.now()
    const db = await openManager({ clock: () => now })
    await db.insertTicks(pair, someTicks(5))
    now = NaN
    for (const call of [
      () => db.insertTicks(pair, someTicks(1, { first: 6 })),
      () => db.insertTicks('x/spot/NEW', someTicks(1)),
      () => db.cleanupPair(pair),
    ])
      await expect(call()).rejects.toThrow('`clock` gave `NaN` (number); expected')
    now = Date.now()
    expect(await db.insertTicks(pair, someTicks(1, { first: 6 }))).toMatchObject({ inserted: 1 })
    expect(await countTicks(db, pair)).toBe(6)
  })

  it.each([
    ['cleanupPair', { now: Number.NaN }],
    ['cleanupPair', { nwo: 5 }],
    ['cleanupAllPairs', { dueOnly: 1 }],
    ['startCleanup', { everyMs: 0 }],
    ['startCleanup', { every: 5 }],
  ] as const)('%s refuses %o', async (method, options) => {
    const db = await openManager()
    const call = async (): Promise<unknown> =>
      method === 'cleanupPair'
        ? db.cleanupPair(pair, options as never)
        : db[method](options as never)
    await expect(call()).rejects.toThrow(/expected|unknown option/)
  })
})
