import type { DuckDBConnection } from '@duckdb/node-api'
import type { ArchivedRelation } from '../../../archive/part-path.ts'
import { mergeParts, partColumns } from '../../../schema/candles.ts'
import { tickOrder } from '../../../schema/tables.ts'
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
  const values = relation === 'ticks' ? tickColumns : ['timeframe', ...partColumns]
  const hashed = values.map((column) => (column === 'side' ? 'side::VARCHAR' : column))
  const [found] = await readRows<RowsMeasure>(
    connection,
    `SELECT count(*) AS rows, epoch_us(min(timestamp)) AS "first", epoch_us(max(timestamp)) AS "last",
       sum(hash(${hashed.join(', ')})::HUGEINT)::VARCHAR AS digest
     FROM ${from} WHERE ${where}`,
  )
  return found === undefined || found.rows === 0 ? undefined : found
}

/** Writes the rows into a Parquet file, in order. */
export async function copyRows(
  connection: DuckDBConnection,
  { relation, from, where }: PartRows,
  file: string,
): Promise<void> {
  await connection.run(
    `COPY (SELECT ${columnsOf(relation).join(', ')} FROM ${from} WHERE ${where} ORDER BY ${orderOf(relation)})
     TO '${file.replaceAll(`'`, `''`)}' (FORMAT parquet, COMPRESSION zstd)`,
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
