import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult, DuckDBType } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import type { Query } from '../../queries/query.ts'
import { batchReader, type BatchReader } from './batch-reader.ts'
import { chunkBytes, maxBatchBytes, refuseHeavyChunk, valueBytes } from './chunk-weight.ts'
import type { ColumnBatch, StreamColumn } from './column-batch.ts'
import { distinctNames } from './distinct-names.ts'
import { bound } from './read-rows.ts'
import { withoutNeedlessSort } from './stored-order.ts'
import { beginReadOnly, rollback } from './transaction.ts'

/** Batches, one at a time, until undefined. Each is lent: the third one after it is written over it. */
export interface BatchSource {
  readonly columns: readonly StreamColumn[]
  next(): Promise<ColumnBatch | undefined>
}

/** Rows of a chunk, at most. */
const chunkRows = 2048

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
  return beginReadOnly(connection, async () => {
    const sql = await withoutNeedlessSort(connection, query)
    return streamWithin(connection, { ...query, sql }, batchRows)
  })
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
  readonly #types: readonly DuckDBType[]
  readonly #isStrangers: boolean
  /** What the names of the columns add to each row as it is told. */
  readonly #namesBytes: number
  #rows = 0
  #ended = false

  constructor(
    connection: DuckDBConnection,
    result: DuckDBResult,
    { batchRows, isStrangers }: { readonly batchRows: number; readonly isStrangers: boolean },
  ) {
    this.#connection = connection
    this.#result = result
    this.#isStrangers = isStrangers
    this.#types = result.columnTypes()
    const most = Math.ceil(maxBatchBytes / (this.#types.length * valueBytes))
    this.#batchRows = Math.min(batchRows, most)
    this.#readers = this.#types.map((type) => batchReader(type, this.#batchRows + chunkRows))
    this.columns = distinctNames(result.columnNames()).map((name, index) => ({
      name,
      ...this.#readers[index]!.column,
    }))
    this.#namesBytes = this.columns.reduce((sum, { name }) => sum + Buffer.byteLength(name), 0)
  }

  async next(): Promise<ColumnBatch | undefined> {
    let rows = 0
    let bytes = 0
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
      bytes += this.#bytesOf(chunk)
      // The engine makes the next one while this one is copied.
      const goesOn = rows < this.#batchRows && bytes < maxBatchBytes
      fetching = goesOn ? this.#fetch() : undefined
      try {
        for (const [column, reader] of this.#readers.entries()) reader.read(chunk, column, at)
      } catch (error) {
        await Promise.allSettled([fetching])
        throw error
      }
    }
    if (rows === 0) return undefined
    return { rows, columns: this.#readers.map((reader) => reader.lend(rows)) }
  }

  #bytesOf(chunk: DuckDBDataChunk): number {
    const bytes = chunkBytes(chunk, this.#types) + chunk.rowCount * this.#namesBytes
    if (this.#isStrangers) refuseHeavyChunk(bytes)
    return bytes
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
