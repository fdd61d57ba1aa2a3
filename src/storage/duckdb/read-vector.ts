import {
  DuckDBListType,
  DuckDBStructType,
  DuckDBTypeId,
  DuckDBVector,
  type DuckDBDecimalType,
  type DuckDBEnumType,
  type DuckDBType,
} from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import { markedValue, msOfMicros, plainValue } from './plain-value.ts'
import { ListSink, StructSink } from './read-nested.ts'
import { wholeDigits } from './told-numbers.ts'
import { markNulls, nullReader, unfilled, VectorSink } from './vector-sink.ts'
import { BooleanSink, WideNumberSink, wideIntegers } from './wide-sinks.ts'

export type { ColumnSink, ColumnsOf, ColumnValues } from './vector-sink.ts'

/** A sink for `rows` rows of a type. */
export function columnSink(type: DuckDBType, rows: number): VectorSink {
  if (type instanceof DuckDBListType) return new ListSink(type, rows, columnSink)
  if (type instanceof DuckDBStructType) return new StructSink(type, rows, columnSink)
  const sink = sinks[type.typeId]?.(rows, type)
  if (sink !== undefined) return sink
  return otherNumbers.has(type.typeId) ? new OtherNumberSink(rows) : new OtherSink(rows)
}

const sinks: Partial<Record<DuckDBTypeId, (rows: number, type: DuckDBType) => VectorSink>> = {
  [DuckDBTypeId.DOUBLE]: (rows) => new NumberSink(rows, 8, Float64Array),
  [DuckDBTypeId.FLOAT]: (rows) => new NumberSink(rows, 4, Float32Array),
  [DuckDBTypeId.TINYINT]: (rows) => new NumberSink(rows, 1, Int8Array),
  [DuckDBTypeId.UTINYINT]: (rows) => new NumberSink(rows, 1, Uint8Array),
  [DuckDBTypeId.SMALLINT]: (rows) => new NumberSink(rows, 2, Int16Array),
  [DuckDBTypeId.USMALLINT]: (rows) => new NumberSink(rows, 2, Uint16Array),
  [DuckDBTypeId.INTEGER]: (rows) => new NumberSink(rows, 4, Int32Array),
  [DuckDBTypeId.UINTEGER]: (rows) => new NumberSink(rows, 4, Uint32Array),
  [DuckDBTypeId.BIGINT]: (rows) => new WholeSink(rows),
  [DuckDBTypeId.TIMESTAMP]: (rows) => new TimeSink(rows),
  [DuckDBTypeId.VARCHAR]: (rows) => new TextSink(rows),
  [DuckDBTypeId.ENUM]: (rows, type) => new EnumSink(rows, type as DuckDBEnumType),
  [DuckDBTypeId.DECIMAL]: (rows, type) => WideNumberSink.decimal(rows, type as DuckDBDecimalType),
  [DuckDBTypeId.BOOLEAN]: (rows) => new BooleanSink(rows),
  ...wideIntegers,
}

/** Numbers and times that the library's own reader reads. */
const otherNumbers: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_NS,
  DuckDBTypeId.TIMESTAMP_TZ,
  DuckDBTypeId.BIGNUM,
])

type NumberView = new (buffer: ArrayBufferLike, offset: number, length: number) => ArrayLike<number>

class NumberSink extends VectorSink {
  override readonly values: Float64Array
  readonly #bytes: number
  readonly #View: NumberView

