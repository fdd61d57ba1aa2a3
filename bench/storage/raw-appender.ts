import {
  DOUBLE,
  DuckDBDataChunk,
  ENUM,
  TIMESTAMP,
  VARCHAR,
  type DuckDBConnection,
} from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import type { Tick } from '../../src/index.ts'

const maxChunkRows = 2048

/** Trades as DuckDB lays them out in memory, made before the clock runs. */
export class RawTrades {
  readonly times: Uint32Array
  readonly prices: Float64Array
  readonly volumes: Float64Array
  readonly sides: Uint8Array
  readonly ids: Uint8Array

  constructor(trades: readonly Tick[]) {
    this.times = new Uint32Array(trades.length * 2)
    this.prices = Float64Array.from(trades, (trade) => trade.price)
    this.volumes = Float64Array.from(trades, (trade) => trade.volume)
    this.sides = Uint8Array.from(trades, (trade) => (trade.side === 'BUY' ? 0 : 1))
    this.ids = new Uint8Array(trades.length * 16)
    const idLengths = new Uint32Array(this.ids.buffer)
    for (const [row, { timestamp, tradeId }] of trades.entries()) {
      const micros = Math.round(timestamp * 1000)
      this.times[row * 2] = micros >>> 0
      this.times[row * 2 + 1] = Math.floor(micros / 2 ** 32)
      // Ten digits fit into DuckDB's own string header: length, then up to twelve bytes.
      idLengths[row * 4] = tradeId!.length
      this.ids.set(Buffer.from(tradeId!, 'latin1'), row * 16 + 4)
    }
  }
}

/** The engine's own limit for rows that come from JavaScript: whole vectors copied into an appender. */
export class RawAppender {
  readonly #connection: DuckDBConnection
  readonly #chunk = DuckDBDataChunk.create([
    TIMESTAMP,
    DOUBLE,
    DOUBLE,
    ENUM(['BUY', 'SELL']),
    VARCHAR,
  ])

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  /** One transaction with the trades `from` to `to`; durable when it resolves. */
  async commit(trades: RawTrades, from: number, to: number): Promise<void> {
    await this.#connection.run('BEGIN')
    const appender = await this.#connection.createAppender('ticks')
    for (let row = from; row < to; row += maxChunkRows) {
      this.#fill(trades, row, Math.min(maxChunkRows, to - row))
      appender.appendDataChunk(this.#chunk)
    }
    appender.flushSync()
    appender.closeSync()
    await this.#connection.run('COMMIT')
  }

  #fill(trades: RawTrades, from: number, rows: number): void {
    this.#chunk.reset()
    const columns = [
      [trades.times, 8],
      [trades.prices, 8],
      [trades.volumes, 8],
      [trades.sides, 1],
      [trades.ids, 16],
    ] as const
    for (const [column, [values, width]] of columns.entries()) {
      const vector = duckdb.data_chunk_get_vector(this.#chunk.chunk, column)
      const buffer = values.buffer as ArrayBuffer
      duckdb.copy_data_to_vector(vector, 0, buffer, from * width, rows * width)
    }
    this.#chunk.rowCount = rows
  }
}
