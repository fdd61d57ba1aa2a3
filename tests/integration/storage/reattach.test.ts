import { expect, it } from 'vitest'
import { countTicks, openManager, someTicks, sql } from '../../support/store.ts'

const [own, other] = ['x/spot/OWN', 'x/spot/OTHER']

it('a pair that a transaction elsewhere still keeps waits for that, and is not called corrupt', async () => {
  const db = await openManager()
  for (const pair of [own, other]) await db.insertTicks(pair, someTicks(2))
  const lease = await db.acquire(own)
  // Whoever asks for the tables of all has looked into the other pair's file too.
  const looking = async (): Promise<void> => {
    await lease.connection.run('BEGIN')
    await lease.connection.run('SELECT count(*) FROM duckdb_tables()')
    await db.pool.release(other)
  }
  await looking()
  await expect(db.query(other, sql('SELECT 1'))).rejects.toMatchObject({
    code: 'PAIR_LOCKED',
    details: { pid: process.pid },
    message: expect.stringMatching(/transaction of this process/),
  })
  const late = db.insertTicks(other, someTicks(1, { first: 9 }))
  await expect(db.query(other, sql('SELECT 1'))).rejects.toMatchObject({ code: 'PAIR_LOCKED' })
  await lease.connection.run('ROLLBACK')
  expect(await late).toMatchObject({ inserted: 1 })
  expect(await countTicks(db, other)).toBe(3)

  await looking()
  const asked = countTicks(db, other)
  await lease.connection.run('ROLLBACK')
  expect(await asked).toBe(3)
  await lease.release()
})