  constructor(rows: number, bytes: number, View: NumberView) {
    super()
    this.values = new Float64Array(rows)
    this.#bytes = bytes
    this.#View = View
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const data = duckdb.vector_get_data(vector, rows * this.#bytes)
    this.values.set(new this.#View(data.buffer, data.byteOffset, rows), at)
    markNulls(this, vector, rows, at, NaN)
  }
}

/** 64-bit integers as two halves: exact up to 2^53, and twelve times faster than through BigInt. */
abstract class HalvesSink extends VectorSink {
  override readonly values: Float64Array

  constructor(rows: number) {
    super()
    this.values = new Float64Array(rows)
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const data = duckdb.vector_get_data(vector, rows * 8)
    const low = new Uint32Array(data.buffer, data.byteOffset, rows * 2)
    const high = new Int32Array(data.buffer, data.byteOffset, rows * 2)
    const { values } = this
    for (let row = 0; row < rows; row++)
      values[at + row] = high[row * 2 + 1]! * 0x1_0000_0000 + low[row * 2]!
    markNulls(this, vector, rows, at, NaN)
  }
}

class WholeSink extends HalvesSink {
  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    super.readVector(vector, rows, at)
    if (this.exact === undefined) return
    const { buffer, byteOffset } = duckdb.vector_get_data(vector, rows * 8)
    const whole = new BigInt64Array(buffer, byteOffset, rows)
    for (let row = 0; row < rows; row++)
      if (Math.abs(this.values[at + row]!) >= 2 ** 53) this.exact.set(at + row, String(whole[row]))
  }
}

class TimeSink extends HalvesSink {
  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    super.readVector(vector, rows, at)
    const end = at + rows
    for (let row = at; row < end; row++) this.values[row] = msOfMicros(this.values[row]!)
  }
}

/**
 * Texts of up to 12 bytes lie inside DuckDB's 16-byte string headers: those of a chunk are decoded
 * at once and cut out. Longer ones are behind a pointer and are fetched one by one.
 */
class TextSink extends VectorSink {
  override readonly values: unknown[]

  constructor(rows: number) {
    super()
    this.values = unfilled(rows)
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const data = duckdb.vector_get_data(vector, rows * 16)
    const bytes = Buffer.from(data.buffer, data.byteOffset, rows * 16)
    const words = new Uint32Array(data.buffer, data.byteOffset, rows * 4)
    const all = bytes.toString('latin1', 0, rows * 16)
    const isNull = nullReader(vector, rows)
    const { values } = this
    for (let row = 0; row < rows; row++) {
      if (isNull?.(row) === true) continue
      const word = row * 4
      const length = words[word]!
      const inline = length <= 12
      const ascii =
        inline && ((words[word + 1]! | words[word + 2]! | words[word + 3]!) & 0x80808080) === 0
      const start = row * 16 + 4
      if (ascii) values[at + row] = all.substring(start, start + length)
      else if (inline) values[at + row] = bytes.toString('utf8', start, start + length)
      else {
        const text = duckdb.get_data_from_pointer(
          data.buffer as ArrayBuffer,
          data.byteOffset + start + 4,
          length,
        )
        values[at + row] = Buffer.from(text.buffer, text.byteOffset, length).toString('utf8')
      }
    }
    markNulls(this, vector, rows, at, null)
  }
}

class EnumSink extends VectorSink {
  override readonly values: unknown[]
  readonly #names: readonly string[]

  constructor(rows: number, type: DuckDBEnumType) {
    super()
    this.values = unfilled(rows)
    this.#names = type.values
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const wide = this.#names.length > 256
    const data = duckdb.vector_get_data(vector, rows * (wide ? 2 : 1))
    const codes = wide ? new Uint16Array(data.buffer, data.byteOffset, rows) : data
    const { values } = this
    const names = this.#names
    for (let row = 0; row < rows; row++) values[at + row] = names[codes[row]!]
    markNulls(this, vector, rows, at, null)
  }
}

/** Dates, maps …: few rows have them, so the library's own reader serves. */
class OtherSink extends VectorSink {
  override readonly values: unknown[]

  constructor(rows: number) {
    super()
    this.values = unfilled(rows)
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const read = this.exact === undefined ? plainValue : markedValue
    const given = DuckDBVector.create(vector, rows)
    for (let row = 0; row < rows; row++) this.values[at + row] = read(given.getItem(row))
  }
}

class OtherNumberSink extends VectorSink {
  override readonly values: Float64Array

  constructor(rows: number) {
    super()
    this.values = new Float64Array(rows)
  }

  override readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const given = DuckDBVector.create(vector, rows)
    for (let row = 0; row < rows; row++) {
      const value = given.getItem(row)
      this.values[at + row] = value === null ? NaN : Number(plainValue(value))
      const digits = typeof value === 'bigint' ? wholeDigits(value) : undefined
      if (digits !== undefined) this.exact?.set(at + row, digits)
    }
    markNulls(this, vector, rows, at, NaN)
  }
}
