import type { DuckDBConnection } from '@duckdb/node-api'
import type { ArchivedRelation } from '../../../archive/part-path.ts'
import { mergeParts, partColumns } from '../../../schema/candles.ts'
import { tickOrder } from '../../../schema/tables.ts'
import { followsPreviousSql } from '../../../schema/ticks-in-order.ts'
import { readRows } from '../../duckdb/read-rows.ts'
import { parquetFiles } from '../../file/parquet-files.ts'

/** Rows for a part: a table or a SELECT in brackets, and which of its rows. */
export interface PartRows {
  readonly relation: ArchivedRelation
  readonly from: string
  readonly where: string
}

/** What rows are, whatever their order. Times in Unix µs. */
export interface RowsMeasure {
  readonly rows: number
  readonly first: number
  readonly last: number
  /** Of every value of every row. */
  readonly digest: string
}

const tickColumns = ['timestamp', 'price', 'volume', 'side', 'trade_id']

/** The columns of a part, as expressions over the pair's own tables. */
function columnsOf(relation: ArchivedRelation): readonly string[] {
  return relation === 'ticks'
    ? tickColumns.map((column) => (column === 'side' ? 'side::VARCHAR AS side' : column))
    : ['timeframe', ...partColumns]
}

/** The one order of a part's rows: the same rows make the same bytes. */
function orderOf(relation: ArchivedRelation): string {
  return relation === 'ticks' ? tickOrder : partColumns.join(', ')
}

/** Counts the rows and reads every value of them; undefined where there are none. */
export async function measureRows(
  connection: DuckDBConnection,
  { relation, from, where }: PartRows,
): Promise<RowsMeasure | undefined> {
  return readMeasure(connection, `SELECT ${measureOf(relation)} FROM ${from} WHERE ${where}`)
}

/** The same, and whether the rows stand in a part's order already, as nearly all ticks do. */
export async function measureInOrder(
  connection: DuckDBConnection,
  { relation, from, where }: PartRows,
): Promise<{ readonly measured: RowsMeasure; readonly inOrder: boolean } | undefined> {
  if (relation !== 'ticks') {
    const measured = await measureRows(connection, { relation, from, where })
    return measured && { measured, inOrder: false }
  }
  const previous = tickColumns.map((column) => `lag(${column}) OVER () AS previous_${column}`)
  const found = await readMeasure<RowsMeasure & { readonly inOrder: boolean }>(
    connection,
    `SELECT ${measureOf(relation)}, bool_and(${followsPreviousSql}) AS "inOrder"
     FROM (SELECT ${tickColumns.join(', ')}, ${previous.join(', ')} FROM ${from} WHERE ${where})`,
  )
  if (found === undefined) return undefined
  const { inOrder, ...measured } = found
  return { measured, inOrder }
}

/** {@link RowsMeasure} as aggregates. */
function measureOf(relation: ArchivedRelation): string {
  const values = relation === 'ticks' ? tickColumns : ['timeframe', ...partColumns]
  const hashed = values.map((column) => (column === 'side' ? 'side::VARCHAR' : column))
  return `count(*) AS rows, epoch_us(min(timestamp)) AS "first", epoch_us(max(timestamp)) AS "last",
    sum(hash(${hashed.join(', ')})::HUGEINT)::VARCHAR AS digest`
}

async function readMeasure<T extends RowsMeasure>(
  connection: DuckDBConnection,
  sql: string,
): Promise<T | undefined> {
  const [found] = await readRows<T>(connection, sql)
  return found === undefined || found.rows === 0 ? undefined : found
}

/** Ids have no two alike: what tries for a dictionary of them longer gains nothing. */
const maxDistinct = 4096

/**
 * Writes the rows into a Parquet file, in order. What is in order already is not sorted, which is a
 * quarter of the work; it is gathered first, since row groups would follow how the rows came in, and
 * the same rows have to make the same bytes. The second version of Parquet's encodings stores times and
 * ids as differences: a quarter of the work less, and of real trades a third of the bytes.
 */
export async function copyRows(
  connection: DuckDBConnection,
  { relation, from, where }: PartRows,
  { file, inOrder }: { readonly file: string; readonly inOrder: boolean },
): Promise<void> {
  const rows = `SELECT ${columnsOf(relation).join(', ')} FROM ${from} WHERE ${where}`
  const ordered = inOrder
    ? `WITH gathered AS MATERIALIZED (${rows}) FROM gathered`
    : `${rows} ORDER BY ${orderOf(relation)}`
  await connection.run(
    `COPY (${ordered}) TO '${file.replaceAll(`'`, `''`)}' (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT ${maxDistinct})`,
  )
}

/** The rows of parts that are files on this machine, candles with their pieces merged. */
export function rowsOfFiles(relation: ArchivedRelation, files: readonly string[]): PartRows {
  const stored = `(SELECT * FROM ${parquetFiles(files)})`
  const merged = `(SELECT * FROM (${mergeParts(stored, ['timeframe', 'timestamp'])}))`
  return { relation, from: relation === 'ticks' ? stored : merged, where: 'true' }
}

/** One part that is a file on this machine, as it is. */
export function rowsOfFile(relation: ArchivedRelation, file: string): PartRows {
  return { relation, from: parquetFiles([file]), where: 'true' }
}
