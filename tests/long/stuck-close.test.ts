import { describe, expect, it } from 'vitest'
import { PairduckError } from '../../src/index.ts'
import { endsWithin } from '../../src/storage/pool/let-go.ts'
import { openManager, someTicks, sql, temporaryFolder } from '../support/store.ts'

const pair = 'x/spot/A'

describe('a manager of which the engine does not let a statement go', () => {
  /** Eight seconds of a processor in one step, of which closing waits for three. */
  const long = sql(
    `SELECT list_sum(list_transform(l, lambda x: list_sum(list_transform(l, lambda y: x * y)))) AS n FROM (SELECT list(i) AS l FROM range(22000) t(i))`,
  )

  const closed = { status: 'rejected', reason: { code: 'CLOSED' } }

  it('closes without it, keeps all that it acknowledged, and lets go of the folder when it ends', async () => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir, localSocket: false })
    await db.insertTicks(pair, someTicks(3))
    await db.insertTicks('x/spot/B', someTicks(3))
    const opening = db
      .streamColumns(pair, long, { timeoutMs: 300 })
      .then((stream) => stream[Symbol.asyncIterator]().next())
    await expect(opening).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    // Of the two threads of readers it has one, and this the other.
    const other = db.query(pair, long)
    const one = sql('SELECT 1 AS one')
    const waiting = Promise.allSettled([db.query(pair, one), db.query('x/spot/B', one)])
    const ends = Promise.allSettled([other])
    await db.insertTicks(pair, someTicks(4))
    const began = performance.now()
    const closing = db.close()
    await expect(closing).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringMatching(/x\/spot\/A/) as string,
    })
    expect(performance.now() - began).toBeLessThan(20_000)
    expect(await endsWithin(2_000, waiting)).toBe(true)
    // On a busy machine they may have had the thread before.
    for (const end of await waiting)
      expect([closed, { status: 'fulfilled', value: [{ one: 1 }] }]).toContainEqual(codeOf(end))
    // Two engines of one process on one file would lose rows.
    await expect(openManager({ dataDir })).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' })
    expect(await ends).toMatchObject([closed])
    const again = await reopened(dataDir)
    expect(await again.query(pair, sql('SELECT count(*) AS n FROM ticks'))).toEqual([{ n: 7 }])
  })
})

/** How a question ended, of an error its code alone. */
function codeOf(end: PromiseSettledResult<unknown>): unknown {
  if (end.status === 'fulfilled') return end
  const { code } = end.reason as { code: string }
  return { status: end.status, reason: { code } }
}

/** A manager on a folder that is let go of in a moment. */
async function reopened(dataDir: string): ReturnType<typeof openManager> {
  for (;;) {
    try {
      return await openManager({ dataDir })
    } catch (error) {
      if (!PairduckError.is(error, 'DIRECTORY_IN_USE')) throw error
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
