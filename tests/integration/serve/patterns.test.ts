import { expect, it } from 'vitest'
import { served } from '../../support/http.ts'
import { openManager, someTicks } from '../../support/store.ts'

const pair = 'x/spot/A'

async function ask(url: string, condition: string): Promise<string> {
  const body = `SELECT count(*) AS n FROM ticks WHERE trade_id ${condition}`
  const answer = await fetch(`${url}/api/v1/pairs/${pair}/sql`, { method: 'POST', body })
  const told = (await answer.json()) as { error?: { code: string; message: string } }
  return `${answer.status} ${told.error?.message ?? ''}`
}

it('SQL over HTTP takes no pattern that may keep the engine busy for hours', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(3))
  const url = await served(db)
  const asked = (conditions: readonly string[]): Promise<string[]> =>
    Promise.all(conditions.map((each) => ask(url, each)))
  const refused = [
    `GLOB '*a*b'`,
    `GLOB '*a*a*'`,
    `LIKE '%a_%b'`,
    `NOT LIKE '%a_%b'`,
    `ILIKE '%a%b'`,
    `NOT ILIKE '%a%b'`,
    `LIKE '%a%b' ESCAPE '!'`,
    `NOT LIKE '%a%b' ESCAPE '!'`,
    `ILIKE '%a%b' ESCAPE '!'`,
    `NOT ILIKE '%a%b' ESCAPE '!'`,
    `LIKE side::VARCHAR`,
    `GLOB ('*a' || '*b')`,
  ]
  const named = expect.stringMatching(/^403 .*(?:takes one `[%*]`|written out)/) as string
  expect(await asked(refused)).toEqual(refused.map(() => named))
  const taken = [
    `GLOB '1*'`,
    `GLOB '*a*'`,
    `LIKE '%1%2%3%'`,
    `LIKE '%a_%'`,
    `ILIKE '%a%'`,
    `LIKE '_%b' ESCAPE '!'`,
    `SIMILAR TO '.*a.*b.*c'`,
  ]
  expect(await asked(taken)).toEqual(taken.map(() => '200 '))
})
