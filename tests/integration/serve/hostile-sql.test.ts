import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { candlesFromTicksQuery } from '../../../src/queries/index.ts'
import { CommandLine } from '../../support/command-line.ts'
import { everyAnalytic } from '../../support/every-analytic.ts'
import { served } from '../../support/http.ts'
import { oneIn } from '../../support/one-in.ts'
import { openManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'

const pair = 'x/spot/A'
const sqlPath = `/api/v1/pairs/${pair}/sql`

/** Long texts that nobody stored, each another one. */
const made = (length: number): string =>
  `(SELECT repeat('ab', ${length / 2}) || i AS s FROM range(300000) t(i))`
const counted = (condition: string, length = 900): string =>
  `SELECT count(*) AS n FROM ${made(length)} WHERE ${condition}`
/** Aliases of aliases, each twice the one before. */
const doubled = (times: number): string =>
  Array.from({ length: times }, (_, at) => `a${at} + A${at} AS a${at + 1}`).join(', ')
/** All columns, again and again. */
const stars = (count: number): string => Array.from({ length: count }, () => '*').join(', ')
const brackets = (count: number): string => '[a-z]'.repeat(count)

/** One in another again and again, each around the one before. */
const within = (times: number, around: (inner: string) => string, innermost: string): string =>
  Array.from({ length: times }).reduce<string>((inner) => around(inner), innermost)
/** The same, each a subquery of the next. */
const stacked = (times: number, expression: string): string =>
  `SELECT count(a) AS n FROM (${within(times, (inner) => `SELECT ${expression} AS a FROM (${inner})`, 'SELECT trade_id AS a FROM ticks')})`
/** What 300,000 rows are collected into, beside many rows. */
const beside = (collected: string, taken: string): string =>
  `SELECT count(${taken}) AS n FROM (SELECT ${collected} AS s FROM range(300000) t(i)), range(100000) q(j)`

/** Of each of these one step took minutes, or hours. */
const refused = [
  `SELECT price + price AS a0, ${doubled(25)} FROM ticks LIMIT 1`,
  `SELECT n FROM (SELECT 1 AS n, price AS a0, ${doubled(12)} FROM ticks)`,
  `SELECT price AS a0, ${doubled(11)} FROM ticks WHERE ${Array.from({ length: 9 }, () => 'a11 > 0').join(' AND ')}`,
  stacked(20, `{'x': a, 'y': a}`),
  stacked(20, 'row(a, a)'),
  stacked(20, 'map([1, 2], [a, a])'),
  stacked(20, '[a, a]'),
  stacked(25, 'a || a'),
  `SELECT count(${within(30, (inner) => `hex(${inner})`, 'trade_id')}) AS n FROM ticks`,
  `SELECT count(${within(30, (inner) => `to_json(${inner})`, 'trade_id')}) AS n FROM ticks`,
  `SELECT count(${within(25, (inner) => `format('{0}{0}', ${inner})`, 'trade_id')}) AS n FROM ticks`,
  `SELECT ${within(5, (inner) => `len(range(${inner}))`, '2')} AS n`,
  `WITH RECURSIVE r(s, i) AS (SELECT 'x', 1 UNION ALL SELECT s || 'y', i + 1 FROM r WHERE i < 100000) SELECT count(*) AS n FROM r`,
  `WITH RECURSIVE r(s) AS (SELECT [1] UNION ALL SELECT list(1) FROM r) SELECT count(*) AS n FROM r`,
  `SELECT l.list_reduce(lambda a, b: a || b) AS n FROM (SELECT list(i::VARCHAR) AS l FROM range(40) t(i))`,
  `SELECT list_reduce([trade_id, side], lambda a, b: a || b || a) AS n FROM ticks`,
  `SELECT list_reduce(list_reduce([[side]], lambda a, b: [a, b]), lambda a, b: a) AS n FROM ticks`,
  beside('max(i, 200000)', 'list_sort(s)'),
  `SELECT count(*) AS n FROM (SELECT ${stars(60)} FROM (SELECT ${stars(60)} FROM (SELECT ${stars(60)} FROM ticks)))`,
  `WITH ${Array.from({ length: 20 }, (_, at) => `c${at + 1} AS (SELECT * FROM ${at === 0 ? 'ticks' : `c${at}`} a, C${at} b)`.replace('C0', 'ticks')).join(', ')} SELECT count(*) AS n FROM c20`,
  `SELECT ${Array.from({ length: 900 }, () => 'COLUMNS(*)').join(', ')} FROM ticks`,
  `WITH a AS NOT MATERIALIZED (SELECT 1 AS i) SELECT count(*) AS n FROM a, a AS b`,
  `SELECT count(sha256('${'z'.repeat(2000)}' || j)) AS n FROM range(1000000) q(j)`,
  `SELECT count(list_distinct([${Array.from({ length: 2000 }, (_, at) => at).join(', ')}] || j::INTEGER)) AS n FROM range(1000000) q(j)`,
  `SELECT count(list(i) OVER ()) AS n FROM range(300000) t(i)`,
  `SELECT count(string_agg(i::VARCHAR, ',') OVER (ORDER BY i)) AS n FROM range(300000) t(i)`,
  `SELECT count(list(i) OVER (ROWS 1000 PRECEDING)) AS n FROM range(300000) t(i)`,
  `SELECT count(entropy(i) OVER (ORDER BY i)) AS n FROM range(300000) t(i)`,
  `SELECT count(sum(i ORDER BY -i) OVER (ORDER BY i)) AS n FROM range(300000) t(i)`,
  counted(`s GLOB '*${brackets(400)}!'`),
  counted(`s GLOB '${'?'.repeat(600)}' OR s GLOB '*${'?'.repeat(600)}!'`),
  counted(`s LIKE '%${'_'.repeat(2000)}!'`),
  counted(`regexp_matches(s, '(.{1,300}){1,3}!')`),
  counted(`regexp_matches(s, '(\\w{1,100}){1,9}!')`),
  counted(`regexp_extract(s, '((a|b|ab){1,50}){2}!') = 'x'`),
  counted(`len(regexp_extract_all(s, '\\pL{1,200}!')) > 0`),
  counted(`s SIMILAR TO '(.{1,40}){1,40}!'`),
  counted(`len(string_split_regex(s, '([ab]{1,99}){1,9}!')) > 2`),
  counted(`regexp_matches(s, s || '!')`),
  counted(`len(list_sort(range(100000 + i))) > 0`),
  `SELECT list_sum(list_transform(l, lambda x: list_sum(list_transform(l, lambda y: x * y)))) AS n FROM (SELECT list(i) AS l FROM range(300000) t(i))`,
  `SELECT list_transform(l, lambda x: list_contains(l, -x)) AS n FROM (SELECT list(i) AS l FROM range(300000) t(i))`,
  `SELECT [len(l[x:]) FOR x IN l] AS n FROM (SELECT list(i) AS l FROM range(300000) t(i))`,
  `SELECT [l::VARCHAR || x FOR x IN l] AS n FROM (SELECT list(i) AS l FROM range(300000) t(i))`,
  `SELECT COLUMNS(* REPLACE (side || rpad(price::VARCHAR, 900, 'a') GLOB '*a*a*a*a*a*a*b' AS price)) FROM ticks`,
  `SELECT count(array_to_string(l, repeat('x', 900))) AS n FROM (SELECT list(i) AS l FROM range(9000) t(i)), range(2000)`,
  `SELECT list_aggr([i], 'bitstring_agg', 0, 100000000) AS n FROM range(200) t(i)`,
  `SELECT count(equi_width_bins(0, 1e9 + i, 900000, false)) AS n FROM range(2000) t(i)`,
  `SELECT count(*) AS n FROM ticks GROUP BY GROUPING SETS (${Array.from({ length: 100 }, () => '(price, side)').join(', ')})`,
  `SELECT count(*) AS n FROM (${Array.from({ length: 300 }, () => 'FROM candles_1m').join(' UNION ALL ')})`,
  `SELECT ${Array.from({ length: 200 }, (_, at) => `(SELECT ${at} + count(*) FROM range(2))`).join(' + ')} AS n`,
  `SELECT count(*) AS n FROM (${Array.from({ length: 40 }, () => 'FROM candles_1m').join(' UNION ALL ')})`,
  `SELECT ${within(40, (inner) => `(SELECT max(price) FROM range(2) r(x) WHERE x > ${inner})`, '1')} AS n`,
  `SELECT mode(i) OVER (ORDER BY i ROWS BETWEEN (i % 2) * 100000 PRECEDING AND CURRENT ROW) AS n FROM range(300000) t(i)`,
  `SELECT ${Array.from({ length: 70 }, (_, at) => `count(reverse(s || ${at}))`).join(' + ')} AS n FROM ${made(900)}`,
  `SELECT ${Array.from({ length: 70 }, (_, at) => `sum(levenshtein(s, '${at}'))`).join(' + ')} AS n FROM ${made(90)}`,
  `SELECT ${Array.from({ length: 70 }, (_, at) => `len(string_split(s, '${at}'))`).join(' + ')} AS n FROM ${made(900)}`,
]
/** Texts that are too long for these are heard of when they are there. */
const failing = [
  beside(`string_agg(i::VARCHAR, ',')`, 'sha256(s || j)'),
  beside(`string_agg(i::VARCHAR, ',' ORDER BY i) FILTER (i > 1)`, 'nfc_normalize(s || j)'),
  beside(`group_concat(i::VARCHAR)`, 'strip_accents(s || j)'),
  beside(`json_group_array(i)`, `json_merge_patch(s, json_object('a', j))`),
  beside('list(i)', 'list_contains(s, -j)'),
  beside('array_agg(i)', 'list_distinct(s || [j])'),
  beside('histogram(i)', 'map_keys(s)'),
  beside('list/* of all */(i)', 'sha256(s::VARCHAR || j)'),
  beside('list -- of all\n(i)', 'sha256(s::VARCHAR || j)'),
  beside('"list"(i)', 'sha256(s::VARCHAR || j)'),
  `SELECT list(i) AS n FROM range(300000) t(i) ORDER BY n`,
  `/*'*/ SELECT '\u3000', count(sha256(s::VARCHAR || j)) AS n FROM (SELECT list(i) AS s FROM range(300000) t(i)), range(100000) q(j)`,
  `/* \u3000 */ ${beside('list(i)', 'sha256(s::VARCHAR || j)')}`,
  counted(`levenshtein(s, s) > 0`, 200),
  `SELECT count(list_sort(l)) AS n FROM (SELECT ARRAY(SELECT i FROM range(300000) t(i)) AS l), range(100000) q(j)`,
  `SELECT len(list_sort(list(i))) AS n FROM range(300000) t(i)`,
  counted(`s GLOB '*a${brackets(50)}!'`, 1600),
  counted(`s || s GLOB '*a${brackets(50)}!'`),
  counted(`regexp_matches(s || s || s, '[ab]{1,40}!')`),
  counted(`s || s LIKE '%_!'`),
  counted(`s || s ILIKE '%!%'`),
  counted(`s || s LIKE '_!%' ESCAPE '#'`),
  counted(`len(string_split(s || s, '')) = 3`),
  counted(`split_part(s || s, 'b', 400) = ''`),
  counted(`s || s SIMILAR TO '(a|b)*!'`),
  counted(`regexp_replace(s || s, '[ab]{1,40}!', '') = ''`),
]
const honest: [string, number][] = [
  [`SELECT count(*) AS n FROM (SELECT price AS a0, ${doubled(8)} FROM ticks)`, 3],
  [
    `SELECT n FROM (SELECT len(list(i)) AS n, "list(i)" FROM (SELECT list(i), list(i) AS l FROM range(100) t(i)), unnest(l) AS u(i) GROUP BY ALL)`,
    100,
  ],
  [
    `WITH b AS (SELECT i % 2 AS odd, list(i ORDER BY i DESC) FILTER (i > 10) AS l FROM range(100) t(i) GROUP BY odd), c AS (FROM b CROSS JOIN range(1) r(k) LEFT JOIN (SELECT 0 AS odd) AS o ON b.odd = o.odd) SELECT sum(l[1])::INTEGER AS n FROM c`,
    197,
  ],
  [`SELECT len(a) AS n FROM (SELECT ARRAY(SELECT i FROM range(20) t(i)) AS a)`, 20],
  [
    `SELECT n[3] AS n FROM (SELECT list(i) OVER (ORDER BY i ROWS 2 PRECEDING) AS n FROM range(3) t(i)) ORDER BY n DESC LIMIT 1`,
    2,
  ],
  [`SELECT list_reduce(list(i), lambda a, b: a + b)::INTEGER AS n FROM range(10) t(i)`, 45],
  [`SELECT list_reduce([n, n + 1], lambda a, b: a + b) AS n FROM (SELECT 4 AS n)`, 9],
  [`SELECT count(*) AS n FROM (SELECT ${stars(20)} FROM (SELECT ${stars(20)} FROM ticks))`, 3],
  [
    `SELECT count(${within(30, (inner) => `replace(${inner}, 'a', 'b')`, 'trade_id')}) AS n FROM ticks`,
    3,
  ],
  [counted(`s LIKE '%ab%9' AND s || s NOT LIKE '%x%'`), 30_000],
  [`SELECT count(*) AS n FROM ticks WHERE regexp_matches(trade_id, '^[0-9]{1,20}$')`, 3],
  [
    `SELECT count(*) AS n FROM ticks WHERE trade_id ~ '\\d+' AND trade_id NOT GLOB '*[a-z]*'`.replace(
      'NOT GLOB',
      `IS NOT NULL AND NOT trade_id GLOB`,
    ),
    3,
  ],
  [`SELECT sum(x) AS n FROM (SELECT unnest([x * 2 + abs(x) FOR x IN range(4)]) AS x)`, 18],
  [`SELECT count(*) AS n FROM (SELECT unnest(range(20000)))`, 20_000],
  [`SELECT count(*) AS n FROM range(20000)`, 20_000],
  [`SELECT len(split_part(string_agg(side::VARCHAR, ','), ',', 1)) AS n FROM ticks`, 3],
]

/** What binds a text, and says what is wrong with it. */
function bound(inner: string): string {
  return `SELECT json_serialize_plan('${inner.replaceAll("'", "''")}') AS n`
}

async function ask(
  url: string,
  text: string,
): Promise<{ status: number; code?: string; n?: number }> {
  const answer = await fetch(url + sqlPath, { method: 'POST', body: text })
  const told = (await answer.json()) as { error?: { code: string } } | { n: number }[]
  if (Array.isArray(told)) return { status: answer.status, ...told[0] }
  return { status: answer.status, code: told.error!.code }
}

describe('SQL over HTTP', () => {
  it('is refused, or fails, where one step of the engine would take for ever', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(3))
    const url = await served(db)
    for (const text of refused)
      expect([text, await ask(url, text)]).toEqual([text, { status: 403, code: 'REQUEST_REFUSED' }])
    for (const text of oneIn(2, failing))
      expect([text, await ask(url, text)]).toEqual([text, { status: 400, code: 'QUERY_FAILED' }])
    for (const [text, n] of honest)
      expect([text, await ask(url, text)]).toEqual([text, { status: 200, n }])
  })

  it('looks at long rows of blanks once', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(3))
    const url = await served(db)
    const before = process.cpuUsage()
    for (const row of [' ', ';', '\n'].map((sign) => sign.repeat(300_000))) {
      expect(await ask(url, `SELECT count(*) AS n FROM ticks${row}`)).toEqual({ status: 200, n: 3 })
      expect(await ask(url, `SELECT ${row} 1`)).toMatchObject({ status: 403 })
      const name = `"a${row.slice(0, 99_000)}b"`
      expect(await ask(url, `SELECT ${name}`)).toEqual({ status: 400, code: 'QUERY_FAILED' })
    }
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1e6).toBeLessThan(4)
  })

  it('opens no file and tells of no other pair', async () => {
    const db = await openManager()
    for (const each of [pair, 'x/spot/B']) await db.insertTicks(each, someTicks(3))
    const url = await served(db)
    const folder = temporaryFolder()
    const file = join(folder, 'secret.csv')
    await writeFile(file, 'the secret\n1\n')
    for (const text of [
      bound(`SELECT nope FROM read_csv('${file}', header = true)`),
      bound(`SELECT nope FROM '${file}'`),
      `SELECT (${bound(`FROM glob('${folder}/*')`)}) AS n`,
      `SELECT list_transform([1], lambda x: system.main.json_serialize_plan('FROM ''${file}''')) AS n`,
      `SELECT json_execute_serialized_sql(json_serialize_sql('FROM ''${file}''')) AS n`,
      `FROM json_execute_serialized_sql(json_serialize_sql('FROM ''${file}'''))`,
      'SHOW DATABASES',
      'SHOW TABLES',
      'FROM (SHOW ALL TABLES)',
      'FROM (SHOW TABLES FROM main)',
      'FROM information_schema.schemata',
      `SELECT current_setting('access_mode') AS n`,
      `SELECT pg_get_viewdef(1) AS n`,
      `SELECT setseed(0.5) AS n`,
    ])
      expect([text, await ask(url, text)]).toEqual([text, { status: 403, code: 'REQUEST_REFUSED' }])
    expect(await ask(url, 'SELECT count(*) AS n FROM (DESCRIBE ticks)')).toEqual({
      status: 200,
      n: 5,
    })
    await expect(db.query(pair, sql(bound(`FROM '${file}'`)))).rejects.toMatchObject({
      code: 'WRITE_REFUSED',
    })
  })

  it('says of a PIVOT without IN what to write', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(3))
    const url = (await served(db)) + sqlPath
    const body = 'PIVOT ticks ON side USING sum(volume)'
    expect(await (await fetch(url, { method: 'POST', body })).text()).toMatch(/ON side IN \('BUY'/)
    const written = `PIVOT ticks ON side IN ('BUY', 'SELL') USING count(*)`
    expect((await fetch(url, { method: 'POST', body: written })).status).toBe(200)
  })

  it('is bounded for strangers alone', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(3))
    const own = sql<{ n: number }>(
      `SELECT count(*) AS n FROM ticks WHERE repeat('ab', 4000) LIKE '%_b' AND regexp_matches(repeat('ab', 4000), '(ab){200}')`,
    )
    expect(await db.query(pair, own)).toEqual([{ n: 3 }])
    const beside = await connect({ dataDir: db.dataDir })
    onTestFinished(() => beside.close())
    expect(await beside.query(pair, own)).toEqual([{ n: 3 }])
    const over = await connect(await served(db))
    onTestFinished(() => over.close())
    await expect(over.query(pair, own)).rejects.toMatchObject({ code: 'REQUEST_REFUSED' })
    expect(await db.query(pair, own)).toEqual([{ n: 3 }])
  })

  it('is bounded in the process that holds the pair, too', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(3))
    const commandLine = await CommandLine.build()
    const child = commandLine.start(['serve', '--port', '0', '--json', '--data-dir', db.dataDir])
    onTestFinished(() => void child.kill('SIGKILL'))
    const url = await addressOf(child)
    expect(await ask(url, 'SELECT count(*) AS n FROM ticks')).toEqual({ status: 200, n: 3 })
    for (const text of failing.slice(0, 3))
      expect([text, await ask(url, text)]).toEqual([text, { status: 400, code: 'QUERY_FAILED' }])
  })

  it('takes the text of every builder', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(300))
    const store = await connect(await served(db, { maxParallelPerClient: 100 }))
    onTestFinished(() => store.close())
    const filled = candlesFromTicksQuery({ timeframe: '1m', fill: 'previous' })
    const built = [...everyAnalytic({ timeframe: '1m', binSize: 1 }), filled]
    const asked = await Promise.allSettled(built.map((query) => store.query(pair, query)))
    expect(asked.filter(({ status }) => status === 'rejected')).toEqual([])
  })
})

