import { existsSync } from 'node:fs'
import { DatabaseManager, query } from '../../../src/index.ts'
import { describe, expect, it } from 'vitest'
import { parsePair } from '../../../src/pair.ts'
import { expectAllThroughFive } from '../../support/few-places.ts'
import { StoreChild } from '../../support/store-child.ts'
import {
  countTicks,
  fileOf,
  nextEvent,
  openManager,
  someTicks,
  sql,
  temporaryFolder,
} from '../../support/store.ts'

const pairs = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `x/spot/P${index}`)

/** Takes several seconds if it is not ended. */
const several = 'SELECT sum(a.range * b.range) FROM range(100000) a, range(100000) b'

describe('many pairs', () => {
  it('written at once keep to themselves', async () => {
    const db = await openManager()
    await Promise.all(
      pairs(5).flatMap((pair, index) =>
        someTicks(20, { price: 1000 * (index + 1) }).map((tick) => db.insertTicks(pair, [tick])),
      ),
    )
    for (const [index, pair] of pairs(5).entries()) {
      const [row] = await db.query(
        pair,
        sql('SELECT count(*) AS n, min(price) AS low, max(price) AS high FROM ticks'),
      )
      expect(row).toEqual({ n: 20, low: 1000 * (index + 1), high: 1000 * (index + 1) + 9 })
    }
    expect(await db.listPairs()).toHaveLength(5)
  })

  it('of a pool of 3, a 4th takes the place of the one idle longest', async () => {
    const db = await openManager({ maxConnections: 3 })
    const evicted = nextEvent(db, 'pairEvicted')
    for (const pair of pairs(3)) await db.insertTicks(pair, someTicks(1))
    await db.insertTicks('x/spot/P0', someTicks(1, { first: 2 }))
    await db.insertTicks('x/spot/P3', someTicks(1))
    expect(await evicted).toEqual({ pair: 'x/spot/P1', reason: 'room' })
    expect(db.stats()).toEqual({
      size: 3,
      max: 3,
      active: 0,
      idle: 3,
      waiting: 0,
      hits: 1,
      misses: 4,
      hitRate: 0.2,
      evictions: 1,
      restingPairs: ['x/spot/P1'],
      activePairs: [],
      openPairs: ['x/spot/P0', 'x/spot/P2', 'x/spot/P3'],
      pendingTicks: 0,
    })
    expect(await countTicks(db, 'x/spot/P1')).toBe(1)
  })

  // tests/long has 500.
  it('go through few places, 40 through 5, and all is there', () => expectAllThroughFive(40))
})

