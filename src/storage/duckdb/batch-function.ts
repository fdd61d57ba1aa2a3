import {
  DOUBLE,
  DuckDBTableFunction,
  ENUM,
  INTEGER,
  TIMESTAMP,
  VARCHAR,
  type DuckDBConnection,
} from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import type { PackedIds } from './packed-ids.ts'

const maxChunkRows = 2048
/** Strings up to this many bytes live inside DuckDB's 16-byte string header. */
const maxInlineBytes = 12

/** Ticks by column, as the function reads them; times are µs, `side` is 0 for BUY and 1 for SELL. */
export interface BatchColumns {
  readonly length: number
  readonly micros: Float64Array
  readonly price: Float64Array
  readonly volume: Float64Array
  readonly side: Uint8Array
  readonly ids: readonly (string | null)[]
  /** The same ids, where all of them are plain numbers and came so: whoever asks for `ids` has strings made. */
  readonly packed?: PackedIds | undefined
}

/**
 * `pairduck_batch(<slot>)`: a table function of the engine that reads the ticks in a slot.
 * `INSERT INTO ticks SELECT * FROM pairduck_batch(7)` runs off the JS thread and comes back here
 * only to copy 2,048 rows at a time, raw; commits of different pairs thus overlap.
 *
 * Never create or flush an appender on a connection while this runs on it: the process hangs.
 */
export class BatchFunction {
  readonly #batches = new Map<number, { batch: BatchColumns; position: number }>()
  readonly #scratch = new ChunkScratch()
  #nextSlot = 0

  constructor(connection: DuckDBConnection) {
    connection.registerTableFunction(
      DuckDBTableFunction.create({
        name: 'pairduck_batch',
        parameterTypes: [INTEGER],
        bindFunction: (info) => {
          info.addResultColumn('timestamp', TIMESTAMP)
          info.addResultColumn('price', DOUBLE)
          info.addResultColumn('volume', DOUBLE)
          info.addResultColumn('side', ENUM(['BUY', 'SELL']))
          info.addResultColumn('trade_id', VARCHAR)
          info.setBindData({ slot: info.getParameter(0) })
        },
        initFunction: (info) => {
          info.setMaxThreads(1)
          this.#source(info.bindData).position = 0
        },
        mainFunction: (info, output) => {
          const source = this.#source(info.bindData)
          const rows = Math.min(maxChunkRows, source.batch.length - source.position)
          duckdb.data_chunk_set_size(output.chunk, rows)
          if (rows > 0) this.#scratch.fill(output.chunk, source.batch, source.position, rows)
          source.position += rows
        },
      }),
    )
  }

  /** A slot of one's own, for the life of a pair's writer. */
  openSlot(): number {
    return this.#nextSlot++
  }

  /** What the slot reads from now on. */
  put(slot: number, batch: BatchColumns): void {
    this.#batches.set(slot, { batch, position: 0 })
  }

  clear(slot: number): void {
    this.#batches.delete(slot)
  }

  #source(bindData: object | undefined): { batch: BatchColumns; position: number } {
    const { slot } = bindData as { slot: number }
    const source = this.#batches.get(slot)
    if (source === undefined) throw new Error(`pairduck_batch(${slot}) has no batch`)
    return source
  }
}

/** The buffers in which a chunk is laid out before it is copied; one set serves everybody. */
class ChunkScratch {
  readonly #times = new Uint32Array(maxChunkRows * 2)
  readonly #strings = new Uint8Array(maxChunkRows * 16)
  readonly #stringWords = new Uint32Array(this.#strings.buffer)
  readonly #validity = new Uint8Array(maxChunkRows / 8)

  fill(chunk: duckdb.DataChunk, batch: BatchColumns, from: number, rows: number): void {
    const vector = (column: number): duckdb.Vector => duckdb.data_chunk_get_vector(chunk, column)
    const doubles = (column: number, values: Float64Array): void =>
      duckdb.copy_data_to_vector(
        vector(column),
        0,
        values.buffer as ArrayBuffer,
        from * 8,
        rows * 8,
      )

    this.#layOutTimes(batch.micros, from, rows)
    duckdb.copy_data_to_vector(vector(0), 0, this.#times.buffer, 0, rows * 8)
    doubles(1, batch.price)
    doubles(2, batch.volume)
    duckdb.copy_data_to_vector(vector(3), 0, batch.side.buffer as ArrayBuffer, from, rows)
    if (batch.packed === undefined) this.#fillIds(vector(4), batch.ids, from, rows)
    else {
      const { headers } = batch.packed
      duckdb.copy_data_to_vector(vector(4), 0, headers.buffer as ArrayBuffer, from * 16, rows * 16)
    }
  }

  /** 64-bit integers as two halves: twelve times faster than through BigInt. */
  #layOutTimes(micros: Float64Array, from: number, rows: number): void {
    for (let row = 0; row < rows; row++) {
      const value = micros[from + row]!
      this.#times[row * 2] = value >>> 0
      this.#times[row * 2 + 1] = Math.floor(value / 0x1_0000_0000)
    }
  }

  /** Short ASCII ids are laid out as DuckDB's own string headers; the few others one by one. */
  #fillIds(
    vector: duckdb.Vector,
    ids: readonly (string | null)[],
    from: number,
    rows: number,
  ): void {
    const others: number[] = []
    let nulls = false
    this.#validity.fill(0xff)
    this.#stringWords.fill(0, 0, rows * 4)
    for (let row = 0; row < rows; row++) {
      const id = ids[from + row]!
      if (id === null) {
        nulls = true
        this.#validity[row >> 3]! &= ~(1 << (row & 7))
      } else if (!this.#layOutShort(id, row)) others.push(row)
    }
    duckdb.copy_data_to_vector(vector, 0, this.#strings.buffer, 0, rows * 16)
    for (const row of others) duckdb.vector_assign_string_element(vector, row, ids[from + row]!)
    if (!nulls) return
    duckdb.vector_ensure_validity_writable(vector)
    duckdb.copy_data_to_vector_validity(vector, 0, this.#validity.buffer, 0, Math.ceil(rows / 8))
  }

  #layOutShort(id: string, row: number): boolean {
    const length = id.length
    if (length > maxInlineBytes) return false
    const at = row * 16 + 4
    for (let index = 0; index < length; index++) {
      const unit = id.charCodeAt(index)
      if (unit > 0x7f) {
        this.#stringWords.fill(0, row * 4, row * 4 + 4)
        return false
      }
      this.#strings[at + index] = unit
    }
    this.#stringWords[row * 4] = length
    return true
  }
}
