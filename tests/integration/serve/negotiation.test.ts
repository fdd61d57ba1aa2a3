import { request as ask } from 'node:http'
import { expect, it } from 'vitest'
import { served } from '../../support/http.ts'
import { shareManager, someTicks } from '../../support/store.ts'

const store = shareManager({}, async (db) => {
  await db.insertTicks('x/spot/A', someTicks(3))
  await db.insertTicks('x/spot/LONG', someTicks(20_000))
})
const sqlOf = (pair: string): string => `/api/v1/pairs/${pair}/sql`
const ticksOf = (pair: string): string => `/api/v1/pairs/${pair}/ticks`

/** By hand: `fetch` adds headers of its own. */
function headOf(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number | undefined; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const asked = ask(url, { headers }, (answer) => {
      answer.on('error', reject)
      answer.once('end', () => resolve({ status: answer.statusCode, headers: answer.headers }))
      answer.resume()
    })
    asked.once('error', reject)
    asked.end()
  })
}

it.each([
  ['gzip', 'gzip'],
  ['deflate, GZIP;q=0.5', 'gzip'],
  ['*', 'gzip'],
  ['br, gzip, identity', 'gzip'],
  ['gzip;q=0', undefined],
  ['gzip;q=a', undefined],
  ['gzip; q=0.000, *', undefined],
  ['identity;q=0.5, gzip;q=0.2', undefined],
  ['x-gzip-not', undefined],
  ['deflate', undefined],
  ['', undefined],
])('Accept-Encoding: %s is answered by %s', async (accepted, encoding) => {
  const url = await served(store())
  const { headers } = await headOf(url + ticksOf('x/spot/LONG'), { 'accept-encoding': accepted })
  expect(headers['content-encoding']).toBe(encoding)
  expect(headers['vary']).toBe('Accept, Accept-Encoding')
})

it.each([
  ['text/csv', 'text/csv'],
  ['text/csv; charset=UTF-8', 'text/csv'],
  ['text/csv;q=0.5, application/json', 'application/json'],
  ['application/json;q=0, text/csv;q=0.1', 'text/csv'],
  ['application/json;q=0.2, application/x-ndjson;q=0.3', 'application/x-ndjson'],
  ['application/vnd.apache.arrow.stream', 'application/vnd.apache.arrow.stream'],
  ['text/html, application/xhtml+xml, */*;q=0.8', 'application/json'],
  ['*/*, text/csv', 'text/csv'],
  ['text/*', 'text/csv'],
  ['application/json;q=0, application/*', 'application/x-ndjson'],
  ['application/x-ndjson, text/csv', 'application/x-ndjson'],
  ['text/html', 'application/json'],
  ['', 'application/json'],
])('Accept: %s is answered by %s', async (accept, type) => {
  const url = await served(store())
  const { headers } = await headOf(url + ticksOf('x/spot/A'), { accept })
  expect(String(headers['content-type']).split(';')[0]).toBe(type)
  expect(headers['vary']).toBe('Accept')
  const named = await headOf(`${url}${ticksOf('x/spot/A')}?format=csv`, { accept })
  expect(String(named.headers['content-type'])).toMatch(/^text\/csv/)
  expect(named.headers['vary']).toBeUndefined()
})

it('knows its tag in every form in which clients send it back', async () => {
  const url = await served(store())
  const address = url + ticksOf('x/spot/A')
  const { headers } = await headOf(address, {})
  const etag = String(headers['etag'])
  for (const sent of [etag, `W/${etag}`, `"a", ${etag}`, `W/"a",W/${etag} , "b"`, '*'])
    for (const also of [{}, { 'cache-control': 'no-cache' }]) {
      const answer = await headOf(address, { ...also, 'if-none-match': sent })
      expect([sent, answer.status]).toEqual([sent, 304])
      expect(answer.headers).toMatchObject({ etag, vary: 'Accept' })
    }
  for (const sent of ['"a"', etag.slice(1, -1), `"a${etag.slice(1)}`, 'W/*'])
    expect((await headOf(address, { 'if-none-match': sent })).status).toBe(200)
  const posted = await fetch(url + sqlOf('x/spot/A'), {
    method: 'POST',
    body: 'SELECT 1 AS one',
    headers: { 'if-none-match': '*' },
  })
  expect(await posted.json()).toEqual([{ one: 1 }])
})

it('tells caches that the origin matters wherever pages of others may ask', async () => {
  const url = await served(store(), { corsOrigins: ['https://charts.example.org'] })
  for (const origin of ['https://charts.example.org', 'https://other.example.org']) {
    const { headers } = await headOf(url + ticksOf('x/spot/LONG'), { origin })
    expect(headers['vary']).toBe('Origin, Accept, Accept-Encoding')
  }
})
