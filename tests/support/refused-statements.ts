import { expect } from 'vitest'
import { served } from './http.ts'
import { openManager, someTicks } from './store.ts'

interface SqlAnswer {
  readonly status: number
  readonly told: unknown
}

/** A served pair of three ticks refuses each statement, and says why; returns what asks it another one. */
export async function expectRefused(
  refused: readonly (readonly [sql: string, why: RegExp])[],
): Promise<(sql: string) => Promise<SqlAnswer>> {
  const db = await openManager()
  await db.insertTicks('x/spot/A', someTicks(3))
  const url = `${await served(db)}/api/v1/pairs/x/spot/A/sql`
  const ask = async (body: string): Promise<SqlAnswer> => {
    const answer = await fetch(url, { method: 'POST', body })
    return { status: answer.status, told: await answer.json() }
  }
  for (const [sql, why] of refused) {
    const { status, told } = await ask(sql)
    expect([sql, status, told]).toEqual([sql, 403, expect.anything()])
    expect((told as { error: { message: string } }).error.message).toMatch(why)
  }
  return ask
}
