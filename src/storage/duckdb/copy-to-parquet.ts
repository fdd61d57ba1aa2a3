import type { DuckDBConnection } from '@duckdb/node-api'
import { readRows, type SqlParams } from './read-rows.ts'

/** Has the engine write a SELECT's rows into a Parquet file; gives their number. */
export async function copyToParquet(
  connection: DuckDBConnection,
  { select, params }: { readonly select: string; readonly params?: SqlParams },
  file: string,
): Promise<number> {
  // By itself first: a text that only inside the brackets is a statement could name a file of its own.
  const alone = await connection.prepare(select)
  alone.destroySync()
  const to = `'${file.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`
  const text = `COPY (\n${select}\n) TO ${to}`
  const [row] = await readRows<{ Count: number }>(connection, text, params)
  return row?.Count ?? 0
}
