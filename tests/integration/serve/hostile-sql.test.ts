import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { candlesFromTicksQuery } from '../../../src/queries/index.ts'
import { CommandLine } from '../../support/command-line.ts'
import { everyAnalytic } from '../../support/every-analytic.ts'
import { served } from '../../support/http.ts'
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
const brackets = (count: number): string => '[a-z]'.repeat(count)

/** Of each of these one step took minutes, or hours. */
const refused = [
  `SELECT price + price AS a0, ${doubled(25)} FROM ticks LIMIT 1`,
  `SELECT n FROM (SELECT 1 AS n, price AS a0, ${doubled(12)} FROM ticks)`,
  `SELECT price AS a0, ${doubled(11)} FROM ticks WHERE ${Array.from({ length: 9 }, () => 'a11 > 0').join(' AND ')}`,
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
  `SELECT ${Array.from({ length: 70 }, (_, at) => `len(string_split(s, '${at}'))`).join(' + ')} AS n FROM ${made(900)}`,
]
/** Texts that are too long for these are heard of when they are there. */
const failing = [
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
    for (const text of failing)
      expect([text, await ask(url, text)]).toEqual([text, { status: 400, code: 'QUERY_FAILED' }])
    for (const [text, n] of honest)
      expect([text, await ask(url, text)]).toEqual([text, { status: 200, n }])
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

/** Legal, and a step of a minute and more: the list is gone through for each of 2,000 rows. */
const stuck = `SELECT sum(list_position(l, -1 - j)) AS n FROM (SELECT list(i) AS l FROM range(10000000) t(i)), range(2000) q(j)`

describe('`pairduck serve` of which the engine does not let a statement go', () => {
  let commandLine: CommandLine
  beforeAll(async () => void (commandLine = await CommandLine.build()))

  it('answers everybody in time, and ends when it is told to', async () => {
    const dataDir = temporaryFolder()
    const before = await openManager({ dataDir })
    await before.insertTicks(pair, someTicks(3))
    await before.close()
    const args = ['serve', '--port', '0', '--json', '--data-dir', dataDir]
    const child = commandLine.start([...args, '--answer-timeout', '6s'])
    onTestFinished(() => void child.kill('SIGKILL'))
    const url = await addressOf(child)
    const asked = ask(url, stuck)
    const late = { status: 504, code: 'DEADLINE_EXCEEDED' }
    expect(await asked).toEqual(late)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect(await ask(url, 'SELECT count(*) AS n FROM ticks')).toEqual({ status: 200, n: 3 })
    let told = ''
    child.stderr.on('data', (text) => (told += text))
    const toldAt = performance.now()
    child.kill('SIGTERM')
    const [exitCode, signal] = await once(child, 'close')
    expect([exitCode, signal]).toEqual([null, 'SIGTERM'])
    expect(performance.now() - toldAt).toBeLessThan(15_000)
    expect(told).toMatch(/^pairduck: DEADLINE_EXCEEDED: x\/spot\/A: .* does not interrupt.*\n$/)
    const after = await openManager({ dataDir })
    expect(await after.query(pair, sql('SELECT count(*) AS n FROM ticks'))).toEqual([{ n: 3 }])
  })
})

async function addressOf(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return (JSON.parse(String(line)) as { url: string }).url
}