describe('a lease', () => {
  it('leases its pair: another one waits until it is given back', async () => {
    const db = await openManager({ maxConnections: 1 })
    const lease = await db.acquire('x/spot/A')
    expect(db.stats()).toMatchObject({ active: 1, activePairs: ['x/spot/A'] })
    await expect(db.acquire('x/spot/B', { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'POOL_EXHAUSTED',
    })
    const waiting = db.insertTicks('x/spot/B', someTicks(1))
    await expect(db.insertTicks('x/spot/A', someTicks(1))).resolves.toMatchObject({ inserted: 1 })
    expect(db.stats().waiting).toBe(1)
    await lease.release()
    await expect(waiting).resolves.toMatchObject({ inserted: 1 })
    expect(db.stats()).toMatchObject({ active: 0, activePairs: [] })
  })

  it('can be released twice, and then does nothing any more', async () => {
    const db = await openManager({ maxConnections: 1 })
    const lease = await db.acquire('x/spot/A')
    const other = await db.acquire('x/spot/A')
    await Promise.all([lease.release(), lease.release()])
    await lease.release()
    expect(db.stats().active).toBe(1)
    await expect(lease.execute('SELECT 1')).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(lease.query(sql('SELECT 1'))).rejects.toMatchObject({ code: 'CLOSED' })
    await other.release()
    expect(db.stats().active).toBe(0)
  })

  it('takes back a transaction that was left open, and all that was set on it', async () => {
    const db = await openManager()
    const lease = await db.acquire('x/spot/A')
    await lease.execute('CREATE TABLE notes (text VARCHAR)')
    await lease.execute(`CREATE TEMP TABLE mine AS SELECT 'of this lease alone' AS x`)
    await lease.execute('BEGIN')
    await lease.execute(`INSERT INTO notes VALUES ('half')`)
    await lease.release()
    await db.withConnection('x/spot/A', async (next) => {
      expect(await next.execute('SELECT * FROM notes')).toEqual([])
      await expect(next.execute('FROM mine')).rejects.toMatchObject({ code: 'QUERY_FAILED' })
      await next.execute(`INSERT INTO notes VALUES ('whole')`)
    })
    expect(await db.query('x/spot/A', sql('SELECT * FROM notes'))).toEqual([{ text: 'whole' }])
  })

  it('writes tables of its own and the analytics tables, but neither ticks nor candles', async () => {
    const db = await openManager()
    await db.insertTicks('x/spot/A', someTicks(2))
    await db.withConnection('x/spot/A', async (lease) => {
      for (const statement of [
        'DELETE FROM ticks',
        `INSERT INTO ticks VALUES (now(), 1, 1, 'BUY', 'x')`,
        'DROP VIEW candles_1m',
        'CREATE INDEX by_time ON ticks (timestamp)',
      ]) {
        await expect(lease.execute(statement)).rejects.toMatchObject({ code: 'WRITE_REFUSED' })
        await expect(lease.query(sql(statement))).rejects.toMatchObject({ code: 'WRITE_REFUSED' })
      }
      await lease.execute(`INSERT INTO market_profile (timestamp, poc) VALUES (now(), $poc)`, {
        poc: 5,
      })
      expect(await lease.execute('SELECT poc FROM market_profile')).toEqual([{ poc: 5 }])
    })
    expect(await countTicks(db, 'x/spot/A')).toBe(2)
  })

  it.each([
    ['', 'the text holds no statement'],
    [' -- nothing', 'the text holds no statement'],
    ['SELECT 1\0; SELECT 2', 'the statement holds the character NUL, at 8'],
  ])('names what is no statement: %j', async (text, reason) => {
    const db = await openManager()
    const failed = { code: 'QUERY_FAILED', message: expect.stringContaining(reason) }
    await using lease = await db.acquire('x/spot/A')
    await expect(lease.execute(text)).rejects.toMatchObject(failed)
  })

  it('names what a query or a list of values has too much of', async () => {
    const db = await openManager()
    await using lease = await db.acquire('x/spot/A')
    await expect(lease.query(sql('SELECT 1\0'))).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringContaining('the character NUL, at 8'),
    })
    await expect(lease.execute('SELECT ?', [1, 2])).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringContaining('values for 2 parameters were given'),
    })
  })

  it('is given back by `withConnection`, whatever happens', async () => {
    const db = await openManager()
    await expect(
      db.withConnection('x/spot/A', (lease) => lease.execute('SELEC')),
    ).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    await expect(
      db.withConnection('x/spot/A', () => Promise.reject(new Error('mine'))),
    ).rejects.toThrow('mine')
    expect(db.stats().active).toBe(0)
  })

  it('and a query take only options that they know', async () => {
    const db = await openManager()
    const lease = await db.acquire('x/spot/A', { timeoutMs: 5, signal: undefined })
    const one = sql('SELECT 1 AS one')
    const refused: readonly (readonly [unknown, RegExp, (options: never) => Promise<unknown>])[] = [
      [{ timeout: 5 }, /^acquire: .*`timeoutMs`/, (options) => db.acquire('x/spot/A', options)],
      [{ timeoutMs: '5' }, /^acquire: .*"5"/, (options) => db.acquire('x/spot/A', options)],
      [{ signal: {} }, /an AbortSignal/, (options) => db.acquire('x/spot/A', options)],
      [{ timeuotMs: 5 }, /`timeoutMs`/, (o) => db.withConnection('x/spot/A', async () => 1, o)],
      [{ sginal: 5 }, /^query: .*`signal`/, (options) => db.query('x/spot/A', one, options)],
      [{ timeoutMs: 5 }, /^query: .*signal/, (options) => db.query('x/spot/A', one, options)],
      [{ signal: 5 }, /an AbortSignal/, (options) => db.queryColumns('x/spot/A', one, options)],
      [5, /options object/, (options) => lease.query(one, options)],
      [{ sginal: 5 }, /^queryColumns: /, (options) => lease.queryColumns(one, options)],
    ]
    for (const [options, message, call] of refused) {
      const failure = await call(options as never).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(TypeError)
      expect((failure as Error).message).toMatch(message)
    }
    await expect(db.acquire('x/spot/A', { timeoutMs: -1 })).rejects.toThrow(RangeError)
    await lease.release()
    expect(db.stats().active).toBe(0)
  })

  it('names what it expects where no query was given, and how a manager is opened', async () => {
    const db = await openManager()
    const expected = /^query: expected a query, from a builder or `query\(name, sql, params\)`, got/
    await using lease = await db.acquire('x/spot/A')
    await expect(db.query('x/spot/A', 'SELECT 1' as never)).rejects.toThrow(expected)
    await expect(lease.queryColumns(undefined as never)).rejects.toThrow(/^queryColumns: expected/)
    expect(() => Reflect.construct(DatabaseManager, [])).toThrow(
      new TypeError('use `await DatabaseManager.open(options)`'),
    )
  })

  it('interrupts a query with its signal, and can go on', async () => {
    const db = await openManager()
    const lease = await db.acquire('x/spot/A')
    const abort = new AbortController()
    const long = lease.query(
      sql('SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b'),
      {
        signal: abort.signal,
      },
    )
    setImmediate(() => abort.abort(new Error('enough')))
    await expect(long).rejects.toMatchObject({
      code: 'ABORTED',
      cause: expect.objectContaining({ message: 'enough' }),
    })
    expect(await lease.query(sql('SELECT 1 AS one'))).toEqual([{ one: 1 }])
    await expect(lease.query(sql('SELECT 1'), { signal: abort.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    await lease.release()
  })

  it('says of a call that was aborted before it began what it was, and nothing of connections', async () => {
    const db = await openManager()
    await db.insertTicks('x/spot/A', someTicks(1))
    await db.pool.release('x/spot/A')
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(db.query('x/spot/A', sql('SELECT 1'), { signal })).rejects.toMatchObject({
      code: 'ABORTED',
      message: `x/spot/A: the call was aborted before it began to wait for the pair's file`,
      cause: { message: 'enough' },
    })
  })

  it('that ends one of its queries leaves the others alone', async () => {
    const db = await openManager()
    await using lease = await db.acquire('x/spot/A')
    const abort = new AbortController()
    const first = lease.query(sql('SELECT count(*) AS n FROM range(20000) a, range(10000) b'))
    const second = lease.query(sql('SELECT 2'), { signal: abort.signal })
    const third = lease.query(sql('SELECT 3 AS n'))
    setImmediate(() => abort.abort())
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await first).toEqual([{ n: 200_000_000 }])
    expect(await third).toEqual([{ n: 3 }])
  })

  it('given back with a query in flight ends it, and nobody meets it any more', async () => {
    const db = await openManager()
    const ended: unknown[] = []
    await db.withConnection('x/spot/A', async (lease) => {
      for (const text of [several, 'SELECT 1'])
        void lease.query(sql(text)).catch((error: unknown) => ended.push(error))
      // As one that races a query against a deadline does.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      expect(ended).toEqual([])
    })
    expect(ended).toMatchObject([{ code: 'CLOSED' }, { code: 'CLOSED' }])
    expect(await db.query('x/spot/A', sql('SELECT 1 AS one'))).toEqual([{ one: 1 }])
    await db.close()
  })
})

