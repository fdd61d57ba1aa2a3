import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBDataChunk,
  type DuckDBType,
} from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import { PairduckError } from '../../errors.ts'

/** Values within lists and maps of 2,048 rows: a million of them hold up everybody for a second. */
const mostNested = 1_000_000

/** Refuses rows of a stranger's that would stop the process while they are made into values. */
export function refuseManyNested(chunk: DuckDBDataChunk, types: readonly DuckDBType[]): void {
  const nested = types.reduce(
    (sum, type, column) =>
      sum + nestedIn(type, chunk.rowCount, () => duckdb.data_chunk_get_vector(chunk.chunk, column)),
    0,
  )
  if (nested <= mostNested) return
  throw new PairduckError(
    'REQUEST_REFUSED',
    `over HTTP the lists and maps of 2,048 rows hold ${mostNested.toLocaleString('en-US')} values at most: ask for fewer rows (LIMIT), or for rows by unnest(…)`,
  )
}

function nestedIn(type: DuckDBType, rows: number, vector: () => duckdb.Vector): number {
  if (type instanceof DuckDBListType || type instanceof DuckDBMapType) {
    const given = vector()
    const length = duckdb.list_vector_get_size(given)
    if (type instanceof DuckDBMapType) return 2 * length
    return length + nestedIn(type.valueType, length, () => duckdb.list_vector_get_child(given))
  }
  if (type instanceof DuckDBArrayType) {
    const length = rows * type.length
    return length + nestedIn(type.valueType, length, () => duckdb.array_vector_get_child(vector()))
  }
  if (!(type instanceof DuckDBStructType)) return 0
  return type.entryTypes.reduce(
    (sum, entry, at) =>
      sum + nestedIn(entry, rows, () => duckdb.struct_vector_get_child(vector(), at)),
    0,
  )
}
