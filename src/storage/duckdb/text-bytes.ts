import duckdb from '@duckdb/node-bindings'
import { LentRooms } from './lent-rooms.ts'
import { readVectorBytes } from './vector-bytes.ts'
import { nullReader } from './vector-sink.ts'

/** Texts of so many bytes lie inside the engine's 16-byte string headers. */
const maxInlineBytes = 12
const headerBytes = 16

/** The texts of a batch as one run of UTF-8 bytes, with where each begins. */
export class TextBytes {
  readonly #texts = new LentRooms()
  readonly #offsets = new LentRooms()
  #length = 0

  /**
   * Copies a VARCHAR vector. Texts of up to 12 bytes lie inside DuckDB's 16-byte string headers,
   * longer ones behind a pointer.
   */
  readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const isNull = nullReader(vector, rows)
    readVectorBytes(vector, rows * headerBytes, (headers) =>
      this.#readHeaders(headers, { rows, at, isNull }),
    )
  }

  #readHeaders(
    headers: Uint8Array,
    {
      rows,
      at,
      isNull,
    }: {
      readonly rows: number
      readonly at: number
      readonly isNull: ((row: number) => boolean) | undefined
    },
  ): void {
    const read = new DataView(headers.buffer, headers.byteOffset, headers.byteLength)
    const offsets = this.#offsetsUntil(at + rows)
    let end = this.#length
    let view = this.#textsUntil(end + rows * maxInlineBytes)
    for (let row = 0; row < rows; row++) {
      const header = row * headerBytes
      // What lies in the place of a NULL is nothing that was written there.
      const length = isNull?.(row) === true ? 0 : read.getUint32(header, true)
      if (length <= maxInlineBytes) {
        // Twelve bytes whatever the length, which the next text writes over, and eight of them at
        // once: bytes one by one are slow. None are a NaN, whose bits might change: it would end
        // with 0xff, or with 0xf0 or more and then 0x7f, and neither is in UTF-8.
        view.setFloat64(end, read.getFloat64(header + 4, true), true)
        view.setUint32(end + 8, read.getUint32(header + 12, true), true)
      } else {
        this.#length = end
        view = this.#textsUntil(end + length + (rows - row) * maxInlineBytes)
        const pointer = headers.byteOffset + header + 8
        this.#texts.bytes.set(
          duckdb.get_data_from_pointer(headers.buffer as ArrayBuffer, pointer, length),
          end,
        )
      }
      end += length
      offsets[at + row + 1] = end
    }
    this.#length = end
  }

  add(text: string, row: number): void {
    const bytes = Buffer.from(text)
    this.#textsUntil(this.#length + bytes.length)
    this.#texts.bytes.set(bytes, this.#length)
    this.#length += bytes.length
    this.#offsetsUntil(row + 1)[row + 1] = this.#length
  }

  /** The texts of the batch; they are lent as its other columns are. */
  lend(rows: number): { values: Uint8Array; offsets: Int32Array } {
    const lent = {
      values: this.#texts.bytes.subarray(0, this.#length),
      offsets: this.#offsetsUntil(rows).subarray(0, rows + 1),
    }
    this.#texts.turn()
    this.#offsets.turn()
    this.#length = 0
    return lent
  }

  #textsUntil(end: number): DataView {
    this.#texts.reserve(end)
    const { buffer, byteOffset, byteLength } = this.#texts.bytes
    return new DataView(buffer, byteOffset, byteLength)
  }

  #offsetsUntil(rows: number): Int32Array {
    this.#offsets.reserve((rows + 1) * 4)
    const { buffer, byteOffset } = this.#offsets.bytes
    const offsets = new Int32Array(buffer, byteOffset, rows + 1)
    offsets[0] = 0
    return offsets
  }
}
