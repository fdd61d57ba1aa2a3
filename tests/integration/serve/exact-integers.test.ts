import { tableFromIPC } from 'apache-arrow'
import { expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { cliJson } from '../../support/cli-run.ts'
import { served } from '../../support/http.ts'
import { openManager, someTicks } from '../../support/store.ts'

const pair = 'x/spot/A'
const text = `SELECT i::BIGINT AS i, CASE WHEN i > 0 THEN i::BIGINT END AS b, i::HUGEINT * 4 AS h,
  CASE WHEN i > 0 THEN i::UBIGINT END AS u, (i % 7)::INTEGER AS small
  FROM (VALUES (9007199254740993), (-9007199254740993), (9007199254740991), (-9007199254740992), (1)) AS v(i)`
const rows = [
  ['9007199254740993', '9007199254740993', '36028797018963972', '9007199254740993', 5],
  ['-9007199254740993', null, '-36028797018963972', null, -5],
  [9007199254740991, 9007199254740991, '36028797018963964', 9007199254740991, 3],
  ['-9007199254740992', null, '-36028797018963968', null, -4],
  [1, 1, 4, 1, 1],
].map(([i, b, h, u, small]) => ({ i, b, h, u, small }))

it('whole numbers beyond 2^53 keep their digits over HTTP, as on the command line', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(1))
  const beside = await connect({ dataDir: db.dataDir })
  onTestFinished(() => beside.close())
  for (const url of [await served(db), await served(beside)]) {
    const asked = async (format: string): Promise<string> => {
      const address = `${url}/api/v1/pairs/${pair}/sql?format=${format}`
      return (await fetch(address, { method: 'POST', body: text })).text()
    }
    expect(JSON.parse(await asked('json'))).toEqual(rows)
    const lines = (await asked('ndjson')).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(rows)
    const cells = rows.map((row) =>
      Object.values(row)
        .map((value) => value ?? '')
        .join(','),
    )
    expect(await asked('csv')).toBe(['i,b,h,u,small', ...cells, ''].join('\r\n'))
  }
  await db.close()
  expect(await cliJson(['sql', pair, text, '--data-dir', db.dataDir])).toEqual(rows)
})

it('Arrow has doubles of what is wider than 64 bits, of UBIGINT and of DECIMAL, and all digits of their texts', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(1))
  const value = '9007199254740993'
  const body = `SELECT ${value}::BIGINT AS i, ${value}::UBIGINT AS u, ${value}::HUGEINT AS h,
    ${value}.5::DECIMAL(18,1) AS d, ${value}::UBIGINT::VARCHAR AS ut, ${value}.5::DECIMAL(18,1)::VARCHAR AS dt`
  const address = `${await served(db)}/api/v1/pairs/${pair}/sql?format=arrow`
  const answer = await fetch(address, { method: 'POST', body })
  const [row] = tableFromIPC(await answer.arrayBuffer()).toArray() as { toJSON: () => object }[]
  const rounded = 9007199254740992
  expect(row!.toJSON()).toEqual({
    i: BigInt(value),
    u: rounded,
    h: rounded,
    // As the engine casts it, in two parts.
    d: rounded,
    ut: value,
    dt: `${value}.5`,
  })
})

it('a NULL that stands alone in its row of CSV is no empty line', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(1))
  const url = await served(db)
  const asked = async (body: string): Promise<string> => {
    const address = `${url}/api/v1/pairs/${pair}/sql?format=csv`
    return (await fetch(address, { method: 'POST', body })).text()
  }
  expect(await asked(`SELECT * FROM (VALUES (1), (NULL), (2)) AS t(v)`)).toBe(
    'v\r\n1\r\n""\r\n2\r\n',
  )
  expect(await asked(`SELECT '' AS v`)).toBe('v\r\n""\r\n')
  expect(await asked(`SELECT NULL AS a, NULL AS b`)).toBe('a,b\r\n,\r\n')
})
