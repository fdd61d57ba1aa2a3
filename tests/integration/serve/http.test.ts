import { tableFromIPC } from 'apache-arrow'
import { describe, expect, it, onTestFinished } from 'vitest'
import { calculateMarketProfileQuery, getCandlesQuery } from '../../../src/index.ts'
import { analytics } from '../../../src/serve/analytics/analytics.ts'
import { resolveServeOptions } from '../../../src/serve/options/serve-options.ts'
import { makeApp } from '../../../src/serve/app.ts'
import { localAccess } from '../../../src/serve/safety/access.ts'
import { json, served } from '../../support/http.ts'
import { shareManager, someTicks, sql } from '../../support/store.ts'

/** Five minutes of trades, for whoever only reads. */
const pair = 'binance/spot/BTC/USDT'
const base = '/api/v1/pairs/binance/spot/BTC%2FUSDT'
const store = shareManager({}, (db) =>
  db.insertTicks(pair, someTicks(600, { stepMs: 500, from: Date.now() - 300_000 })),
)

it.each(['/api/v1/store/events', `${base}/events`])(
  'a HEAD of %s, which has no end, is answered at once',
  async (path) => {
    const answer = await fetch(`${await served(store())}${path}`, { method: 'HEAD' })
    expect(answer.status).toBe(404)
  },
)