describe('long queries', () => {
  it('leave threads for commits; verify and snapshot wait for theirs', async () => {
    const folder = temporaryFolder()
    const db = await openManager()
    await db.insertTicks('x/spot/A', someTicks(1))
    const abort = new AbortController()
    const order: string[] = []
    const leases = await Promise.all(
      ['A', 'B', 'C'].map((letter) => db.acquire(`x/spot/${letter}`)),
    )
    const long = leases.map((lease) =>
      lease.query(sql(several), { signal: abort.signal }).catch(() => order.push('aborted')),
    )
    const jobs = [
      db.verify('x/spot/A').then(() => order.push('verified')),
      db.snapshot('x/spot/A', `${folder}/copy.duckdb`).then(() => order.push('copied')),
    ]
    for (let first = 2; first < 22; first++)
      await db.insertTicks('x/spot/A', someTicks(1, { first }))
    order.push('inserted')
    abort.abort()
    await Promise.all([...long, ...jobs])
    await Promise.all(leases.map((lease) => lease.release()))
    expect(order.find((each) => each !== 'aborted')).toBe('inserted')
    expect(order).toHaveLength(6)
  })
})

describe('an idle pair', () => {
  it('is closed after `idleCloseMs`, and another process can have it', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir, idleCloseMs: 300, acquireTimeoutMs: 200 })
    const evicted = nextEvent(db, 'pairEvicted')
    const child = await StoreChild.start({ dataDir })
    await db.insertTicks('x/spot/A', someTicks(3))
    await expect(child.call('cleanupPair', 'x/spot/A')).rejects.toMatchObject({
      code: 'PAIR_LOCKED',
      message: expect.stringContaining(String(process.pid)),
    })
    expect(await evicted).toEqual({ pair: 'x/spot/A', reason: 'idle' })
    expect(existsSync(`${fileOf(dataDir, 'x/spot/A')}.wal`)).toBe(false)
    await expect(
      child.call('insertTicks', 'x/spot/A', someTicks(4, { first: 9 })),
    ).resolves.toMatchObject({ inserted: 4 })
    await expect(db.insertTicks('x/spot/A', someTicks(1))).rejects.toMatchObject({
      code: 'PAIR_LOCKED',
      details: { pid: child.pid },
    })
    await expect(db.insertTicks('x/spot/B', someTicks(1))).resolves.toMatchObject({ inserted: 1 })
    expect(await child.close()).toBe(0)
    expect(await countTicks(db, 'x/spot/A')).toBe(7)
  })

  it('whose file the engine gave up in a job is opened again by whoever comes next', async () => {
    const db = await openManager()
    await db.insertTicks('x/spot/A', someTicks(1))
    const database = await db.pool.acquire(parsePair('x/spot/A'))
    const given = new Error('FATAL Error: Failed: database has been invalidated because of …')
    await expect(database.writer.run(() => Promise.reject(given))).rejects.toBe(given)
    const waiting = db.insertTicks('x/spot/A', someTicks(1, { first: 2 }))
    db.pool.endLease(database.name)
    expect(await waiting).toMatchObject({ inserted: 1 })
    expect(await countTicks(db, 'x/spot/A')).toBe(2)
  })

  it('is closed although the cleanup comes by more often than that', async () => {
    const db = await openManager({ dataDir: temporaryFolder(), idleCloseMs: 300 })
    const evicted = nextEvent(db, 'pairEvicted')
    await db.insertTicks('x/spot/A', someTicks(3))
    db.startCleanup({ everyMs: 50 })
    expect(await evicted).toEqual({ pair: 'x/spot/A', reason: 'idle' })
  })
})

