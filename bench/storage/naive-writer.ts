import {
  DuckDBTimestampValue,
  TIMESTAMP,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
} from '@duckdb/node-api'
import PQueue from 'p-queue'
import type { Tick } from '../../src/index.ts'

/**
 * What one writes first: one prepared INSERT, run once per tick, and a commit per call. Calls of
 * one pair follow each other, because a connection has one transaction.
 */
export class NaiveWriter {
  readonly #connection: DuckDBConnection
  readonly #insert: DuckDBPreparedStatement
  readonly #queue = new PQueue({ concurrency: 1 })

  private constructor(connection: DuckDBConnection, insert: DuckDBPreparedStatement) {
    this.#connection = connection
    this.#insert = insert
  }

  static async on(connection: DuckDBConnection): Promise<NaiveWriter> {
    return new NaiveWriter(
      connection,
      await connection.prepare('INSERT INTO ticks VALUES ($1, $2, $3, $4, $5)'),
    )
  }

  insert(ticks: readonly Tick[]): Promise<void> {
    return this.#queue.add(async () => {
      if (ticks.length > 1) await this.#connection.run('BEGIN')
      for (const tick of ticks) await this.#insertOne(tick)
      if (ticks.length > 1) await this.#connection.run('COMMIT')
    })
  }

  async #insertOne({ timestamp, price, volume, side, tradeId }: Tick): Promise<void> {
    const micros = new DuckDBTimestampValue(BigInt(Math.round(timestamp * 1000)))
    this.#insert.bindValue(1, micros, TIMESTAMP)
    this.#insert.bindDouble(2, price)
    this.#insert.bindDouble(3, volume)
    this.#insert.bindVarchar(4, side)
    this.#insert.bindVarchar(5, tradeId!)
    await this.#insert.run()
  }
}
