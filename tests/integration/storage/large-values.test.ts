import { describe, expect, it } from 'vitest'
import { shareManager, someTicks, sql } from '../../support/store.ts'

const db = shareManager()
const pair = 'x/spot/LARGE'

/** Each made a value of gigabytes in one step, past the engine's bound of memory. */
const huge = [
  `repeat('x', 2000000000)`,
  `repeat('x', 2000000000 + count(*))`,
  `repeat([1], 2000000000)`,
  `lpad('x', 2000000000, 'y')`,
  `rpad('x', 2000000000, 'y')`,
  `list_resize([1], 2000000000)`,
  `array_resize([1], 2000000000, 3)`,
  `bitstring('1', 2000000000)`,
  `range(2000000000)`,
  `range(0, 4000000000, 2)`,
  `generate_series(TIMESTAMP '2000-01-01', TIMESTAMP '2099-01-01', INTERVAL 1 SECOND)`,
  `replace(repeat('x', 10000), 'x', repeat('y', 10000))`,
  `regexp_replace(repeat('x', 10000), '.', repeat('y', 10000), 'g')`,
  `printf('%2000000000d', 1)`,
  `printf('%*d', 2000000000, 1)`,
  `format('{:2000000000d}', 1)`,
  `format('{:{}d}', 1, 2000000000)`,
  `format(string_agg(side), 1)`,
  `system.main.repeat('x', 2000000000)`,
  `main.repeat('x', 2000000000)`,
  `list_transform(range(100000), lambda x: range(100000))`,
  `list_reduce(range(40), lambda a, b: concat(a, a))`,
  // These took hours, which no interrupt ended.
  `levenshtein(repeat('ab', 2000), repeat('ba', 2000) || trade_id)`,
  `editdist3(repeat('ab', 2000), trade_id || repeat('ba', 2000))`,
  `damerau_levenshtein(repeat('ab', 2000), repeat('ba', 2000) || trade_id)`,
  `jaro_similarity(repeat('ab', 2000), repeat('ba', 2000))`,
  `jaro_winkler_similarity(repeat('ab', 2000), repeat('ba', 2000), 0.5)`,
]

/** Doubling, thirty times over. */
const doubled = Array.from(
  { length: 30 },
  (_, at) => `s${at + 1} AS (SELECT x || x AS x FROM s${at})`,
)

const statements = [
  ...huge.map((value) => `SELECT length(CAST(${value} AS VARCHAR)) FROM ticks`),
  `WITH s0 AS (SELECT 'x' AS x), ${doubled.join(', ')} SELECT length(x) FROM s30`,
  `WITH RECURSIVE s AS (SELECT 'x' AS x UNION ALL SELECT x || x FROM s WHERE length(x) < 2e9) SELECT max(length(x)) FROM s`,
]

const honest: [string, unknown][] = [
  [`SELECT repeat('█', trade_count::INTEGER) AS v FROM (SELECT 3 AS trade_count)`, '███'],
  [`SELECT lpad(7::VARCHAR, 3, '0') || '-' || rpad('a', 3, '.') AS v`, '007-a..'],
  [`SELECT sum(n) AS v FROM (SELECT unnest(range(10)) AS n)`, 45],
  [`SELECT count(*) AS v FROM range(3000000)`, 3_000_000],
  [`SELECT len(generate_series(DATE '2024-01-01', DATE '2024-01-31', INTERVAL 1 DAY)) AS v`, 31],
  [
    `SELECT replace(string_agg(price::VARCHAR, ','), ',', ';') AS v FROM (SELECT price FROM ticks ORDER BY timestamp LIMIT 3)`,
    '100.0;101.0;102.0',
  ],
  [`SELECT printf('%.2f %s', 1.5, 'x') || format('{:>5}', 'y') AS v`, '1.50 x    y'],
  [`SELECT list_sum([x * 2 FOR x IN [1, 2, 3]]) AS v`, 12],
  [`SELECT levenshtein(side::VARCHAR, 'BUX') AS v FROM ticks ORDER BY timestamp LIMIT 1`, 1],
  [`SELECT jaro_similarity('abc', 'abc') + jaro_winkler_similarity('abc', 'abc', 0.5) AS v`, 2],
  [`SELECT length(string_agg(side)) AS v FROM ticks, range(20000)`, 1_799_999],
  [
    `SELECT concat(price, '/', volume, '/', side, '/', trade_id) AS v FROM ticks ORDER BY timestamp LIMIT 1`,
    '100.0/1.0/BUY/1',
  ],
]

describe('a SELECT', () => {
  it.each(statements)('makes no huge value: %s', async (text) => {
    await db().insertTicks(pair, someTicks(20, { from: Date.UTC(2026, 0, 5) }))
    const before = process.memoryUsage().rss
    await expect(db().query(pair, sql(text))).rejects.toMatchObject({
      code: expect.stringMatching(/^(WRITE_REFUSED|QUERY_FAILED)$/) as string,
      message: expect.not.stringMatching(/Binder Error|Parser Error/) as string,
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
  })

  it.each(honest)('may make small ones: %s', async (text, value) => {
    await db().insertTicks(pair, someTicks(20, { from: Date.UTC(2026, 0, 5) }))
    const [row] = await db().query(pair, sql<{ v: unknown }>(text))
    expect(row!.v).toEqual(value)
  })
})
