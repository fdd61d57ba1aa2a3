import type { DuckDBConnection } from '@duckdb/node-api'
import type { InsertColumn } from '../../schema/insert-columns.ts'
import type { Relation } from '../../schema/tables.ts'
import { microsFromMs } from '../../time.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { inTransaction } from '../duckdb/transaction.ts'
import type { RowCounts } from '../events/outcomes.ts'
import { microsOf, type RowRecord, type RowRelation } from './row-relation.ts'

/** Rows of calls, each call's by itself. */
export type RowsOfCalls = readonly (readonly RowRecord[])[]

/**
 * Stores the rows of some calls, all or none; each replaces the one with its key, so that sending
 * them again changes nothing. The counts are those of the calls one after the other.
 */
export function upsertRows(
  connection: DuckDBConnection,
  relation: RowRelation,
  calls: RowsOfCalls,
): Promise<RowCounts[]> {
  return inTransaction(connection, async () => {
    const mark = await readMark(connection, relation.name)
    const rows = newestRows(relation, calls, mark)
    const keys = [...rows.keys()]
    await give(connection, relation.columns, [...rows.values()])
    const there = await readRows<{ ordinal: number }>(connection, relation.thereSql)
    await connection.run(`${relation.putSql}; DROP TABLE pairduck_given`)
    const stored = new Set(there.map(({ ordinal }) => keys[ordinal]))
    return countRows(relation, calls, { mark, isThere: (key) => stored.has(key) })!
  })
}

/** Puts rows into a relation as {@link upsertRows} does, in a transaction of the caller's. */
export async function putRows(
  connection: DuckDBConnection,
  relation: RowRelation,
  given: readonly RowRecord[],
): Promise<void> {
  const rows = newestRows(relation, [given], await readMark(connection, relation.name))
  await give(connection, relation.columns, [...rows.values()])
  await connection.run(`${relation.putSql}; DROP TABLE pairduck_given`)
}

/** Of the calls' rows those that stand in the end, by their keys: of one key the last, and none older than the mark. */
export function newestRows(
  { keyOf }: RowRelation,
  calls: RowsOfCalls,
  mark: number,
): Map<string | number, RowRecord> {
  const rows = new Map<string | number, RowRecord>()
  for (const call of calls)
    for (const row of call) if (microsOf(row) >= mark) rows.set(keyOf(row), row)
  return rows
}

/**
 * What becomes of each call's rows where the rows of `isThere` are stored and none before the mark
 * (µs); undefined where it does not know of one.
 */
export function countRows(
  { keyOf }: RowRelation,
  calls: RowsOfCalls,
  of: { mark: number; isThere: (key: string | number, row: RowRecord) => boolean | undefined },
): RowCounts[] | undefined {
  const stored = new Set<string | number>()
  const counts: RowCounts[] = []
  for (const rows of calls) {
    let [inserted, expired] = [0, 0]
    for (const row of rows) {
      if (microsOf(row) < of.mark) {
        expired++
        continue
      }
      const key = keyOf(row)
      if (stored.has(key)) continue
      const isThere = of.isThere(key, row)
      if (isThere === undefined) return undefined
      if (!isThere) inserted++
      stored.add(key)
    }
    counts.push({ inserted, replaced: rows.length - inserted - expired, expired })
  }
  return counts
}

/** Retention's mark of a relation in µs: nothing before it is stored again. */
export async function readMark(connection: DuckDBConnection, relation: Relation): Promise<number> {
  const [mark] = await readRows<{ deletedBefore: number }>(
    connection,
    `SELECT deleted_before AS "deletedBefore" FROM pairduck_marks WHERE relation = '${relation}'`,
  )
  return microsFromMs(mark?.deletedBefore ?? -Infinity)
}

/**
 * Lays rows down as `pairduck_given`, with their ordinals; as one JSON parameter, whose numbers
 * DuckDB reads back to the last bit.
 */
async function give(
  connection: DuckDBConnection,
  columns: readonly InsertColumn<never>[],
  rows: readonly object[],
): Promise<void> {
  await readRows(
    connection,
    `CREATE OR REPLACE TEMP TABLE pairduck_given AS SELECT * FROM (${fromJson(columns)})`,
    { payload: JSON.stringify(rows.map((row, ordinal) => ({ ...row, ordinal }))) },
  )
}

function fromJson<Row>(columns: readonly InsertColumn<Row>[]): string {
  const types = columns.map(([, column, kind]) => `"${column}":"${jsonType(kind)}"`)
  const fields = columns.map(([, column, kind]) =>
    kind === 'time' ? `make_timestamp(entry.${column}) AS ${column}` : `entry.${column}`,
  )
  types.push('"ordinal":"BIGINT"')
  fields.push('entry.ordinal')
  return `SELECT ${fields.join(', ')} FROM (SELECT unnest(from_json($payload, '[{${types.join(',')}}]')) AS entry)`
}

function jsonType(kind: InsertColumn<never>[2]): string {
  if (kind === 'time' || kind === 'count') return 'BIGINT'
  return kind === 'number' ? 'DOUBLE' : 'VARCHAR'
}
