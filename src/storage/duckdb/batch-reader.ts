import {
  DuckDBTypeId,
  type DuckDBDataChunk,
  DuckDBEnumType,
  type DuckDBType,
} from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import type { ColumnData, ColumnKind, StreamColumn } from './column-batch.ts'
import { columnSink } from './read-vector.ts'
import { LentRooms } from './lent-rooms.ts'
import { TextBytes } from './text-bytes.ts'
import { isMarked, toldJson } from './told-numbers.ts'
import { readVectorBytes } from './vector-bytes.ts'
import { nullReader } from './vector-sink.ts'

/**
 * Fills one column of a batch, chunk after chunk, by copying the bytes of DuckDB's vectors: no
 * text and no BigInt is made. Reading a million ticks so takes a tenth of what their values take.
 */
export interface BatchReader {
  readonly column: Omit<StreamColumn, 'name'>
  read(chunk: DuckDBDataChunk, column: number, at: number): void
  /** The `rows` values that were read; those of the third batch from here on write over them. */
  lend(rows: number): ColumnData
}

/** A reader for batches of up to `capacity` rows of a type. */
export function batchReader(type: DuckDBType, capacity: number): BatchReader {
  if (type.typeId === DuckDBTypeId.VARCHAR) return new TextReader(capacity)
  if (type instanceof DuckDBEnumType) {
    const words = type.values
    if (words.length <= 128) return new EnumReader(capacity, words)
  }
  const kind = wordKinds[type.typeId]
  if (kind !== undefined) return new WordReader(kind, capacity)
  return new ValueReader(type, valueKinds[type.typeId] ?? 'utf8', capacity)
}

const wordBytes = 8

/** What DuckDB keeps as one 64-bit word, which a batch keeps as it is. */
const wordKinds: Partial<Record<DuckDBTypeId, 'float64' | 'int64' | 'timestamp'>> = {
  [DuckDBTypeId.DOUBLE]: 'float64',
  [DuckDBTypeId.BIGINT]: 'int64',
  [DuckDBTypeId.TIMESTAMP]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_TZ]: 'timestamp',
}

/** Kinds of what is read by value; all other types are told as text. */
const valueKinds: Partial<Record<DuckDBTypeId, ColumnKind>> = {
  [DuckDBTypeId.BOOLEAN]: 'boolean',
  [DuckDBTypeId.FLOAT]: 'float64',
  [DuckDBTypeId.DECIMAL]: 'float64',
  [DuckDBTypeId.UBIGINT]: 'float64',
  [DuckDBTypeId.HUGEINT]: 'float64',
  [DuckDBTypeId.UHUGEINT]: 'float64',
  [DuckDBTypeId.BIGNUM]: 'float64',
  [DuckDBTypeId.TINYINT]: 'int64',
  [DuckDBTypeId.UTINYINT]: 'int64',
  [DuckDBTypeId.SMALLINT]: 'int64',
  [DuckDBTypeId.USMALLINT]: 'int64',
  [DuckDBTypeId.INTEGER]: 'int64',
  [DuckDBTypeId.UINTEGER]: 'int64',
  [DuckDBTypeId.TIMESTAMP_S]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_MS]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_NS]: 'timestamp',
  [DuckDBTypeId.LIST]: 'json',
  [DuckDBTypeId.STRUCT]: 'json',
  [DuckDBTypeId.ARRAY]: 'json',
  [DuckDBTypeId.MAP]: 'json',
}

/** The NULLs of a batch; undefined while there is none. */
class Nulls {
  bytes: Uint8Array | undefined
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  mark(vector: duckdb.Vector, rows: number, at: number): void {
    const isNull = nullReader(vector, rows)
    if (isNull === undefined) return
    for (let row = 0; row < rows; row++) if (isNull(row)) this.set(at + row)
  }

  set(row: number): void {
    this.bytes ??= new Uint8Array(this.#capacity)
    this.bytes[row] = 1
  }

  take(rows: number): Uint8Array | undefined {
    const taken = this.bytes?.slice(0, rows)
    this.bytes = undefined
    return taken
  }
}

class WordReader implements BatchReader {
  readonly column: { readonly kind: 'float64' | 'int64' | 'timestamp' }
  readonly #nulls: Nulls
  readonly #words = new LentRooms()

  constructor(kind: 'float64' | 'int64' | 'timestamp', capacity: number) {
    this.column = { kind }
    this.#nulls = new Nulls(capacity)
  }

  read(chunk: DuckDBDataChunk, column: number, at: number): void {
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, column)
    const length = chunk.rowCount * wordBytes
    this.#words.reserve(at * wordBytes + length)
    readVectorBytes(vector, length, (words) => this.#words.bytes.set(words, at * wordBytes))
    this.#nulls.mark(vector, chunk.rowCount, at)
  }