/** About the heaviest step that is taken: 2,048 rows, each with sixty distances of texts of fifty characters. */
const heavy = `SELECT ${Array.from({ length: 60 }, (_, at) => `sum(levenshtein(substr(s, ${at % 9}), substr(t, ${at % 7})))`).join(' + ')} AS n
  FROM (SELECT repeat('ab', 24) || i % 100 AS s, repeat('ba', 22) || i AS t FROM range(1000000) r(i))`

describe('`pairduck serve` beside the heaviest statements', () => {
  let commandLine: CommandLine
  beforeAll(async () => void (commandLine = await CommandLine.build()))

  it('answers everybody in time, and ends when it is told to', async () => {
    const dataDir = temporaryFolder()
    const before = await openManager({ dataDir })
    await before.insertTicks(pair, someTicks(3))
    await before.close()
    const args = ['serve', '--port', '0', '--json', '--data-dir', dataDir]
    const child = commandLine.start([...args, '--answer-timeout', '3s'])
    onTestFinished(() => void child.kill('SIGKILL'))
    const url = await addressOf(child)
    const late = { status: 504, code: 'DEADLINE_EXCEEDED' }
    // All threads of readers are busy.
    expect(await Promise.all([1, 2, 3].map(() => ask(url, heavy)))).toEqual([late, late, late])
    expect((await fetch(`${url}/health`)).status).toBe(200)
    // Each of the three lets go of its thread when it has heard that its time is over.
    await expect
      .poll(() => ask(url, 'SELECT count(*) AS n FROM ticks'))
      .toEqual({ status: 200, n: 3 })
    const toldAt = performance.now()
    child.kill('SIGTERM')
    await once(child, 'close')
    expect(performance.now() - toldAt).toBeLessThan(15_000)
    const after = await openManager({ dataDir })
    expect(await after.query(pair, sql('SELECT count(*) AS n FROM ticks'))).toEqual([{ n: 3 }])
  })
})

async function addressOf(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return (JSON.parse(String(line)) as { url: string }).url
}
