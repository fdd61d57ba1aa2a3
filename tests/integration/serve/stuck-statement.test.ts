import { expect, it } from 'vitest'
import { served } from '../../support/http.ts'
import { openManager, someTicks, sql } from '../../support/store.ts'

const pair = 'x/spot/A'
const path = '/api/v1/pairs/x/spot/A/sql'
const answerTimeoutMs = 100

/** Steps of some seconds: the engine hears an interrupt only between steps. */
const distances = Array.from(
  { length: 60 },
  (_, at) => `damerau_levenshtein(s, substr(t, ${at % 4}))`,
)
const stuck = `SELECT count(*) AS n
  FROM (SELECT repeat('a', 49) AS s, repeat('b', 45) || i % 1000 AS t FROM range(300) r(i))
  WHERE ${distances.join(' + ')} > 0`
/** Over HTTP it is refused. */
const stuckWithin = `SELECT count(*) AS n FROM ticks WHERE repeat('a', 320) GLOB '*a*a*a*b'`

async function ask(url: string, text: string): Promise<{ status: number; code?: string }> {
  const answer = await fetch(url + path, { method: 'POST', body: text })
  const { error } = (await answer.json()) as { error?: { code: string } }
  return { status: answer.status, ...(error === undefined ? {} : { code: error.code }) }
}

const named = 'venue=x&market=spot&symbol=a'
const bars = 'symbol=x/spot/A&resolution=1&from=0&to=2000000000'
/** Everything else that reads a pair, and the body of a call. */
const reading: [path: string, body?: object][] = [
  ['/api/v1/pairs/x/spot/A/stats'],
  ['/api/v1/pairs/x/spot/A/candles?timeframe=1m'],
  ['/api/v1/store/gaps', { pair }],
  [`/trades?${named}`],
  [`/trades.arrow?${named}`],
  ['/pairs'],
  ['/udf/symbols?symbol=x/spot/A'],
  [`/udf/history?${bars}`],
  [`/udf/timescale_marks?${bars}`],
]

/** An address, and the code of what it answers; TradingView's have none, and say it in words. */
async function statusOf(url: string, body?: object): Promise<[string, string]> {
  const answer = await fetch(url, body && post(body))
  const told = (await answer.json()) as { error?: { code: string }; errmsg?: string }
  if (/was not answered within 100 ms/.test(told.errmsg ?? '')) return [url, 'DEADLINE_EXCEEDED']
  return [url, told.error?.code ?? JSON.stringify(told)]
}

function post(body: object): RequestInit {
  const headers = { 'content-type': 'application/json' }
  return { method: 'POST', headers, body: JSON.stringify(body) }
}

it('answers in time though the engine does not let go, and so to who waits behind it', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(1))
  const url = await served(db, { answerTimeoutMs })
  const late = { status: 504, code: 'DEADLINE_EXCEEDED' }
  expect(await ask(url, stuck)).toMatchObject(late)
  // They have the threads of readers, of which there are two.
  const within = [stuckWithin, `${stuckWithin} AND true`].map((text) => db.query(pair, sql(text)))
  const [one, ...others] = await Promise.all([
    ask(url, 'SELECT 1 AS one'),
    ...reading.map(([path, body]) => statusOf(url + path, body)),
  ])
  expect(one).toMatchObject(late)
  expect(others).toEqual(reading.map(([path]) => [url + path, 'DEADLINE_EXCEEDED']))
  await Promise.all(within)
})