  lend(rows: number): ColumnData {
    const { buffer, byteOffset } = this.#words.bytes
    this.#words.turn()
    const nulls = this.#nulls.take(rows)
    const { kind } = this.column
    return kind === 'float64'
      ? { kind, nulls, values: new Float64Array(buffer, byteOffset, rows) }
      : { kind, nulls, values: new BigInt64Array(buffer, byteOffset, rows) }
  }
}

class EnumReader implements BatchReader {
  readonly column: { readonly kind: 'enum'; readonly words: readonly string[] }
  readonly #nulls: Nulls
  readonly #codes = new LentRooms()

  constructor(capacity: number, words: readonly string[]) {
    this.column = { kind: 'enum', words }
    this.#nulls = new Nulls(capacity)
  }

  read(chunk: DuckDBDataChunk, column: number, at: number): void {
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, column)
    this.#codes.reserve(at + chunk.rowCount)
    readVectorBytes(vector, chunk.rowCount, (codes) => this.#codes.bytes.set(codes, at))
    this.#nulls.mark(vector, chunk.rowCount, at)
  }

  lend(rows: number): ColumnData {
    const values = this.#codes.bytes.subarray(0, rows)
    this.#codes.turn()
    return { ...this.column, nulls: this.#nulls.take(rows), values }
  }
}

class TextReader implements BatchReader {
  readonly column: { readonly kind: 'utf8' } = { kind: 'utf8' }
  readonly #nulls: Nulls
  readonly #texts = new TextBytes()

  constructor(capacity: number) {
    this.#nulls = new Nulls(capacity)
  }

  read(chunk: DuckDBDataChunk, column: number, at: number): void {
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, column)
    this.#texts.readVector(vector, chunk.rowCount, at)
    this.#nulls.mark(vector, chunk.rowCount, at)
  }

  lend(rows: number): ColumnData {
    return { kind: 'utf8', nulls: this.#nulls.take(rows), ...this.#texts.lend(rows) }
  }
}

/** What is not copied: values as `queryColumns` reads them, told as the column's kind. */
class ValueReader implements BatchReader {
  readonly column: { readonly kind: ColumnKind }
  readonly #type: DuckDBType
  readonly #nulls: Nulls
  readonly #values: unknown[] = []
  readonly #exact = new Map<number, string>()

  constructor(type: DuckDBType, kind: ColumnKind, capacity: number) {
    this.column = { kind }
    this.#type = type
    this.#nulls = new Nulls(capacity)
  }

  read(chunk: DuckDBDataChunk, column: number, at: number): void {
    const sink = columnSink(this.#type, chunk.rowCount)
    const exact = new Map<number, string>()
    if (this.column.kind === 'float64' || this.column.kind === 'json') sink.exact = exact
    sink.read(chunk, column, 0)
    for (const [row, value] of exact) this.#exact.set(at + row, value)
    for (const [row, value] of sink.values.entries()) {
      if (value === null || sink.nulls?.[row] === 1) this.#nulls.set(at + row)
      this.#values.push(value)
    }
  }

  lend(rows: number): ColumnData {
    const values = this.#values.splice(0)
    const { kind } = this.column
    const nulls = this.#nulls.take(rows)
    if (kind === 'utf8') {
      const texts = new TextBytes()
      for (const [row, value] of values.entries())
        texts.add(nulls?.[row] === 1 ? '' : String(value), row)
      return { kind, nulls, ...texts.lend(rows) }
    }
    if (kind === 'json') return jsonColumn(values, nulls)
    if (kind === 'float64') {
      const exact = this.#exact.size === 0 ? undefined : new Map(this.#exact)
      this.#exact.clear()
      return { kind, nulls, values: Float64Array.from(values, Number), exact }
    }
    if (kind === 'int64' || kind === 'timestamp') {
      const scale = kind === 'timestamp' ? 1000 : 1
      const words = values.map((value, row) =>
        nulls?.[row] === 1 ? 0n : BigInt(Math.round(Number(value) * scale)),
      )
      return { kind, nulls, values: BigInt64Array.from(words) }
    }
    return { kind: 'boolean', nulls, values: Uint8Array.from(values, Number) }
  }
}

function jsonColumn(values: readonly unknown[], nulls: Uint8Array | undefined): ColumnData {
  const texts = new TextBytes()
  const marked = new Map<number, string>()
  for (const [row, value] of values.entries()) {
    const text = nulls?.[row] === 1 ? '' : JSON.stringify(value)
    if (isMarked(text)) marked.set(row, text)
    texts.add(isMarked(text) ? toldJson(text) : text, row)
  }
  return {
    kind: 'json',
    nulls,
    ...texts.lend(values.length),
    ...(marked.size === 0 ? {} : { marked }),
  }
}
