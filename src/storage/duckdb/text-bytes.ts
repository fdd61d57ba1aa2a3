import duckdb from '@duckdb/node-bindings'
import { nullReader } from './vector-sink.ts'

/** The texts of a batch as one run of UTF-8 bytes, with where each begins. */
export class TextBytes {
  readonly #capacity: number
  #bytes: Uint8Array
  #length = 0
  #offsets: Int32Array

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#bytes = new Uint8Array(capacity * 8)
    this.#offsets = new Int32Array(capacity + 1)
  }

  /**
   * Copies a VARCHAR vector. Texts of up to 12 bytes lie inside DuckDB's 16-byte string headers,
   * longer ones behind a pointer.
   */
  readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const data = duckdb.vector_get_data(vector, rows * 16)
    const headers = new Uint8Array(data.buffer, data.byteOffset, rows * 16)
    const words = new Uint32Array(data.buffer, data.byteOffset, rows * 4)
    const isNull = nullReader(vector, rows)
    for (let row = 0; row < rows; row++) {
      // What lies in the place of a NULL is nothing that was written there.
      const length = isNull?.(row) === true ? 0 : words[row * 4]!
      this.#reserve(length)
      if (length <= 12) {
        const from = row * 16 + 4
        for (let byte = 0; byte < length; byte++)
          this.#bytes[this.#length + byte] = headers[from + byte]!
      } else {
        const pointer = data.byteOffset + row * 16 + 8
        const text = duckdb.get_data_from_pointer(data.buffer as ArrayBuffer, pointer, length)
        this.#bytes.set(text, this.#length)
      }
      this.#length += length
      this.#offsets[at + row + 1] = this.#length
    }
  }

  add(text: string, row: number): void {
    const bytes = Buffer.from(text)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    this.#offsets[row + 1] = this.#length
  }

  take(rows: number): { values: Uint8Array; offsets: Int32Array } {
    const taken = {
      values: this.#bytes.subarray(0, this.#length),
      offsets: this.#offsets.subarray(0, rows + 1),
    }
    this.#bytes = new Uint8Array(Math.max(this.#length, this.#capacity * 8))
    this.#offsets = new Int32Array(this.#capacity + 1)
    this.#length = 0
    return taken
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}
