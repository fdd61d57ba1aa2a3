import type { DuckDBDataChunk } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import { nullReader } from './vector-sink.ts'

/** Texts of so many bytes lie inside the engine's 16-byte string headers. */
const maxInlineBytes = 12
const headerBytes = 16

/**
 * Trade ids that are plain whole numbers of up to 12 digits, as nearly all exchanges count them: as
 * the engine lays out texts, and as numbers, which compare as the ids do. No string is made of one
 * before somebody asks for it.
 */
export class PackedIds {
  /** The engine's string headers, one behind the other. */
  headers: Uint8Array
  numbers: Float64Array

  constructor(rows: number) {
    this.headers = new Uint8Array(rows * headerBytes)
    this.numbers = new Float64Array(rows)
  }

  /** Takes a chunk's column of texts; false where one of them is something else, and is not taken. */
  read(chunk: DuckDBDataChunk, column: number, at: number): boolean {
    const rows = chunk.rowCount
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, column)
    const data = duckdb.vector_get_data(vector, rows * headerBytes)
    const isNull = nullReader(vector, rows)
    for (let row = 0; row < rows; row++) {
      const number = isNull?.(row) === true ? -1 : numberAt(data, row * headerBytes)
      if (number < 0) return false
      this.numbers[at + row] = number
    }
    this.headers.set(data, at * headerBytes)
    return true
  }

  /** Room for more of them. */
  grow(rows: number): void {
    const { headers, numbers } = new PackedIds(rows)
    headers.set(this.headers)
    numbers.set(this.numbers)
    this.headers = headers
    this.numbers = numbers
  }

  text(row: number): string {
    return String(this.numbers[row])
  }

  texts(rows: number): string[] {
    return Array.from({ length: rows }, (_, row) => this.text(row))
  }

  /** Those of some rows. */
  pick(rows: readonly number[]): PackedIds {
    const picked = new PackedIds(rows.length)
    for (const [to, row] of rows.entries()) {
      picked.numbers[to] = this.numbers[row]!
      const from = row * headerBytes
      picked.headers.set(this.headers.subarray(from, from + headerBytes), to * headerBytes)
    }
    return picked
  }
}

/** Whether all of a chunk's column are plain numbers, none of them missing. */
export function arePlainNumbers(chunk: DuckDBDataChunk, column: number): boolean {
  const rows = chunk.rowCount
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, column)
  const data = duckdb.vector_get_data(vector, rows * headerBytes)
  const isNull = nullReader(vector, rows)
  for (let row = 0; row < rows; row++)
    if (isNull?.(row) === true || numberAt(data, row * headerBytes) < 0) return false
  return true
}

/** The number that a text is, as {@link PackedIds} takes it; -1 for any other text. */
export function packedNumber(text: string): number {
  return /^(?:0|[1-9]\d{0,11})$/.test(text) ? Number(text) : -1
}

/** The same of a string header: four bytes of length, little end first, then the text. */
function numberAt(data: Uint8Array, at: number): number {
  const length = data[at]!
  const isShort = length > 0 && length <= maxInlineBytes && (data[at + 1]! | data[at + 2]!) === 0
  if (!isShort || data[at + 3] !== 0) return -1
  const from = at + 4
  if (data[from] === 0x30) return length === 1 ? 0 : -1
  let number = 0
  for (let byte = from; byte < from + length; byte++) {
    const digit = data[byte]! - 0x30
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number
}
