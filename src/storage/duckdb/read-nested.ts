import type { DuckDBListType, DuckDBStructType, DuckDBType } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import { rowMaker } from './row-maker.ts'
import { markedDigits, markedDouble, markedText } from './told-numbers.ts'
import { markNulls, unfilled, VectorSink } from './vector-sink.ts'

type MakeSink = (type: DuckDBType, rows: number) => VectorSink

/** Lists as arrays. What all lists of a vector hold lies in one vector behind it, read at once. */
export class ListSink extends VectorSink {
  override readonly values: unknown[]
  readonly #make: (rows: number) => VectorSink

  constructor({ valueType }: DuckDBListType, rows: number, make: MakeSink) {
    super()
    this.values = unfilled(rows)
    this.#make = (length) => make(valueType, length)
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const length = duckdb.list_vector_get_size(vector)
    const child = within(this, this.#make(length))
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

/** Structs as objects: columns inside a column. One without names is an array, as its parts are told by their places. */
export class StructSink extends VectorSink {
  override readonly values: unknown[]
  readonly #names: readonly string[]
  readonly #make: (rows: number) => VectorSink[]

  constructor({ entryNames, entryTypes }: DuckDBStructType, rows: number, make: MakeSink) {
    super()
    this.values = unfilled(rows)
    this.#names = entryNames
    this.#make = (length) => entryTypes.map((type) => make(type, length))
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const sinks = this.#make(rows).map((sink) => within(this, sink))
    for (const [index, sink] of sinks.entries())
      sink.readVector(duckdb.struct_vector_get_child(vector, index), rows, 0)
    const made = this.#names.every((name) => name === '')
      ? tuples(sinks, rows)
      : this.#objects(sinks, rows)
    for (let row = 0; row < rows; row++) this.values[at + row] = made[row]
    markNulls(this, vector, rows, at, null)
  }

  #objects(sinks: readonly VectorSink[], rows: number): unknown[] {
    const parts = this.exact === undefined ? sinks : sinks.map((sink) => markedColumn(sink))
    return rowMaker(this.#names)(parts, rows)
  }
}

function tuples(sinks: readonly VectorSink[], rows: number): unknown[][] {
  const parts = sinks.map((sink) => plainItems(sink))
  return Array.from({ length: rows }, (_, row) => parts.map((items) => items[row]))
}

function markedColumn(sink: VectorSink): { values: unknown[]; nulls: undefined } {
  return { values: plainItems(sink), nulls: undefined }
}

/** What lies in a column whose digits are kept keeps its own. */
function within(parent: VectorSink, child: VectorSink): VectorSink {
  if (parent.exact !== undefined) child.exact = new Map()
  return child
}

/** The values of a sink as an array in which a NULL is null; marked where its digits are kept. */
function plainItems({ values, nulls: absent, exact }: VectorSink): unknown[] {
  if (Array.isArray(values))
    return exact === undefined
      ? values
      : values.map((value: unknown) => (typeof value === 'string' ? markedText(value) : value))
  return Array.from(values, (value, row) => {
    if (absent?.[row] === 1) return null
    if (exact === undefined) return value
    const digits = exact.get(row)
    return digits === undefined ? markedDouble(value) : markedDigits(digits)
  })
}
