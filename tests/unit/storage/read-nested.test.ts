import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { plainValue } from '../../../src/storage/duckdb/plain-value.ts'
import { readRows } from '../../../src/storage/duckdb/read-rows.ts'

let instance: DuckDBInstance
let connection: DuckDBConnection
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:')
  connection = await instance.connect()
})
afterAll(() => {
  connection.closeSync()
  instance.closeSync()
})

/** What DuckDB's own reader makes of it. */
async function byTheLibrary(sql: string): Promise<Record<string, unknown>[]> {
  const result = await connection.run(sql)
  const names = result.columnNames()
  return (await result.getRows()).map((row) =>
    Object.fromEntries(names.map((name, column) => [name, plainValue(row[column]!)])),
  )
}

test('a list of structs, by hand', async () => {
  const rows = await readRows(
    connection,
    `SELECT [{price: 1.5::DOUBLE, count: 2::BIGINT, name: 'a', moment: make_timestamp(1500)}, NULL,
      {price: NULL, count: NULL, name: NULL, moment: NULL}] AS bins, []::DOUBLE[] AS none,
      NULL::DOUBLE[] AS missing`,
  )
  expect(rows).toEqual([
    {
      bins: [
        { price: 1.5, count: 2, name: 'a', moment: 1.5 },
        null,
        { price: null, count: null, name: null, moment: null },
      ],
      none: [],
      missing: null,
    },
  ])
})

// Several chunks of 2,048 rows; lists of no, one and many items; NULLs at every level; texts in
// and out of the string header; one type that only the library reads.
const value = `if(hash(i) % 5 = 0, NULL, i * 1.5::DOUBLE)`
const text = `if(hash(i) % 3 = 0, NULL, repeat('é', i % 9))`
test.each([
  `SELECT if(i % 7 = 0, NULL, list_transform(range(i % 5), x -> if(x = 2, NULL, x + ${value}))) AS a FROM range(5000) AS t(i)`,
  `SELECT if(i % 11 = 0, NULL, {number: ${value}, text: ${text}, list: range(i % 4)}) AS a, i FROM range(5000) AS t(i)`,
  `SELECT list_transform(range(i % 6), x -> if(x = 4, NULL, {x: x, text: ${text}, inside: [[x, NULL], []]})) AS a FROM range(3000) AS t(i)`,
  `SELECT i % 10 AS k, list({price: i / 4, side: if(i % 2 = 0, 'BUY', 'SELL')::ENUM('BUY', 'SELL'), moment: make_timestamp(i * 1001)} ORDER BY i) AS a FROM range(30000) AS t(i) GROUP BY k ORDER BY k`,
  `SELECT [{x: 1.25::DECIMAL(9, 2), y: i}] AS a FROM range(3) AS t(i)`,
  `SELECT list(i) AS a FROM range(0) AS t(i)`,
])('as the library reads it: %s', async (sql) => {
  expect(await readRows(connection, sql)).toEqual(await byTheLibrary(sql))
})
