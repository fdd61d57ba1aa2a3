import { tableFromIPC } from 'apache-arrow'
import { expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { query } from '../../../src/queries/index.ts'
import { served } from '../../support/http.ts'
import { openManager, someTicks, sql } from '../../support/store.ts'

const pair = 'x/spot/A'
/** Each collects within something else, which is bounded by another text than the user's. */
const texts = [
  'SELECT len(list(price)) FROM ticks',
  `SELECT list(price)[1], LIST(price)[1], list(COLUMNS('price')) FROM ticks; -- as given`,
  `SELECT side, list(price ORDER BY timestamp) [1] + 1 FROM ticks GROUP BY side ORDER BY len(list(price)) DESC, side LIMIT 1 /* x */`,
  `SELECT * FROM (SELECT len(string_agg(trade_id, ',')), trade_id FROM ticks GROUP BY ALL ORDER BY ALL LIMIT 2)`,
  `SELECT len(price), * FROM (SELECT list(COLUMNS('price|side')) FROM ticks)`,
  'WITH a AS (SELECT max(price, 2) AS l FROM ticks) SELECT list_sum(l), l[1] AS "a ""b""", l[1], l[1] FROM a',
  `SELECT len(list(price)) AS n, list(price)[1] AS "N", list(trade_id)[1] || $tail FROM ticks`,
]

it('columns have the names of what was asked, over HTTP as in the process', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(20))
  const over = await connect(await served(db))
  onTestFinished(() => over.close())
  for (const text of texts) {
    const asked = query<object>('own', text, text.includes('$tail') ? { tail: '!' } : {})
    const own = await db.query(pair, asked)
    const answered = await over.query(pair, asked)
    expect([text, answered]).toEqual([text, own])
    expect(Object.keys(answered[0]!)).toEqual(Object.keys(own[0]!))
    const history = await over.query(pair, asked, { history: true })
    expect(history).toEqual(await db.query(pair, asked, { history: true }))
  }
  const other = sql(
    'SELECT len(list(btc.price)), b.price FROM btc.ticks AS btc, btc.ticks AS b GROUP BY ALL ORDER BY ALL LIMIT 1',
  )
  expect(await over.queryPairs({ btc: pair }, other)).toEqual(
    await db.queryPairs({ btc: pair }, other),
  )
})

it.each([
  [
    ['a', 'a:1', 'a'],
    ['a', 'a:1', 'a:2'],
  ],
  [
    ['a', 'a', 'a:1', 'a', 'a:1', 'A'],
    ['a', 'a:2', 'a:1', 'a:3', 'a:1:1', 'A'],
  ],
  [
    ['a', 'b', 'a', 'b', 'a'],
    ['a', 'b', 'a:1', 'b:1', 'a:2'],
  ],
])('columns named %j are all there', async (given, names) => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(1))
  const url = await served(db)
  const text = `SELECT ${given.map((name, at) => `${at} AS "${name}"`).join(', ')}`
  const row = Object.fromEntries(names.map((name, at) => [name, at]))
  expect(await db.query(pair, sql(text))).toEqual([row])
  expect(Object.keys(await db.queryColumns(pair, sql(text)))).toEqual(names)
  const asked = async (format: string): Promise<Response> =>
    fetch(`${url}/api/v1/pairs/${pair}/sql?format=${format}`, { method: 'POST', body: text })
  expect(await (await asked('json')).json()).toEqual([row])
  const values = names.map((_, at) => at).join(',')
  expect(await (await asked('csv')).text()).toBe(`${names.join(',')}\r\n${values}\r\n`)
  const arrow = tableFromIPC(await (await asked('arrow')).arrayBuffer())
  expect(arrow.schema.fields.map(({ name }) => name)).toEqual(names)
})