describe('the pairs over HTTP', () => {
  it('gives an analytic as the builder does, in every form', async () => {
    const db = store()
    const url = await served(db)
    const rows = await db.query(pair, getCandlesQuery({ timeframe: '1m' }))
    const address = `${url}${base}/candles?timeframe=1m`
    expect(await json(address)).toEqual(rows)
    const lines = await (await fetch(`${address}&format=ndjson`)).text()
    expect(
      lines
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(rows)
    const csv = await (await fetch(address, { headers: { accept: 'text/csv' } })).text()
    expect(csv.split('\r\n')).toHaveLength(rows.length + 2)
    expect(csv.split('\r\n')[0]).toBe(Object.keys(rows[0]!).join(','))
    const arrow = tableFromIPC(await (await fetch(`${address}&format=arrow`)).arrayBuffer())
    expect(arrow.numRows).toBe(rows.length)
    expect(arrow.getChild('close')!.toArray()).toEqual(
      Float64Array.from(rows, ({ close }) => close),
    )
  })

  it('takes the options of the builder, nested rows included, and refuses others by name', async () => {
    const db = store()
    const url = await served(db)
    expect(await json(`${url}${base}/profile?binSize=2&rounding=nearest`)).toEqual(
      await db.query(pair, calculateMarketProfileQuery({ binSize: 2, rounding: 'nearest' })),
    )
    const wrong = await fetch(`${url}${base}/profile?binsize=2`)
    expect(wrong.status).toBe(400)
    expect(await wrong.text()).toContain('did you mean `binSize`')
    const missing = await fetch(`${url}/api/v1/pairs/x/spot/NONE/cvd`)
    expect(missing.status).toBe(404)
    expect(await missing.json()).toMatchObject({ error: { code: 'PAIR_NOT_FOUND' } })
  })

  const required: Readonly<Record<string, string>> = { timeframe: '1m', binSize: '1' }

  it('answers every analytic with what its description asks for', async () => {
    const url = await served(store())
    const api = await json<{
      paths: Record<
        string,
        { get: { parameters: { name: string; in: string; required: boolean }[] } }
      >
    }>(`${url}/api/v1/openapi.json`)
    for (const name of Object.keys(analytics)) {
      const { parameters } = api.paths[`/api/v1/pairs/{exchange}/{market}/{symbol}/${name}`]!.get
      const query = parameters.filter((each) => each.in === 'query' && each.required)
      const text = new URLSearchParams(
        query.map((each): [string, string] => [each.name, required[each.name] ?? '']),
      )
      expect(await json(`${url}${base}/${name}?${text.toString()}`)).toBeInstanceOf(Array)
    }
  })

  it('describes every address that it has, beside those that other programs define', async () => {
    const app = await makeApp(store(), resolveServeOptions({}), localAccess)
    onTestFinished(() => app.close())
    await app.ready()
    const theirs = /^\/(?:api\/v1\/store\/|udf\/|trades|pairs$|status$|exchanges$)/
    const described = Object.keys(
      (await app.inject('/api/v1/openapi.json')).json<{ paths: object }>().paths,
    )
    expect(described.toSorted()).toEqual(
      routesOf(app.printRoutes({ commonPrefix: false }))
        .filter((path) => !theirs.test(path))
        .toSorted(),
    )
  })

  it('counts 0 as the beginning, and says what is wrong by one code', async () => {
    const url = await served(store())
    const all = await json(`${url}${base}/ticks`)
    expect(await json(`${url}${base}/ticks?from=0`)).toEqual(all)
    for (const query of ['limit=0', 'from=1700000000', 'limit=many']) {
      const wrong = await fetch(`${url}${base}/ticks?${query}`)
      expect(wrong.status).toBe(400)
      expect(await wrong.json()).toMatchObject({ error: { code: 'INVALID_REQUEST' } })
    }
  })

  it.each([
    ['no type', undefined, 'SELECT 1 AS one'],
    ['curl -d', 'application/x-www-form-urlencoded', 'SELECT 1 AS one;'],
    ['curl --data-urlencode', 'application/x-www-form-urlencoded', 'sql=SELECT%201+AS+one'],
    ['a type of its own', 'application/sql', 'SELECT 1 AS one'],
    ['JSON', 'application/json', '{"sql":"SELECT 1 AS one"}'],
  ])('takes a SELECT with %s', async (_name, type, body) => {
    const url = await served(store())
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
    const given = { method: 'POST', body: Buffer.from(body), headers }
    expect(await json(`${url}${base}/sql`, given)).toEqual([{ one: 1 }])
    const empty = await fetch(`${url}${base}/sql`, { ...given, body: Buffer.from(' ') })
    expect(empty.status).toBe(400)
  })

  it('spares an answer that the client has', async () => {
    const db = store()
    await db.insertTicks('x/spot/TAGGED', someTicks(10))
    const address = `${await served(db)}/api/v1/pairs/x/spot/TAGGED/ticks`
    const first = await fetch(address)
    const etag = first.headers.get('etag')!
    expect(await first.json()).toHaveLength(10)
    expect((await fetch(address, { headers: { 'if-none-match': etag } })).status).toBe(304)
    await db.insertTicks('x/spot/TAGGED', someTicks(1, { from: Date.now(), first: 99 }))
    expect((await fetch(address, { headers: { 'if-none-match': etag } })).status).toBe(200)
  })

  it('streams what is larger than a batch, compressed too', async () => {
    const db = store()
    await db.insertTicks('x/spot/LONG', someTicks(50_000))
    const address = `${await served(db)}/api/v1/pairs/x/spot/LONG/ticks`
    const table = tableFromIPC(await (await fetch(`${address}?format=arrow`)).arrayBuffer())
    expect(table.numRows).toBe(50_000)
    const [{ n }] = (await db.query(
      'x/spot/LONG',
      sql<{ n: number }>('SELECT sum(price) AS n FROM ticks'),
    )) as [{ n: number }]
    const prices = table.getChild('price')!.toArray() as Float64Array
    expect(prices.reduce((sum, price) => sum + price, 0)).toBeCloseTo(n, 3)
    expect(await json<unknown[]>(address)).toHaveLength(50_000)
    expect(db.stats().active).toBe(0)
  })

  it('answers one SELECT, and metrics', async () => {
    const url = await served(store())
    await store().insertTicks('x/spot/NEW', someTicks(10))
    const body = 'SELECT side, count(*) AS n FROM ticks GROUP BY side ORDER BY side'
    expect(await json(`${url}/api/v1/pairs/x/spot/NEW/sql`, { method: 'POST', body })).toEqual([
      { side: 'BUY', n: 5 },
      { side: 'SELL', n: 5 },
    ])
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'pairduck_ticks_total{outcome="inserted"} 10',
    )
    expect(await json(`${url}/health`)).toMatchObject({ status: 'ok' })
  })
})

/** The addresses in the tree that fastify prints, as OpenAPI writes them. */
function routesOf(tree: string): string[] {
  const parents: string[] = []
  const routes: string[] = []
  for (const line of tree.split('\n')) {
    const [, indent, part, methods] = /^([│├└─\s]*)(\S*)(?: \((.*)\))?$/.exec(line) ?? []
    if (indent === undefined || part === undefined || indent === '') continue
    const depth = indent.length / 4
    parents.splice(depth - 1)
    const path = (parents.at(-1) ?? '') + part
    parents.push(path)
    if (methods !== undefined && !/^OPTIONS$/.test(methods))
      routes.push(path.replaceAll(/:(\w+)/g, '{$1}'))
  }
  return [...new Set(routes)]
}
