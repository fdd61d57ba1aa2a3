import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../errors.ts'
import type { Query } from '../queries/query.ts'
import { fromDuckDb } from './duckdb-errors.ts'
import type { PairDatabase } from './pair-database.ts'
import { readColumns, readRows, type SqlParams } from './read-rows.ts'
import type { ColumnValues } from './read-vector.ts'
import { interruptUntil } from './transaction.ts'
import { refuseWriterTables } from './writer-tables.ts'
import type { WriteBudget } from './write-budget.ts'

export interface QueryOptions {
  /** Interrupts the query; the call then rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A connection on loan: its pair stays open until it is released. Releasing twice is harmless;
 * a transaction left open is rolled back.
 */
export class Lease {
  readonly pair: string
  readonly acquiredAt: number
  readonly #connection: DuckDBConnection
  readonly #database: PairDatabase
  readonly #budget: WriteBudget
  readonly #onRelease: () => void
  readonly #inFlight = new Set<Promise<unknown>>()
  /** Anything may have been set or made on it: it is not for the next reader. */
  #altered = false
  #revoked = false
  #released: Promise<void> | undefined

  constructor(
    database: PairDatabase,
    connection: DuckDBConnection,
    budget: WriteBudget,
    onRelease: () => void,
  ) {
    this.pair = database.name
    this.#connection = connection
    this.acquiredAt = Date.now()
    this.#database = database
    this.#budget = budget
    this.#onRelease = onRelease
  }

  /** The DuckDB connection; its unqualified names are the pair's. */
  get connection(): DuckDBConnection {
    this.#altered = true
    return this.#connection
  }

  /** The query's rows; times as Unix ms with the microseconds in the fraction. */
  query<Row>(query: Query<Row>, { signal }: QueryOptions = {}): Promise<Row[]> {
    return this.#reading(query.name, signal, () => {
      this.#look(query)
      return readRows<Row>(this.#connection, query.sql, query.params)
    })
  }

  /** The query's columns: numbers and times as Float64Array (NULL as NaN), all else as arrays. */
  queryColumns<Row>(
    query: Query<Row>,
    { signal }: QueryOptions = {},
  ): Promise<{ [Name in keyof Row]: ColumnValues }> {
    return this.#reading(query.name, signal, async () => {
      this.#look(query)
      return (await readColumns(this.#connection, query.sql, query.params)) as {
        [Name in keyof Row]: ColumnValues
      }
    })
  }

  /**
   * Runs any statement on tables of one's own and on the analytics tables. Writes to ticks and
   * candles are refused (`WRITE_REFUSED`): they go through the pair's writer.
   */
  async execute<Row = Record<string, unknown>>(sql: string, params?: SqlParams): Promise<Row[]> {
    refuseWriterTables(sql)
    this.#altered = true
    return this.#reading('execute', undefined, () => readRows<Row>(this.#connection, sql, params))
  }

  release(): Promise<void> {
    return (this.#released ??= this.#giveBack())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  /** Interrupts what runs, waits for its rejection, and releases: how a closing manager ends it. */
  async revoke(): Promise<void> {
    this.#revoked = true
    const ended = Promise.allSettled(this.#inFlight).then(() => this.release())
    await interruptUntil([this.#connection], ended)
  }

  async #giveBack(): Promise<void> {
    await this.#database.takeBack(this.#connection, { reuse: !this.#altered })
    this.#onRelease()
  }

  async #reading<T>(
    name: string,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    this.#refuseReleased()
    try {
      signal?.throwIfAborted()
      const running = this.#budget.read(async () => {
        // It may have waited for a thread, and much may have happened meanwhile.
        this.#refuseReleased()
        signal?.throwIfAborted()
        return this.#interruptible(work(), signal)
      }, signal)
      this.#inFlight.add(running)
      return await running.finally(() => this.#inFlight.delete(running))
    } catch (error) {
      if (signal?.aborted === true)
        throw new PairduckError('ABORTED', `${this.pair}: ${name} was aborted`, {
          cause: signal.reason,
        })
      if (this.#revoked)
        throw new PairduckError('CLOSED', `${this.pair}: ${name} was ended by closing`, {
          cause: error,
        })
      throw fromDuckDb(error, `${this.pair}: ${name}`, 'QUERY_FAILED')
    }
  }

  /** An interrupt that comes before the engine has begun is lost: it is given until one works. */
  async #interruptible<T>(statement: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const ended = Promise.allSettled([statement])
    const interrupt = (): void => void interruptUntil([this.#connection], ended)
    signal?.addEventListener('abort', interrupt, { once: true })
    try {
      return await statement
    } finally {
      signal?.removeEventListener('abort', interrupt)
    }
  }

  /** Built queries only read; one made by hand may be anything. */
  #look({ sql }: Query<unknown>): void {
    refuseWriterTables(sql)
    if (!/^\s*(?:select|with|from)\b/i.test(sql)) this.#altered = true
  }

  #refuseReleased(): void {
    if (this.#revoked || this.#released !== undefined)
      throw new PairduckError('CLOSED', `${this.pair}: the lease was released`)
  }
}
