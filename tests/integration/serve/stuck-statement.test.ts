import { expect, it } from 'vitest'
import { served } from '../../support/http.ts'
import { openManager, someTicks } from '../../support/store.ts'

const pair = 'x/spot/A'
const path = '/api/v1/pairs/x/spot/A/sql'
const answerTimeoutMs = 300

/** One value of some seconds: the engine hears an interrupt only between steps, and this is one. */
const stuck = `SELECT count(*) AS n FROM ticks WHERE repeat('a', 450) GLOB '*a*a*a*b'`

async function ask(url: string, sql: string): Promise<{ status: number; code?: string }> {
  const answer = await fetch(url + path, { method: 'POST', body: sql })
  const { error } = (await answer.json()) as { error?: { code: string } }
  return { status: answer.status, ...(error === undefined ? {} : { code: error.code }) }
}

it('answers in time though the engine does not let go, and so to who waits behind it', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(1))
  const url = await served(db, { answerTimeoutMs })
  const late = { status: 504, code: 'DEADLINE_EXCEEDED' }
  const answers = await Promise.all([ask(url, stuck), ask(url, `${stuck} AND true`)])
  expect(answers).toMatchObject([late, late])
  // They still have the threads of readers, of which there are two.
  expect(await ask(url, 'SELECT 1 AS one')).toMatchObject(late)
  const stats = await fetch(`${url}/api/v1/pairs/x/spot/A/stats`)
  expect(stats.status).toBe(504)
})
