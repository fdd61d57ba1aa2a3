import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import * as fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { served } from '../../support/http.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { openManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'

const pair = 'x/spot/A'

/** A value as SQL, and as JSON tells it. */
interface Value {
  readonly sql: string
  readonly told: unknown
}

/** A type as SQL, and values of it. */
interface Type {
  readonly sql: string
  readonly values: fc.Arbitrary<Value>
}

function whole(type: string, least: bigint, most: bigint): Type {
  const near = fc.bigInt(2n ** 53n - 2n, 2n ** 53n + 2n)
  const values = fc
    .oneof(
      fc.bigInt(least, most),
      near,
      near.map((value) => (least < 0n ? -value : value)),
    )
    .map((value) => ({ sql: `'${value}'::${type}`, told: toldWhole(value) }))
  return { sql: type, values }
}

function toldWhole(value: bigint): unknown {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}

function decimal(width: number, scale: number): Type {
  const type = `DECIMAL(${width},${scale})`
  const digits = fc
    .integer({ min: 1, max: width })
    .chain((length) => fc.bigInt(-(10n ** BigInt(length)) + 1n, 10n ** BigInt(length) - 1n))
  // Above a power of two the doubles lie farther apart than such decimals do.
  const near = fc.bigInt(0n, 20n).map((value) => 2n ** 43n * 10n ** BigInt(scale) + value)
  const values = fc.oneof(digits, ...(width === 18 ? [near] : [])).map((value) => {
    const text = pointed(value, scale)
    return { sql: `'${text}'::${type}`, told: toldDecimal(text) }
  })
  return { sql: type, values }
}

function pointed(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** A number where its shortest form has all the digits, else the text. */
function toldDecimal(text: string): unknown {
  const scale = text.split('.')[1]!.length
  const [mantissa, exponent] = castByEngine(text, scale).toExponential().split('e') as [
    string,
    string,
  ]
  const [head, tail = ''] = mantissa.split('.') as [string, string?]
  const shift = Number(exponent) - tail.length + scale
  const scaled = shift < 0 ? undefined : BigInt(head + tail) * 10n ** BigInt(shift)
  return scaled === BigInt(text.replace('.', '')) ? Number(text) : text
}

/** The double that the engine makes of a DECIMAL, which beyond 2^53 need not be the nearest. */
function castByEngine(text: string, scale: number): number {
  const value = BigInt(text.replace('.', ''))
  if (value > -(2n ** 53n) && value < 2n ** 53n) return Number(text)
  const parts = 10n ** BigInt(scale)
  return Number(value / parts) + Number(value % parts) / Number(parts)
}

const quoted = (text: string): string =>
  [...text]
    .map((sign) => (sign === '\0' ? 'chr(0)' : `'${sign.replaceAll("'", "''")}'`))
    .join(' || ') || "''"

const leaves: readonly Type[] = [
  whole('BIGINT', -(2n ** 63n), 2n ** 63n - 1n),
  whole('UBIGINT', 0n, 2n ** 64n - 1n),
  whole('HUGEINT', -(2n ** 120n), 2n ** 120n),
  whole('UHUGEINT', 0n, 2n ** 127n),
  whole('BIGNUM', -(10n ** 60n), 10n ** 60n),
  decimal(18, 3),
  decimal(38, 10),
  decimal(17, 16),
  {
    sql: 'DECIMAL(38,0)',
    values: fc
      .bigInt(-(10n ** 37n), 10n ** 37n)
      .map((value) => ({ sql: `'${value}'::DECIMAL(38,0)`, told: toldWhole(value) })),
  },
  {
    sql: 'DOUBLE',
    values: fc.double().map((value) => ({
      sql: `'${Object.is(value, -0) ? '-0.0' : value}'::DOUBLE`,
      told: Number.isFinite(value) ? value + 0 : null,
    })),
  },
  {
    sql: 'VARCHAR',
    values: fc
      .string({ unit: fc.constantFrom('\0', 'a', '"', "'", '\\', '1', 'N', 'é'), maxLength: 5 })
      .map((text) => ({ sql: `(${quoted(text)})`, told: text })),
  },
  { sql: 'DATE', values: fc.constant({ sql: `DATE '2024-02-29'`, told: '2024-02-29' }) },
  {
    sql: 'TIMESTAMP',
    values: fc.constantFrom(
      { sql: `TIMESTAMP '2024-02-29 00:00:00.000001'`, told: 1_709_164_800_000.001 },
      { sql: `'infinity'::TIMESTAMP`, told: null },
    ),
  },
]

function orNull({ sql: type, values }: Type): fc.Arbitrary<Value> {
  return fc.option(values, { freq: 6, nil: { sql: `NULL::${type}`, told: null } })
}

function listOf(type: Type): Type {
  const values = fc.array(orNull(type), { maxLength: 4 }).map((items) => ({
    sql: `[${items.map((item) => item.sql).join(', ')}]::${type.sql}[]`,
    told: items.map(({ told }) => told),
  }))
  return { sql: `${type.sql}[]`, values }
}

function arrayOf(type: Type): Type {
  const values = fc.tuple(orNull(type), orNull(type)).map((items) => ({
    sql: `[${items.map((item) => item.sql).join(', ')}]::${type.sql}[2]`,
    told: items.map(({ told }) => told),
  }))
  return { sql: `${type.sql}[2]`, values }
}

function structOf(types: readonly Type[]): Type {
  const names = types.map((_, at) => 'abc'[at]!)
  const values = fc.tuple(...types.map((type) => orNull(type))).map((parts) => ({
    sql: `{${parts.map((part, at) => `'${names[at]!}': ${part.sql}`).join(', ')}}`,
    told: Object.fromEntries(parts.map(({ told }, at) => [names[at]!, told])),
  }))
  return {
    sql: `STRUCT(${types.map((type, at) => `${names[at]!} ${type.sql}`).join(', ')})`,
    values,
  }
}

function mapOf(key: Type, type: Type): Type {
  const entries = fc.uniqueArray(fc.tuple(key.values, orNull(type)), {
    maxLength: 3,
    selector: ([{ told }]) => String(told),
  })
  const values = entries.map((given) => ({
    sql: `MAP {${given.map(([name, value]) => `${name.sql}: ${value.sql}`).join(', ')}}::MAP(${key.sql}, ${type.sql})`,
    told: Object.fromEntries(given.map(([name, value]) => [String(name.told), value.told])),
  }))
  return { sql: `MAP(${key.sql}, ${type.sql})`, values }
}

const leaf = fc.constantFrom(...leaves)
const types = fc.letrec<{ type: Type }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 2, depthSize: 'large' },
    leaf,
    tie('type').map(listOf),
    tie('type').map(arrayOf),
    fc.array(tie('type'), { minLength: 1, maxLength: 3 }).map(structOf),
    fc
      .tuple(fc.constantFrom(leaves[0]!, leaves[6]!), tie('type'))
      .map(([key, of]) => mapOf(key, of)),
  ),
})).type
const columns = fc.array(
  types.chain((type) => orNull(type)),
  { minLength: 1, maxLength: 12, size: 'max' },
)

