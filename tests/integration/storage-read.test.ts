import { describe, expect, it } from 'vitest'
import type { DatabaseManager } from '../../src/index.ts'
import { query } from '../../src/queries/query.ts'
import { openManager } from '../support/store.ts'

const pair = 'read/spot/X'

/** A store that has the pair. */
async function storeOfPair(): Promise<DatabaseManager> {
  const store = await openManager()
  await store.insertTicks(pair, [])
  return store
}

/** SQL, and what it is in JavaScript. */
const values: readonly (readonly [sql: string, value: unknown])[] = [
  ['1.5::DOUBLE', 1.5],
  ['1.5::FLOAT', 1.5],
  ['(-7)::TINYINT', -7],
  ['200::UTINYINT', 200],
  ['(-300)::SMALLINT', -300],
  ['60000::USMALLINT', 60_000],
  ['(-70000)::INTEGER', -70_000],
  ['4000000000::UINTEGER', 4_000_000_000],
  ['(-9007199254740991)::BIGINT', -9_007_199_254_740_991],
  ['9007199254740991::UBIGINT', 9_007_199_254_740_991],
  ['12::HUGEINT', 12],
  ['12.25::DECIMAL(18, 8)', 12.25],
  ['true', true],
  [`'short'`, 'short'],
  [`'twelve bytes'`, 'twelve bytes'],
  [`'thirteen byte'`, 'thirteen byte'],
  [`'über 漢字 😀'`, 'über 漢字 😀'],
  [`'é'`, 'é'],
  [`''`, ''],
  [`'SELL'::ENUM('BUY', 'SELL')`, 'SELL'],
  [`TIMESTAMP '2024-08-08 12:00:00.123456'`, Date.UTC(2024, 7, 8, 12) + 123.456],
  [`TIMESTAMP '1969-12-31 23:59:59.999999'`, -0.001],
  [`TIMESTAMPTZ '2024-08-08 14:00:00+02:00'`, Date.UTC(2024, 7, 8, 12)],
  [`TIMESTAMP_MS '2024-08-08 12:00:00.123'`, Date.UTC(2024, 7, 8, 12) + 123],
  [`TIMESTAMP_S '2024-08-08 12:00:00'`, Date.UTC(2024, 7, 8, 12)],
  [`TIMESTAMP_NS '2024-08-08 12:00:00.123456'`, Date.UTC(2024, 7, 8, 12) + 123.456],
  [`'infinity'::TIMESTAMP`, Infinity],
  [`'-infinity'::TIMESTAMP`, -Infinity],
  [`DATE '2024-08-08'`, '2024-08-08'],
  [`TIME '12:00:01'`, '12:00:01'],
  [`[1, NULL, 3]`, [1, null, 3]],
  [`[TIMESTAMP '2024-08-08 12:00:00']`, [Date.UTC(2024, 7, 8, 12)]],
  [`{ a: 1::BIGINT, b: { c: ['x'] } }`, { a: 1, b: { c: ['x'] } }],
  [`MAP { 'k': 1.5 }`, { k: 1.5 }],
  [`[array_value(1, 2)]`, [[1, 2]]],
  [`NULL`, null],
]

