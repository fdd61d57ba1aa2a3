import type { DuckDBDataChunk } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'

/** The values of one result column: numbers and times typed, all else as an array. */
export type ColumnValues = Float64Array | unknown[]

/** The columns of a query's rows: a Float64Array where a row has a number or null, else an array. */
export type ColumnsOf<Row> = {
  readonly [Name in keyof Row]-?: unknown extends Row[Name]
    ? ColumnValues
    : [Row[Name]] extends [number | null]
      ? Float64Array
      : Row[Name][]
}

/**
 * One column of a result, filled chunk by chunk straight from DuckDB's vectors. A vector is a view
 * that the next chunk overwrites, so every value is copied. BIGINT becomes a number, TIMESTAMP
 * Unix ms with the microseconds in the fraction.
 */
export interface ColumnSink {
  readonly values: ColumnValues
  /** One byte a row, 1 where it is NULL (a NaN in a Float64Array); undefined while there is none. */
  nulls: Uint8Array | undefined
  /**
   * Given to a sink: takes the digits of the numbers that a double rounds, by its rows. What is
   * nested holds what a double or JSON does not tell with marks then.
   */
  exact: Map<number, string> | undefined
  read(chunk: DuckDBDataChunk, column: number, at: number): void
}

/** A sink that reads a vector by itself, and so also one that lies inside a list or a struct. */
export abstract class VectorSink implements ColumnSink {
  abstract readonly values: ColumnValues
  nulls: Uint8Array | undefined = undefined
  exact: Map<number, string> | undefined = undefined

  read(chunk: DuckDBDataChunk, column: number, at: number): void {
    this.readVector(duckdb.data_chunk_get_vector(chunk.chunk, column), chunk.rowCount, at)
  }

  abstract readVector(vector: duckdb.Vector, rows: number, at: number): void
}

/** Room for a column, every row of which is going to be set. */
export function unfilled(rows: number): unknown[] {
  return Array<unknown>(rows)
}

/** Tells which rows of a vector are NULL; undefined where none can be. */
export function nullReader(
  vector: duckdb.Vector,
  rows: number,
): ((row: number) => boolean) | undefined {
  const validity = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8)
  if (validity === null || validity === undefined || validity.length === 0) return undefined
  return (row) => (validity[row >> 3]! & (1 << (row & 7))) === 0
}

/** Notes which rows of a vector are NULL. */
export function markNulls(
  sink: Pick<ColumnSink, 'values' | 'nulls'>,
  vector: duckdb.Vector,
  rows: number,
  at: number,
  absent: number | null,
): void {
  const isNull = nullReader(vector, rows)
  if (isNull === undefined) return
  for (let row = 0; row < rows; row++) {
    if (!isNull(row)) continue
    sink.nulls ??= new Uint8Array(sink.values.length)
    sink.nulls[at + row] = 1
    sink.values[at + row] = absent
  }
}
