import type { DuckDBListType, DuckDBStructType, DuckDBType } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import { rowMaker } from './row-maker.ts'
import { markNulls, unfilled, VectorSink } from './vector-sink.ts'

type MakeSink = (type: DuckDBType, rows: number) => VectorSink | undefined

/** Lists as arrays. What all lists of a vector hold lies in one vector behind it, read at once. */
export class ListSink extends VectorSink {
  override readonly values: unknown[]
  readonly #make: (rows: number) => VectorSink

  private constructor(rows: number, make: (rows: number) => VectorSink) {
    super()
    this.values = unfilled(rows)
    this.#make = make
  }

  static of({ valueType }: DuckDBListType, rows: number, make: MakeSink): ListSink | undefined {
    if (make(valueType, 0) === undefined) return undefined
    return new ListSink(rows, (length) => make(valueType, length)!)
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const length = duckdb.list_vector_get_size(vector)
    const child = this.#make(length)
    if (length > 0) child.readVector(duckdb.list_vector_get_child(vector), length, 0)
    const items = plainItems(child)
    const data = duckdb.vector_get_data(vector, rows * 16)
    // Offset and length of each list, of 64 bits; neither passes 32.
    const entries = new Uint32Array(data.buffer, data.byteOffset, rows * 4)
    for (let row = 0; row < rows; row++) {
      const offset = entries[row * 4]!
      this.values[at + row] = items.slice(offset, offset + entries[row * 4 + 2]!)
    }
    markNulls(this, vector, rows, at, null)
  }
}

/** Structs as objects: columns inside a column. */
export class StructSink extends VectorSink {
  override readonly values: unknown[]
  readonly #names: readonly string[]
  readonly #make: (rows: number) => VectorSink[]

  private constructor(
    rows: number,
    names: readonly string[],
    make: (rows: number) => VectorSink[],
  ) {
    super()
    this.values = unfilled(rows)
    this.#names = names
    this.#make = make
  }

  static of(
    { entryNames, entryTypes }: DuckDBStructType,
    rows: number,
    make: MakeSink,
  ): StructSink | undefined {
    if (entryTypes.some((type) => make(type, 0) === undefined)) return undefined
    return new StructSink(rows, entryNames, (length) =>
      entryTypes.map((type) => make(type, length)!),
    )
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const sinks = this.#make(rows)
    for (const [index, sink] of sinks.entries())
      sink.readVector(duckdb.struct_vector_get_child(vector, index), rows, 0)
    const objects = rowMaker(this.#names)(sinks, rows)
    for (let row = 0; row < rows; row++) this.values[at + row] = objects[row]
    markNulls(this, vector, rows, at, null)
  }
}

/** The values of a sink as an array in which a NULL is null. */
function plainItems({ values, nulls: absent }: VectorSink): unknown[] {
  if (Array.isArray(values)) return values
  return Array.from(values, (value, index) => (absent?.[index] === 1 ? null : value))
}