describe('query', () => {
  it.each(values)('gives %s, NULLs between, over several chunks', async (sql, value) => {
    const store = await storeOfPair()
    const rows = await store.query(
      pair,
      query<{ value: unknown; i: number }>(
        'values',
        `SELECT CASE WHEN i % 3 = 1 THEN NULL ELSE ${sql} END AS value, i
         FROM range(5000) r(i) ORDER BY i`,
      ),
    )
    expect(rows).toHaveLength(5000)
    expect(rows.every(({ i }, index) => i === index)).toBe(true)
    const distinct = new Set(rows.map((row) => JSON.stringify([row.i % 3 === 1, row.value])))
    expect(distinct.size).toBe(2)
    expect([rows[0]!.value, rows[1]!.value, rows[4998]!.value]).toEqual([value, null, value])
  })

  it('gives columns: numbers and times as Float64Array, NULL as NaN', async () => {
    const store = await storeOfPair()
    const columns = await store.queryColumns(
      pair,
      query<{ d: number; t: number; s: string; e: string }>(
        'columns',
        `SELECT if(i = 1, NULL, i / 2) AS d, make_timestamp(i) AS t, if(i = 2, NULL, 's' || i) AS s,
                'BUY'::ENUM('BUY', 'SELL') AS e FROM range(3000) r(i)`,
      ),
    )
    expect(columns.d).toBeInstanceOf(Float64Array)
    expect([columns.d.length, columns.t.length, columns.s.length]).toEqual([3000, 3000, 3000])
    expect(Array.from(columns.d).slice(0, 3)).toEqual([0, NaN, 1])
    expect([columns.t[2999], columns.s[2999], columns.s[2], columns.e[0]]).toEqual([
      2.999,
      's2999',
      null,
      'BUY',
    ])
  })

  it.each([
    ['DECIMAL(9, 2)', '1.25', 1.25],
    ['HUGEINT', '7', 7],
    ['UBIGINT', '7', 7],
    ['TIMESTAMPTZ', '1970-01-01 00:00:01.5+00', 1500],
    ['TIMESTAMP_MS', '1970-01-01 00:00:01.5', 1500],
  ])('gives a column of %s as Float64Array too', async (type, text, value) => {
    const store = await storeOfPair()
    const columns = await store.queryColumns(
      pair,
      query<{ x: number | null; s: 'a' }>(
        'columns',
        `SELECT if(i = 1, NULL, '${text}'::${type}) AS x, 'a' AS s FROM range(3) r(i)`,
      ),
    )
    const numbers: Float64Array = columns.x
    const texts: readonly 'a'[] = columns.s
    expect([numbers, texts]).toEqual([Float64Array.of(value, NaN, value), ['a', 'a', 'a']])
  })

  it('gives no rows, two columns of one name, and fields named as objects have them', async () => {
    const store = await storeOfPair()
    const none = query<object>('none', `SELECT 1 AS a, 'x' AS b WHERE false`)
    expect(await store.query(pair, none)).toEqual([])
    expect(await store.queryColumns(pair, none)).toEqual({ a: new Float64Array(0), b: [] })
    const odd = query<Record<string, unknown>>(
      'odd',
      `SELECT 1 AS "a b", 2 AS "quo""te", 3 AS "constructor", 4 AS "__proto__", 5 AS "line\nend"`,
    )
    const [row] = await store.query(pair, odd)
    expect(Object.entries(row!)).toEqual([
      ['a b', 1],
      ['quo"te', 2],
      ['constructor', 3],
      ['__proto__', 4],
      ['line\nend', 5],
    ])
  })

  it.each<[unknown, string]>([
    [{ b: 1 }, 'the statement has no parameter `b`; it has: a'],
    [{ a: 1, b: 2 }, 'the statement has no parameter `b`; it has: a'],
    [[1], 'the statement has no parameter `0`; it has: a'],
    [{ a: undefined }, 'parameter `a`: expected a number, a bigint, a string'],
    [{ a: new Date() }, 'got `[object Date]` (object)'],
    [{ a: Symbol('z') }, 'got `Symbol(z)` (symbol)'],
    [{ a: 2n ** 70n }, 'parameter `a`: expected a bigint of at most 64 bits'],
  ])('names the parameter that does not fit: %o', async (params, reason) => {
    const store = await storeOfPair()
    const asked = query('asked', 'SELECT $a AS v', params as never)
    await expect(store.query(pair, asked)).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringContaining(reason),
    })
  })

  it('binds a number as DOUBLE, a bigint as BIGINT, and the others as they are', async () => {
    const store = await storeOfPair()
    const types = query<Record<string, string>>(
      'types',
      'SELECT typeof($a) AS a, typeof($b) AS b, typeof($c) AS c, typeof($d) AS d, $e IS NULL AS e',
      { a: 1, b: 1n, c: 'x', d: true, e: null },
    )
    expect(await store.query(pair, types)).toEqual([
      { a: 'DOUBLE', b: 'BIGINT', c: 'VARCHAR', d: 'BOOLEAN', e: true },
    ])
  })
})

describe('a signal', () => {
  const long = query<object>('long', 'SELECT count(*) FROM range(10000000000) a, range(1000) b')

  it('interrupts the query, however far it is; the connection works afterwards', async () => {
    const store = await storeOfPair()
    await using lease = await store.acquire(pair)
    for (let turns = 0; turns < 12; turns++) {
      const abort = new AbortController()
      const running = lease.query(long, { signal: abort.signal })
      const failure = running.then(
        () => undefined,
        (error: unknown) => error,
      )
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
      abort.abort(new Error('enough'))
      expect(await failure).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
      expect(await lease.query(query('one', 'SELECT 1 AS one'))).toEqual([{ one: 1 }])
    }
  })

  it('that is given already keeps the query from beginning', async () => {
    const store = await storeOfPair()
    await expect(store.query(pair, long, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    expect(await store.query(pair, query('one', 'SELECT 1 AS one'))).toEqual([{ one: 1 }])
  })
})

it('a query asked again sees rows beyond all that it saw at first', async () => {
  const store = await storeOfPair()
  const ids = query<{ id: string; second: number }>(
    'ids',
    `SELECT trade_id AS id, epoch(timestamp)::BIGINT AS second FROM ticks ORDER BY trade_id, 2`,
  )
  const tick = { price: 1, volume: 1, side: 'BUY' } as const
  await store.insertTicks(pair, [{ ...tick, timestamp: Date.UTC(2024, 7, 8), tradeId: '1' }])
  expect(await store.query(pair, ids)).toHaveLength(1)
  // Longer, earlier and later than anything that the engine knew when it planned the query.
  const far = [
    { ...tick, timestamp: Date.UTC(2001, 0, 1), tradeId: '2'.repeat(100) },
    { ...tick, timestamp: Date.UTC(2024, 7, 9), tradeId: '3'.repeat(40) },
  ]
  await store.insertTicks(pair, far)
  expect(await store.query(pair, ids)).toEqual([
    { id: '1', second: Date.UTC(2024, 7, 8) / 1000 },
    ...far.map(({ tradeId, timestamp }) => ({ id: tradeId, second: timestamp / 1000 })),
  ])
})
