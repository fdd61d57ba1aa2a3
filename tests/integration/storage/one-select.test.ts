import { expect, it } from 'vitest'
import { openManager, someTicks, sql } from '../../support/store.ts'

const [a, b] = ['x/spot/A', 'x/spot/B']

it.each([
  'SELECT 1; USE p2',
  'SELECT 1; BEGIN TRANSACTION READ ONLY',
  'SELECT 1;; SET schema = memory',
  'BEGIN',
  'USE p2',
  'DETACH p2',
  'CHECKPOINT p2',
  `COPY (SELECT 1) TO '/dev/null'`,
  `ATTACH ':memory:' AS other`,
  'SET threads = 1',
  'EXPLAIN ANALYZE DELETE FROM order_flow',
  'WITH one AS (SELECT 1) DELETE FROM order_flow',
  '/* SELECT */ DELETE FROM order_flow',
])('a query is one SELECT: %s is refused and changes nothing', async (text) => {
  const db = await openManager()
  await db.insertTicks(a, someTicks(1))
  await db.insertTicks(b, someTicks(2))
  const count = sql<{ n: number }>('SELECT count(*) AS n FROM ticks')
  for (const ask of [() => db.query(a, sql(text)), () => db.queryColumns(a, sql(text))])
    await expect(ask()).rejects.toMatchObject({
      code: 'WRITE_REFUSED',
      message: expect.stringMatching(/one SELECT/),
    })
  for (let asked = 0; asked < 5; asked++) {
    expect(await db.query(a, count)).toEqual([{ n: 1 }])
    expect(await db.query(b, count)).toEqual([{ n: 2 }])
  }
  await db.insertTicks(a, someTicks(1, { first: 5 }))
  expect(await db.query(a, count)).toEqual([{ n: 2 }])
})

it.each([
  'SELECT 1 AS n;',
  `SELECT ';' AS n`,
  'FROM (SELECT 1 AS n)',
  `WITH one AS (SELECT 'insert' AS n) SELECT n FROM one`,
  '-- a; comment\nSELECT 1 AS n',
  'VALUES (1)',
  'DESCRIBE ticks',
])('%s is one', async (text) => {
  const db = await openManager()
  await db.insertTicks(a, someTicks(1))
  await expect(db.query(a, sql(text))).resolves.not.toHaveLength(0)
})
