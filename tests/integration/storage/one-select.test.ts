import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  calculateCvdQuery,
  detectFvgQuery,
  getCandlesQuery,
  getRecentTicksQuery,
  type Query,
} from '../../../src/index.ts'
import { fileOf, openManager, shareManager, someTicks, sql } from '../../support/store.ts'

const manager = shareManager()
const outside = mkdtempSync(join(tmpdir(), 'pairduck-outside-'))
afterAll(() => rmSync(outside, { recursive: true, force: true }))
writeFileSync(join(outside, 'secret.csv'), 'a,b\n1,2\n')

let pairs = 0
/** Two pairs, the first with one tick, the second with two. */
async function twoPairs(): Promise<[string, string]> {
  const [a, b] = [`x/spot/A${++pairs}`, `x/spot/B${pairs}`]
  await manager().insertTicks(a, someTicks(1))
  await manager().insertTicks(b, someTicks(2))
  return [a, b]
}
const count = sql<{ n: number }>('SELECT count(*) AS n FROM ticks')

describe('a query is one SELECT over the pair', () => {
  it.each([
    'SELECT 1; USE p2',
    'SELECT 1; BEGIN TRANSACTION READ ONLY',
    'SELECT 1; SELECT 2',
    'BEGIN',
    'USE p2',
    'DETACH p2',
    'CHECKPOINT p2',
    `COPY (SELECT 1) TO '/dev/null'`,
    `ATTACH ':memory:' AS other`,
    'SET threads = 1',
    'PRAGMA version',
    'EXPLAIN ANALYZE DELETE FROM order_flow',
    'WITH one AS (SELECT 1) DELETE FROM order_flow',
    '/* SELECT */ DELETE FROM order_flow',
    `SELECT * FROM read_text('/etc/passwd')`,
    `SELECT * FROM '${outside}/secret.csv'`,
    `SELECT 1 WHERE EXISTS (FROM read_csv('${outside}/secret.csv'))`,
    `SELECT * FROM glob('/etc/*')`,
    `SELECT * FROM force_checkpoint('p1')`,
    `SELECT * FROM query('SELECT 1')`,
    'SELECT * FROM pairduck_batch(1)',
    'SELECT * FROM p2.ticks',
    'SELECT * FROM p2.main.ticks',
  ])('%s is refused and changes nothing', async (text) => {
    const [db, [a, b]] = [manager(), await twoPairs()]
    for (const ask of [() => db.query(a, sql(text)), () => db.queryColumns(a, sql(text))])
      await expect(ask()).rejects.toMatchObject({
        code: 'WRITE_REFUSED',
        message: expect.stringMatching(/one SELECT/),
      })
    expect([await db.query(a, count), await db.query(b, count)]).toEqual([[{ n: 1 }], [{ n: 2 }]])
    await db.insertTicks(a, someTicks(1, { first: 5 }))
    expect(await db.query(a, count)).toEqual([{ n: 2 }])
  })

  it.each([
    'SELECT 1 AS n;',
    `SELECT ';' AS n`,
    'FROM (SELECT 1 AS n)',
    `WITH one AS (SELECT 'insert' AS n) SELECT n FROM one`,
    '-- a; comment\nSELECT 1 AS n',
    'VALUES (1)',
    'DESCRIBE ticks',
    'SELECT * FROM range(3)',
    'SELECT * FROM information_schema.tables',
    'SELECT table_name FROM duckdb_tables()',
    'SELECT t.price FROM main.ticks AS t',
  ])('%s is one', async (text) => {
    const [a] = await twoPairs()
    await expect(manager().query(a, sql(text))).resolves.not.toHaveLength(0)
  })

  it('a text that is none is named as the engine does, without its carets', async () => {
    const [a] = await twoPairs()
    await expect(manager().query(a, sql('SELECT prise FROM ticks'))).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(/"prise" not found.*Candidate bindings: "price"[^^]*$/),
    })
    await expect(manager().query(a, sql('SELEC 1'))).rejects.toMatchObject({ code: 'QUERY_FAILED' })
  })

  it('writes nothing by whatever function, and may be aborted again and again', async () => {
    const [db, [a]] = [manager(), await twoPairs()]
    await db.withConnection(a, (lease) => lease.execute('CREATE SEQUENCE mine'))
    await expect(db.query(a, sql(`SELECT nextval('mine')`))).rejects.toMatchObject({
      code: 'WRITE_REFUSED',
    })
    for (let at = 0; at < 10; at++) {
      const stop = new AbortController()
      const long = db.query(a, sql('SELECT sum(range) FROM range(10_000_000_000)'), {
        signal: stop.signal,
      })
      setTimeout(() => stop.abort(), at)
      await expect(long).rejects.toMatchObject({ code: 'ABORTED' })
      expect(await db.query(a, count)).toEqual([{ n: 1 }])
    }
  })
})