it('a row without names is a list', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(1))
  const text = `SELECT row(1, [9007199254740993]) AS a, [row(DATE '2024-02-29', NULL)] AS b`
  const url = `${await served(db)}/api/v1/pairs/${pair}/sql`
  const answer = await fetch(url, { method: 'POST', body: text })
  expect(await answer.json()).toEqual([{ a: [1, ['9007199254740993']], b: [['2024-02-29', null]] }])
  expect(await db.query(pair, sql(text))).toEqual([
    { a: [1, [9_007_199_254_740_992]], b: [['2024-02-29', null]] },
  ])
})

it('numbers keep their digits wherever they are nested, in every form', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(1))
  const url = await served(db)
  const over = await connect(url)
  onTestFinished(() => over.close())
  const folder = temporaryFolder()
  const asked = async (format: string, body: string): Promise<Buffer> => {
    const address = `${url}/api/v1/pairs/${pair}/sql?format=${format}`
    return Buffer.from(await (await fetch(address, { method: 'POST', body })).arrayBuffer())
  }
  await fc.assert(
    fc.asyncProperty(columns, async (values) => {
      const text = `SELECT ${values.map((value, at) => `${value.sql} AS c${at}`).join(', ')}`
      const told = Object.fromEntries(values.map((value, at) => [`c${at}`, value.told]))
      const answer = String(await asked('json', text))
      // Casts of casts are bounded over HTTP, and what is packed into one value.
      fc.pre(!answer.includes('REQUEST_REFUSED'))
      expect(JSON.parse(answer)).toEqual([told])
      expect(JSON.parse(String(await asked('ndjson', text)))).toEqual(told)
      const nested = values.flatMap(({ told: each }, at) =>
        typeof each === 'object' && each !== null ? [[`c${at}`, each] as const] : [],
      )
      const csv = String(await asked('csv', text))
      for (const [, each] of nested)
        expect(csv).toContain(JSON.stringify(each).replaceAll('"', '""'))
      const table = tableFromIPC(await asked('arrow', text))
      for (const [name, each] of nested)
        expect(JSON.parse(String(table.getChild(name)!.get(0)))).toEqual(each)
      await db.export(pair, sql(text), join(folder, 'rows.json'), { overwrite: true })
      expect(JSON.parse(readFileSync(join(folder, 'rows.json'), 'utf8'))).toEqual([told])
      expect(await over.query(pair, sql(text))).toEqual(await db.query(pair, sql(text)))
    }),
    { numRuns: propertyRuns(12) },
  )
})
