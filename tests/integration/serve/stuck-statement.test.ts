import { expect, it } from 'vitest'
import { served } from '../../support/http.ts'
import { openManager, someTicks, sql } from '../../support/store.ts'

const pair = 'x/spot/A'
const path = '/api/v1/pairs/x/spot/A/sql'
const answerTimeoutMs = 100

/** Steps of some seconds: the engine hears an interrupt only between steps. */
const distance = `damerau_levenshtein(repeat('a', 310), repeat('b', 300) || i)`
const stuck = `SELECT count(*) AS n FROM range(2000) r(i) WHERE ${distance} + ${distance} > 0`
/** Over HTTP it is refused. */
const stuckWithin = `SELECT count(*) AS n FROM ticks WHERE repeat('a', 400) GLOB '*a*a*a*b'`

async function ask(url: string, text: string): Promise<{ status: number; code?: string }> {
  const answer = await fetch(url + path, { method: 'POST', body: text })
  const { error } = (await answer.json()) as { error?: { code: string } }
  return { status: answer.status, ...(error === undefined ? {} : { code: error.code }) }
}

it('answers in time though the engine does not let go, and so to who waits behind it', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(1))
  const url = await served(db, { answerTimeoutMs })
  const late = { status: 504, code: 'DEADLINE_EXCEEDED' }
  expect(await ask(url, stuck)).toMatchObject(late)
  // They have the threads of readers, of which there are two.
  const within = [stuckWithin, `${stuckWithin} AND true`].map((text) => db.query(pair, sql(text)))
  const [one, stats] = await Promise.all([
    ask(url, 'SELECT 1 AS one'),
    fetch(`${url}/api/v1/pairs/x/spot/A/stats`),
  ])
  expect(one).toMatchObject(late)
  expect(stats.status).toBe(504)
  await Promise.all(within)
})