describe('a lease works on its own pair', () => {
  it('reaches no other pair, no file and no setting by `execute`', async () => {
    const [db, [a, b]] = [manager(), await twoPairs()]
    const [other] = await db.withConnection(b, (lease) =>
      lease.query(sql<{ name: string }>('SELECT current_database() AS name')),
    )
    const before = readFileSync(join(outside, 'secret.csv'), 'utf8')
    const file = fileOf(db.dataDir, b)
    const { name } = other!
    await db.withConnection(a, async (lease) => {
      for (const text of [
        `INSERT INTO ${name}.order_flow (timestamp) VALUES (now())`,
        `CREATE TABLE "${name.toUpperCase()}".main.mine (x INTEGER)`,
        `DETACH ${name}`,
        `USE ${name}`,
        `ATTACH '${file}' AS again`,
        `ATTACH ':memory:' AS other`,
        `SELECT * FROM read_blob('${file}')`,
        `CREATE TABLE mine AS SELECT * FROM read_csv('${outside}/secret.csv')`,
        `CREATE TABLE mine AS FROM '${outside}/secret.csv'`,
        `COPY ticks TO '${outside}/secret.csv'`,
        `EXPORT DATABASE '${outside}'`,
        'CHECKPOINT',
        `SELECT * FROM force_checkpoint('${name}')`,
        'SET threads = 4',
        'PRAGMA disable_checkpoint_on_shutdown',
        'CREATE TABLE mine (x INTEGER); USE memory',
      ])
        await expect(lease.execute(text)).rejects.toMatchObject({ code: 'WRITE_REFUSED' })
      // The raw connection is not guarded, but settings are locked for all.
      await expect(lease.connection.run('SET threads = 4')).rejects.toThrow(/locked/)
    })
    expect(readFileSync(join(outside, 'secret.csv'), 'utf8')).toBe(before)
    expect(await db.query(b, count)).toEqual([{ n: 2 }])
  })

  it('runs statements one after the other and gives the rows of the last', async () => {
    const [a] = await twoPairs()
    await manager().withConnection(a, async (lease) => {
      const text = `CREATE TABLE notes (n INTEGER); INSERT INTO notes VALUES (1), (2);
        SELECT n FROM notes WHERE n > $least ORDER BY n`
      expect(await lease.execute(text, { least: 1 })).toEqual([{ n: 2 }])
    })
  })
})

describe('several pairs in one query', () => {
  const spread = sql<{ a: number; b: number }>(
    'SELECT (SELECT count(*) FROM one.ticks) AS a, (SELECT sum(trade_count) FROM two.candles_1m) AS b',
  )

  it('each is a schema of its name, with all that it holds', async () => {
    const [db, [a, b]] = [manager(), await twoPairs()]
    expect(await db.queryPairs({ one: a, two: b }, spread)).toEqual([{ a: 1, b: 2 }])
    const both = sql('SELECT (SELECT count(*) FROM ticks) AS a, count(*) AS b FROM two.ticks')
    expect(await db.queryPairs({ two: b }, both, { unqualified: a })).toEqual([{ a: 1, b: 2 }])
    // Whatever was made for it is gone, and both go on.
    const names = sql('SELECT DISTINCT database_name FROM duckdb_databases()')
    expect(JSON.stringify(await db.query(a, names))).not.toMatch(/across/)
    expect(await db.query(b, count)).toEqual([{ n: 2 }])
  })

  it('refuses what is no name, no stored pair, and no SELECT', async () => {
    const [db, [a, b]] = [manager(), await twoPairs()]
    for (const name of ['main', '1a', 'a b', 'Temp', 'a"b'])
      await expect(db.queryPairs({ [name]: a }, count)).rejects.toThrow(TypeError)
    await expect(db.queryPairs({}, count)).rejects.toThrow(/no pair/)
    await expect(db.queryPairs({ one: a, ONE: b }, count)).rejects.toThrow(/two pairs/)
    await expect(db.queryPairs({ one: 'x/spot/NONE' }, count)).rejects.toMatchObject({
      code: 'PAIR_NOT_FOUND',
    })
    for (const text of ['DELETE FROM two.order_flow', 'SELECT * FROM three.ticks'])
      await expect(db.queryPairs({ one: a, two: b }, sql(text))).rejects.toMatchObject({
        code: 'WRITE_REFUSED',
      })
  })
})

it('`now` is the manager’s clock, when the query runs', async () => {
  let now = Date.UTC(2020, 0, 1)
  const db = await openManager({ clock: () => now, retention: 'forever' })
  const pair = 'x/spot/PAST'
  const minutes = [0, 1, 2, 3].map((minute) => ({ minute, price: [10, 11, 20, 21][minute]! }))
  now += 3.5 * 60_000
  await db.insertTicks(
    pair,
    minutes.map(({ minute, price }) => ({
      timestamp: Date.UTC(2020, 0, 1) + minute * 60_000,
      price,
      volume: 1,
      side: 'BUY' as const,
    })),
  )
  const flow = calculateCvdQuery({ lookbackMinutes: 1 })
  expect(await db.query(pair, flow)).toMatchObject([{ cvd: 1 }])
  const gaps = detectFvgQuery({ timeframe: '1m' })
  expect(await db.query(pair, gaps)).toMatchObject([{ priceLow: 10, priceHigh: 20 }])
  now += 60_000
  expect(await db.query(pair, gaps)).toHaveLength(2)
  expect(await db.query(pair, flow)).toMatchObject([{ cvd: 0 }])
  const stream = await db.streamColumns(pair, gaps)
  for await (const batch of stream) expect(batch.rows).toBe(2)
  expect(await db.query(pair, getRecentTicksQuery())).toHaveLength(4)
})

it('a sum beyond the largest number is told, and no null', async () => {
  const [db, pair] = [manager(), 'x/spot/HUGE']
  const huge = someTicks(3, { from: Math.floor(Date.now() / 60_000) * 60_000 - 60_000 })
  await db.insertTicks(
    pair,
    huge.map((tick) => ({ ...tick, volume: 1e308 })),
  )
  const refusal = { code: 'QUERY_FAILED', message: expect.stringMatching(/1\.8e308/) }
  const queries: Query<unknown>[] = [getCandlesQuery({ timeframe: '1m' }), calculateCvdQuery()]
  for (const asked of queries) {
    await expect(db.query(pair, asked)).rejects.toMatchObject(refusal)
    await expect(db.queryColumns(pair, asked)).rejects.toMatchObject(refusal)
  }
  // Of one's own it is what it is.
  expect(await db.query(pair, sql('SELECT sum(volume) AS v FROM ticks'))).toEqual([{ v: Infinity }])
})
