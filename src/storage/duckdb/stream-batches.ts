import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult, DuckDBType } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import type { Query } from '../../queries/query.ts'
import { batchReader, type BatchReader } from './batch-reader.ts'
import type { ColumnBatch, StreamColumn } from './column-batch.ts'
import { refuseManyNested } from './nested-values.ts'
import { bound } from './read-rows.ts'
import { withoutNeedlessSort } from './stored-order.ts'
import { rollback } from './transaction.ts'

/** Batches, one at a time, until undefined. Each is lent: the third one after it is written over it. */
export interface BatchSource {
  readonly columns: readonly StreamColumn[]
  next(): Promise<ColumnBatch | undefined>
}

/** Rows of a chunk, at most. */
const chunkRows = 2048
/** Rows of many columns come in shorter batches: several of them are in memory at once. */
const maxBatchValues = 2 ** 20

/**
 * Begins a query whose rows the engine makes as they are asked for, in a transaction that only
 * reads: to a stream (1.5.6) an error and an interrupt look like the end of the rows, and only the
 * transaction, which is aborted then, tells the one from the other.
 */
export async function openStream(
  connection: DuckDBConnection,
  query: Query<unknown>,
  batchRows: number,
): Promise<BatchSource> {
  await connection.run('BEGIN TRANSACTION READ ONLY')
  const sql = await withoutNeedlessSort(connection, query)
  return streamWithin(connection, { ...query, sql }, batchRows)
}

/** The same in the transaction that is open already, which ends with the rows. */
export async function streamWithin(
  connection: DuckDBConnection,
  { sql, params, isStrangers = false }: Pick<Query<unknown>, 'sql' | 'params' | 'isStrangers'>,
  batchRows: number,
): Promise<BatchSource> {
  const statement = await bound(connection, sql, params)
  try {
    const result = await statement.stream()
    return new StreamedBatches(connection, result, { batchRows, isStrangers })
  } finally {
    statement.destroySync()
  }
}

class StreamedBatches implements BatchSource {
  readonly columns: readonly StreamColumn[]
  readonly #connection: DuckDBConnection
  readonly #result: DuckDBResult
  readonly #readers: readonly BatchReader[]
  readonly #batchRows: number
  /** The types of columns in which a chunk's values are counted. */
  readonly #bounded: readonly DuckDBType[] = []
  #rows = 0
  #ended = false

  constructor(
    connection: DuckDBConnection,
    result: DuckDBResult,
    { batchRows, isStrangers }: { readonly batchRows: number; readonly isStrangers: boolean },
  ) {
    this.#connection = connection
    this.#result = result
    const types = result.columnTypes()
    if (isStrangers) this.#bounded = types
    this.#batchRows = Math.min(batchRows, Math.ceil(maxBatchValues / types.length))
    this.#readers = types.map((type) => batchReader(type, this.#batchRows + chunkRows))
    this.columns = result
      .deduplicatedColumnNames()
      .map((name, index) => ({ name, ...this.#readers[index]!.column }))
  }

  async next(): Promise<ColumnBatch | undefined> {
    let rows = 0
    let fetching = this.#ended ? undefined : this.#fetch()
    while (fetching !== undefined) {
      const chunk = await fetching
      if (chunk === undefined) {
        await this.#end()
        break
      }
      const at = rows
      rows += chunk.rowCount
      this.#rows += chunk.rowCount
      // The engine makes the next one while this one is copied.
      fetching = rows < this.#batchRows ? this.#fetch() : undefined
      try {
        refuseManyNested(chunk, this.#bounded)
        for (const [column, reader] of this.#readers.entries()) reader.read(chunk, column, at)
      } catch (error) {
        await Promise.allSettled([fetching])
        throw error
      }
    }
    if (rows === 0) return undefined
    return { rows, columns: this.#readers.map((reader) => reader.lend(rows)) }
  }

  async #end(): Promise<void> {
    await this.#connection.run('SELECT 1').catch((error: unknown) => {
      throw new PairduckError(
        'QUERY_FAILED',
        `the engine ended the rows with an error after ${this.#rows} of them and does not say which; \`query\` does`,
        { cause: error, rows: this.#rows },
      )
    })
    await rollback(this.#connection)
    this.#ended = true
  }

  async #fetch(): Promise<DuckDBDataChunk | undefined> {
    const chunk = await this.#result.fetchChunk()
    return chunk === null || chunk.rowCount === 0 ? undefined : chunk
  }
}
