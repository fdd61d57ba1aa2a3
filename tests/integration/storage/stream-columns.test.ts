import { setTimeout as delay } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rowsOfBatch, type ColumnBatch, type ColumnStream } from '../../../src/index.ts'
import { openManager, someTicks, sql } from '../../support/store.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const pair = 'x/spot/A'

async function rowsOf(stream: ColumnStream): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for await (const batch of stream) rows.push(...rowsOfBatch(stream.columns, batch))
  return rows
}

/** A SELECT of one row per value, in the order of the list. */
function selectOf(type: string, values: readonly (string | null)[]): string {
  const list = values.map(
    (value, row) => `(${row}, ${value === null ? 'NULL' : `(${value})`}::${type})`,
  )
  return `SELECT v FROM (VALUES ${list.join(', ')}) AS t(row, v) ORDER BY row`
}

const text = fc.oneof(
  fc.string({ maxLength: 14 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ minLength: 13, maxLength: 200 }),
)
const quoted = (value: string): string => `'${value.replaceAll(`'`, `''`).replaceAll('\0', '')}'`
const wholes = (bits: number, signed = true): fc.Arbitrary<string> => {
  const size = 2n ** BigInt(bits - (signed ? 1 : 0))
  return fc.bigInt(signed ? -size : 0n, size - 1n).map(String)
}
const types: Readonly<Record<string, fc.Arbitrary<string>>> = {
  DOUBLE: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => `'${value}'`),
  BIGINT: fc.bigInt(-(2n ** 53n), 2n ** 53n).map(String),
  HUGEINT: wholes(120),
  UBIGINT: wholes(64, false),
  INTEGER: wholes(32),
  UTINYINT: wholes(8, false),
  BOOLEAN: fc.boolean().map(String),
  VARCHAR: text.map(quoted),
  "ENUM('BUY', 'SELL')": fc.constantFrom(`'BUY'`, `'SELL'`),
  TIMESTAMP: fc.bigInt(0n, 4_102_444_800_000_000n).map((micros) => `make_timestamp(${micros})`),
  'DECIMAL(4,1)': fc.integer({ min: -9999, max: 9999 }).map((value) => String(value / 10)),
  'DECIMAL(18,6)': fc.bigInt(-(10n ** 17n), 10n ** 17n).map((value) => `${value} / 1000000`),
  'DOUBLE[]': fc.array(fc.integer().map(String)).map((items) => `[${items.join(', ')}]`),
  'STRUCT(a BIGINT, b VARCHAR)': fc
    .tuple(fc.integer(), text)
    .map(([a, b]) => `{ a: ${a}, b: ${quoted(b)} }`),
}

describe('a stream of columns', () => {
  it('gives the rows of a query, of every type, NULLs included', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    const columns = fc
      .constantFrom(...Object.keys(types))
      .chain((type) =>
        fc.tuple(
          fc.constant(type),
          fc.array(fc.option(types[type]!), { minLength: 1, maxLength: 300, size: 'max' }),
        ),
      )
    await fc.assert(
      fc.asyncProperty(
        columns,
        fc.integer({ min: 1, max: 5000 }),
        async ([type, values], batchRows) => {
          const query = sql(selectOf(type, values))
          expect(await rowsOf(await db.streamColumns(pair, query, { batchRows }))).toEqual(
            await db.query(pair, query),
          )
        },
      ),
      { numRuns: propertyRuns(8) },
    )
  })

  it.each([4, 9, 18, 38])(
    'reads DECIMAL(%i, …) as the engine casts it to DOUBLE',
    async (width) => {
      const db = await openManager()
      await db.insertTicks(pair, someTicks(1))
      const digits = 10n ** BigInt(width) - 1n
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: width }),
          fc.array(fc.bigInt(-digits, digits), { minLength: 1, maxLength: 50 }),
          async (scale, values) => {
            const decimals = values.map(
              (value) => `('${decimalText(value, scale)}'::DECIMAL(${width},${scale}))`,
            )
            const query = sql<{ v: number; d: number }>(
              `SELECT v, v::DOUBLE AS d FROM (SELECT unnest([${decimals.join(', ')}]) AS v)`,
            )
            for (const { v, d } of await db.query(pair, query)) {
              // Of more than 18 digits the engine rounds two halves, we the whole.
              expect(Math.abs(v - d)).toBeLessThanOrEqual(width > 18 ? Math.abs(d) * 2 ** -51 : 0)
            }
          },
        ),
        { numRuns: propertyRuns(5) },
      )
    },
  )

  it('names its columns where there is no row', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(3))
    const stream = await db.streamColumns(pair, sql('SELECT * FROM ticks WHERE price < 0'))
    expect(stream.columns).toEqual([
      { name: 'timestamp', kind: 'timestamp' },
      { name: 'price', kind: 'float64' },
      { name: 'volume', kind: 'float64' },
      { name: 'side', kind: 'enum', words: ['BUY', 'SELL'] },
      { name: 'trade_id', kind: 'utf8' },
    ])
    expect(await rowsOf(stream)).toEqual([])
    expect(db.stats().active).toBe(0)
  })

  it('ends a batch with the first chunk that reaches its size, and loses none', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    const stream = await db.streamColumns(
      pair,
      sql('SELECT range::DOUBLE AS v FROM range(20000)'),
      {
        batchRows: 4000,
      },
    )
    const batches: ColumnBatch[] = []
    for await (const batch of stream) batches.push(batch)
    expect(batches.map(({ rows }) => rows)).toEqual([4096, 4096, 4096, 4096, 3616])
    const values = batches.flatMap(({ columns }) => [...(columns[0]!.values as Float64Array)])
    expect(values).toEqual(Array.from({ length: 20_000 }, (_, row) => row))
  })

  it('ends a batch of many columns with a million values', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    const columns = Array.from({ length: 256 }, (_, at) => `range::DOUBLE AS c${at}`)
    const query = sql(`SELECT ${columns.join(', ')} FROM range(10000)`)
    const rows: number[] = []
    for await (const batch of await db.streamColumns(pair, query, { batchRows: 9000 }))
      rows.push(batch.rows)
    expect(rows).toEqual([4096, 4096, 1808])
  })

  it.each([
    ['long texts', `repeat('é', 2100)`, 4096],
    ['long texts within a struct', `{ a: repeat('x', 4200) }`, 4096],
    ['bytes, which are told as text', `repeat('x', 1100)::BLOB`, 4096],
    ['lists', 'range(0, 140)', 4096],
    ['lists in the values of maps', 'map([range], [range(0, 140)])', 4096],
    ['unions of lists', `union_value(a := range(0, 140))`, 4096],
    ['structs', `{ ${Array.from({ length: 140 }, (_, at) => `s${at}: range`).join(', ')} }`, 4096],
    ['names', `1 AS "${'n'.repeat(4200)}"`, 4096],
    ['NULLs', `CASE WHEN range < 0 THEN repeat('x', 4200) END`, 6000],
    ['empty lists', 'CASE WHEN range < 0 THEN range(0, 140) ELSE [] END', 6000],
  ])('ends a batch of %s by their bytes', async (_, value, first) => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    const query = sql(`SELECT ${value} FROM range(6000)`)
    const given: number[] = []
    for await (const batch of await db.streamColumns(pair, query, { batchRows: 6000 }))
      given.push(batch.rows)
    expect(given).toEqual(first === 6000 ? [6000] : [first, 6000 - first])
  })
})

describe('who holds a stream open', () => {
  const endless = sql('SELECT random() AS v FROM range(10_000_000_000)')

  it('gives the connection back by leaving the loop', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    const stream = await db.streamColumns(pair, endless)
    for await (const batch of stream) {
      expect(batch.rows).toBe(8192)
      break
    }
    expect(db.stats().active).toBe(0)
    await db.close()
  })

  it('is told DEADLINE_EXCEEDED, and the pair is free though nobody read on', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    const begun = async (timeoutMs: number): Promise<AsyncIterator<ColumnBatch>> => {
      const stream = await db.streamColumns(pair, endless, { timeoutMs })
      const reading = stream[Symbol.asyncIterator]()
      await reading.next()
      return reading
    }
    // On a busy machine the first rows may come later than the short deadline.
    const reading = await begun(50).catch(() => begun(5000))
    while (db.stats().active > 0) await delay(5)
    await expect(reading.next()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  it('is interrupted by the deadline in the middle of a long statement', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    const sum = sql('SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b')
    await expect(
      db.streamColumns(pair, sum, { timeoutMs: 50 }).then((stream) => rowsOf(stream)),
    ).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(db.stats().active).toBe(0)
  })

  it('is told ABORTED by its signal, while it reads and while it waits', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    for (const wait of [true, false]) {
      const stop = new AbortController()
      const stream = await db.streamColumns(pair, endless, { signal: stop.signal })
      const reading = stream[Symbol.asyncIterator]()
      await reading.next()
      const next = wait ? undefined : reading.next()
      stop.abort()
      if (wait) while (db.stats().active > 0) await delay(5)
      await expect(next ?? reading.next()).rejects.toMatchObject({ code: 'ABORTED' })
      expect(db.stats().active).toBe(0)
    }
  })

  it('is told CLOSED when the manager closes', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    const stream = await db.streamColumns(pair, endless)
    const reading = stream[Symbol.asyncIterator]()
    await reading.next()
    await db.close()
    await expect(reading.next()).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it.each([
    `SELECT CASE WHEN range = 3000000 THEN error('wrong') ELSE 'right' END AS v FROM range(5000000)`,
    `SELECT CASE WHEN range = 3000000 THEN ('x' || range)::BIGINT ELSE range END AS v FROM range(5000000)`,
  ])('hears of an error behind millions of rows: %s', async (text) => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    const stream = await db.streamColumns(pair, sql(text))
    let rows = 0
    const reading = async (): Promise<void> => {
      for await (const batch of stream) rows += batch.rows
    }
    await expect(reading()).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    expect(rows).toBeGreaterThan(2_000_000)
    expect(db.stats().active).toBe(0)
  })

  it('hears of a mistake in the statement at once, and holds nothing', async () => {
    const db = await openManager()
    await db.insertTicks(pair, someTicks(1))
    await expect(db.streamColumns(pair, sql('SELECT nothing FROM ticks'))).rejects.toMatchObject({
      code: 'QUERY_FAILED',
    })
    await expect(db.streamColumns('x/spot/NONE', sql('SELECT 1'))).rejects.toMatchObject({
      code: 'PAIR_NOT_FOUND',
    })
    expect(db.stats().active).toBe(0)
  })
})

function decimalText(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${value < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`
}