describe('a pair that was never stored', () => {
  it('is PAIR_NOT_FOUND for a query, which does not make it', async () => {
    const db = await openManager({ dataDir: temporaryFolder() })
    await expect(db.query('x/spot/TYPO', query('all', 'SELECT 1 AS one'))).rejects.toMatchObject({
      code: 'PAIR_NOT_FOUND',
    })
    expect(await db.listPairs()).toEqual([])
  })
})

describe('a pair that another process holds for a moment', () => {
  it('takes its writes when it is free again, in their order, and holds up no other pair', async () => {
    const dataDir = temporaryFolder()
    const child = await StoreChild.start({ dataDir })
    await child.hold('x/spot/A', 'SELECT 1')
    const db = await openManager({ dataDir, maxConnections: 1 })
    const insert = (price: number) =>
      db.insertTicks('x/spot/A', someTicks(1, { price, from: 1_750_000_000_000 }))
    const waiting = [insert(1), insert(2)]
    // Who reads is told at once, and a place in the pool is free.
    await expect(db.query('x/spot/A', sql('SELECT 1'))).rejects.toMatchObject({
      code: 'PAIR_LOCKED',
      details: { pid: child.pid },
    })
    await expect(db.insertTicks('x/spot/B', someTicks(1))).resolves.toMatchObject({ inserted: 1 })
    const candle = { timestamp: 1_750_000_020_000, open: 5, high: 5, low: 5, close: 5, volume: 1 }
    const candles = db.insertCandles('x/spot/A', '1m', [candle])
    const flow = db.insertOrderFlow('x/spot/A', [])
    waiting.push(insert(3))
    expect(await child.close()).toBe(0)
    expect(await Promise.all(waiting)).toMatchObject([
      { inserted: 1, conflicts: 0 },
      { inserted: 0, conflicts: 1 },
      { inserted: 0, conflicts: 1 },
    ])
    expect(await candles).toMatchObject({ inserted: 1 })
    expect(await flow).toMatchObject({ inserted: 0 })
    expect(await db.query('x/spot/A', sql('SELECT price FROM ticks'))).toEqual([{ price: 1 }])
  })

  it('waits no longer than the manager lives, nor more callers than `maxWaiting`', async () => {
    const dataDir = temporaryFolder()
    const child = await StoreChild.start({ dataDir })
    await child.hold('x/spot/A', 'SELECT 1')
    const db = await openManager({ dataDir, maxWaiting: 2, acquireTimeoutMs: 1e9 })
    const inserts = [1, 2, 3].map((first) => db.insertTicks('x/spot/A', someTicks(1, { first })))
    await expect(inserts[2]).rejects.toMatchObject({
      code: 'PAIR_LOCKED',
      details: { pid: child.pid },
    })
    const ends = Promise.allSettled(inserts.slice(0, 2))
    await db.close()
    expect(await ends).toMatchObject([
      { reason: { code: 'CLOSED' } },
      { reason: { code: 'CLOSED' } },
    ])
  })
})

it('files that were closed for want of use make room for others, again and again', async () => {
  const db = await openManager({ maxConnections: 2, idleCloseMs: 50, acquireTimeoutMs: 20_000 })
  let evicted = 0
  db.on('pairEvicted', () => evicted++)
  for (let round = 1; round <= 5; round++) {
    await Promise.all([1, 2].map((n) => db.insertTicks(`x/spot/R${round}N${n}`, someTicks(1))))
    await expect.poll(() => evicted, { timeout: 20_000 }).toBe(2 * round)
    expect(db.stats()).toMatchObject({ size: 0, idle: 0, active: 0 })
  }
})
