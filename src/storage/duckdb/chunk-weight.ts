import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBTypeId,
  DuckDBUnionType,
  type DuckDBDataChunk,
  type DuckDBType,
} from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import { PairduckError } from '../../errors.ts'
import { readVectorBytes } from './vector-bytes.ts'
import { nullReader } from './vector-sink.ts'

/** A batch ends with the chunk that brings it to so many bytes: three batches are in memory at once. */
export const maxBatchBytes: number = 2 ** 24
/**
 * More, in one chunk of a stranger's, hold up everybody for a second and more while they are made into
 * values. The engine makes a chunk whole, so it is not given in parts.
 */
const maxStrangersBytes = 2 ** 25

/** What a value of a row takes, be it as one of a column, or as one of an object. */
export const valueBytes = 16
/** The same of one within a list, a map or a struct, which is an object of its own or part of one. */
const nestedBytes = 32

/** What lies behind a string header, and how many bytes of text are told for one of its bytes. */
const textTypes: Partial<Record<DuckDBTypeId, number>> = {
  [DuckDBTypeId.VARCHAR]: 1,
  [DuckDBTypeId.BIGNUM]: 3,
  [DuckDBTypeId.BLOB]: 4,
  [DuckDBTypeId.GEOMETRY]: 4,
  [DuckDBTypeId.BIT]: 8,
}
const headerWords = 4

/** Refuses rows of a stranger's that would stop the process while they are made into values. */
export function refuseHeavyChunk(bytes: number): void {
  if (bytes <= maxStrangersBytes) return
  throw new PairduckError(
    'REQUEST_REFUSED',
    `over HTTP 2,048 rows hold ${maxStrangersBytes / 2 ** 20} MB at most, where a value counts as ${valueBytes} bytes, one within lists, maps and structs as ${nestedBytes}, and texts and the names of columns as long as they are: ask for fewer rows (LIMIT) or columns, for parts of long texts (left(…)), or for rows by unnest(…)`,
  )
}

/** About how many bytes the rows of a chunk take as values. */
export function chunkBytes(chunk: DuckDBDataChunk, types: readonly DuckDBType[]): number {
  const rows = chunk.rowCount
  return types.reduce(
    (sum, type, column) =>
      sum +
      rows * valueBytes +
      bytesBehind({ type, rows, vector: () => duckdb.data_chunk_get_vector(chunk.chunk, column) }),
    0,
  )
}

interface Part {
  readonly type: DuckDBType
  readonly rows: number
  readonly vector: () => duckdb.Vector
}

function bytesBehind(part: Part): number {
  if (part.rows === 0) return 0
  const textBytes = textTypes[part.type.typeId]
  if (textBytes !== undefined) return textBytes * lengthOfTexts(part.vector(), part.rows)
  return partsWithin(part).reduce(
    (sum, inner) => sum + inner.rows * nestedBytes + bytesBehind(inner),
    0,
  )
}

function partsWithin({ type, rows, vector }: Part): Part[] {
  if (type instanceof DuckDBStructType)
    return type.entryTypes.map((entry, at) => ({ type: entry, rows, vector: child(vector, at) }))
  // The first one tells which of the others there is.
  if (type instanceof DuckDBUnionType)
    return type.memberTypes.map((member, at) => ({
      type: member,
      rows,
      vector: child(vector, at + 1),
    }))
  if (type instanceof DuckDBArrayType)
    return [
      {
        type: type.valueType,
        rows: rows * type.length,
        vector: () => duckdb.array_vector_get_child(vector()),
      },
    ]
  if (!(type instanceof DuckDBListType || type instanceof DuckDBMapType)) return []
  const items = () => duckdb.list_vector_get_child(vector())
  const length = duckdb.list_vector_get_size(vector())
  if (type instanceof DuckDBListType) return [{ type: type.valueType, rows: length, vector: items }]
  return [type.keyType, type.valueType].map((each, at) => ({
    type: each,
    rows: length,
    vector: child(items, at),
  }))
}

function child(vector: () => duckdb.Vector, at: number): () => duckdb.Vector {
  return () => duckdb.struct_vector_get_child(vector(), at)
}

function lengthOfTexts(vector: duckdb.Vector, rows: number): number {
  const isNull = nullReader(vector, rows)
  let sum = 0
  readVectorBytes(vector, rows * headerWords * 4, ({ buffer, byteOffset }) => {
    const words = new Uint32Array(buffer, byteOffset, rows * headerWords)
    // What lies in the place of a NULL is nothing that was written there.
    for (let row = 0; row < rows; row++)
      if (isNull?.(row) !== true) sum += words[row * headerWords]!
  })
  return sum
}
