import duckdb from '@duckdb/node-bindings'
import { nullReader } from './vector-sink.ts'

/** Texts of so many bytes lie inside the engine's 16-byte string headers. */
const maxInlineBytes = 12

/** The same memory, to be written by bytes and by words at any place. */
interface Room {
  readonly bytes: Uint8Array
  readonly view: DataView
}

/** The texts of a batch as one run of UTF-8 bytes, with where each begins. */
export class TextBytes {
  readonly #capacity: number
  #room: Room
  #length = 0
  #offsets: Int32Array

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#room = roomFor(capacity * maxInlineBytes)
    this.#offsets = new Int32Array(capacity + 1)
  }

  /**
   * Copies a VARCHAR vector. Texts of up to 12 bytes lie inside DuckDB's 16-byte string headers,
   * longer ones behind a pointer.
   */
  readVector(vector: duckdb.Vector, rows: number, at: number): void {
    const data = duckdb.vector_get_data(vector, rows * 16)
    const words = new Uint32Array(data.buffer, data.byteOffset, rows * 4)
    const isNull = nullReader(vector, rows)
    this.#reserve(rows * maxInlineBytes)
    let { bytes, view } = this.#room
    let end = this.#length
    for (let row = 0; row < rows; row++) {
      const word = row * 4
      // What lies in the place of a NULL is nothing that was written there.
      const length = isNull?.(row) === true ? 0 : words[word]!
      if (length <= maxInlineBytes) {
        // Three words whatever the length, which the next text writes over: bytes one by one are slow.
        view.setUint32(end, words[word + 1]!, true)
        view.setUint32(end + 4, words[word + 2]!, true)
        view.setUint32(end + 8, words[word + 3]!, true)
      } else {
        this.#length = end
        this.#reserve(length + (rows - row) * maxInlineBytes)
        ;({ bytes, view } = this.#room)
        const pointer = data.byteOffset + row * 16 + 8
        bytes.set(duckdb.get_data_from_pointer(data.buffer as ArrayBuffer, pointer, length), end)
      }
      end += length
      this.#offsets[at + row + 1] = end
    }
    this.#length = end
  }

  add(text: string, row: number): void {
    const bytes = Buffer.from(text)
    this.#reserve(bytes.length)
    this.#room.bytes.set(bytes, this.#length)
    this.#length += bytes.length
    this.#offsets[row + 1] = this.#length
  }

  take(rows: number): { values: Uint8Array; offsets: Int32Array } {
    const taken = {
      values: this.#room.bytes.subarray(0, this.#length),
      offsets: this.#offsets.subarray(0, rows + 1),
    }
    this.#room = roomFor(Math.max(this.#length, this.#capacity * maxInlineBytes))
    this.#offsets = new Int32Array(this.#capacity + 1)
    this.#length = 0
    return taken
  }

  #reserve(more: number): void {
    const { bytes } = this.#room
    if (this.#length + more <= bytes.length) return
    this.#room = roomFor(Math.max(bytes.length * 2, this.#length + more))
    this.#room.bytes.set(bytes.subarray(0, this.#length))
  }
}

function roomFor(length: number): Room {
  const bytes = new Uint8Array(length)
  return { bytes, view: new DataView(bytes.buffer) }
}
