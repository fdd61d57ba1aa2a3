import type { DuckDBConnection } from '@duckdb/node-api'
import { abortableStore } from '../../archive/store/abortable-store.ts'
import { PairduckError } from '../../errors.ts'
import type { Query } from '../../queries/query.ts'
import { fromQuery } from '../duckdb/duckdb-errors.ts'
import { refuseNoQuery, resolveQueryOptions, type QueryOptions } from './lease-options.ts'
import type { PairDatabase } from './pair-database.ts'
import type { ColumnBatch } from '../duckdb/column-batch.ts'
import { copyToParquet } from '../duckdb/copy-to-parquet.ts'
import { isWithoutRows, refuseNoSource, withPickedSources } from '../duckdb/bar-sources.ts'
import { readBoundedRows, readColumns, readRows, type SqlParams } from '../duckdb/read-rows.ts'
import type { ColumnsOf } from '../duckdb/read-vector.ts'
import { openStream, streamWithin, type BatchSource } from '../duckdb/stream-batches.ts'
import { interruptUntil, readOnly } from '../duckdb/transaction.ts'
import { overflowCheck, refuseOverflow } from '../duckdb/sum-overflow.ts'
import { bindClock } from '../duckdb/query-clock.ts'
import { RunningRead } from './running-read.ts'
import { runOwnStatements } from './own-statements.ts'
import { openBarFile, prepareQuery, rollUpForBars, textOfQuery } from './query-text.ts'
import { withPairSchemas, type PairSchema } from './pair-schemas.ts'
import { Semaphore } from '../duckdb/semaphore.ts'
import { withBoundedCollecting } from '../duckdb/collected-values.ts'
import { refuseNotOneSelect } from '../duckdb/one-select.ts'
import { beginHistory, readHistory, type PairHistory } from './history/read-history.ts'
import { refuseWriterTables } from './writer-tables.ts'
import type { ThreadBudget } from '../duckdb/thread-budget.ts'

/**
 * A connection on loan: its pair stays open until it is released. Releasing twice is harmless;
 * a transaction left open is rolled back.
 */
export class Lease {
  /** The pair as text: `exchange/market/symbol`. */
  readonly pair: string
  /** Unix ms when the lease was given. */
  readonly acquiredAt: number
  readonly #connection: DuckDBConnection
  readonly #database: PairDatabase
  readonly #budget: ThreadBudget
  readonly #onRelease: () => void
  /** One statement at a time: an interrupt ends whatever runs on the connection. */
  readonly #one = new Semaphore(1)
  /** The statement that the engine is at; settles when the engine has let go of it. */
  #running: RunningRead | undefined
  /** Anything may have been set or made on it: it is not for the next reader. */
  #altered = false
  #isRaw = false
  #revoked = false
  #released: Promise<void> | undefined

  constructor(
    database: PairDatabase,
    connection: DuckDBConnection,
    budget: ThreadBudget,
    onRelease: () => void,
  ) {
    this.pair = database.name
    this.#connection = connection
    this.acquiredAt = Date.now()
    this.#database = database
    this.#budget = budget
    this.#onRelease = onRelease
  }

  /** Whether the engine gave its pair up. */
  get isBroken(): boolean {
    return this.#database.broken
  }

  /**
   * The DuckDB connection; its unqualified names are the pair's. Nothing that it runs is checked: it
   * reaches files and every pair that is open, and can write behind the writer's back.
   */
  get connection(): DuckDBConnection {
    this.#altered = this.#isRaw = true
    return this.#connection
  }

  /** The query's rows; times as Unix ms with the microseconds in the fraction. */
  async query<Row>(query: Query<Row>, options?: QueryOptions): Promise<Row[]> {
    refuseNoQuery('query', query)
    const { signal, history } = resolveQueryOptions('query', options)
    await rollUpForBars(this.#database, query)
    return this.#reading(query.name, signal, () =>
      this.#select(query, history, (sql, params) =>
        readRows<Row>(this.#connection, sql, params, overflowCheck(query)),
      ),
    )
  }

  /** The query's columns: numbers and times as Float64Array (NULL as NaN), all else as arrays. */
  async queryColumns<Row>(query: Query<Row>, options?: QueryOptions): Promise<ColumnsOf<Row>> {
    refuseNoQuery('queryColumns', query)
    const { signal, history } = resolveQueryOptions('queryColumns', options)
    await rollUpForBars(this.#database, query)
    const columns = await this.#reading(query.name, signal, () =>
      this.#select(query, history, (sql, params) =>
        readColumns(this.#connection, sql, params, overflowCheck(query)),
      ),
    )
    return columns as ColumnsOf<Row>
  }

  /** The rows of a query over several pairs, each a schema; they stay open while it runs. */
  async queryAcross<Row>(
    query: Query<Row>,
    schemas: readonly PairSchema[],
    signal: AbortSignal | undefined,
  ): Promise<Row[]> {
    const connection = this.#connection
    const names = schemas.flatMap(({ schema }) => schema ?? [])
    return this.#reading(query.name, signal, async () => {
      await refuseNotOneSelect(connection, query, names)
      await bindClock(connection, query.sql, this.#database.clock)
      this.#altered = true
      return withPairSchemas(connection, { own: this.#database.alias, schemas }, () =>
        readOnly(connection, async () => {
          const sql = await withBoundedCollecting(connection, query)
          return readBoundedRows<Row>(connection, { ...query, sql })
        }),
      )
    })
  }

  /** Its database's name in the engine. */
  get alias(): string {
    return this.#database.alias
  }

  /**
   * The query's rows in batches of about `batchRows`, copied as they lie in the engine, in a
   * transaction of its own. Until the end nothing else runs on this lease.
   */
  async streamBatches<Row>(
    query: Query<Row>,
    { signal, history = false, batchRows }: QueryOptions & { readonly batchRows: number },
  ): Promise<BatchSource> {
    refuseNoQuery('streamColumns', query)
    const connection = this.#connection
    const stream = await this.#reading(query.name, signal, async () => {
      const sql = await this.#textOf(query, history)
      // What a stream that is left open does to its connection is not for the next reader.
      this.#altered = true
      if (!history) return openStream(connection, { ...query, sql }, batchRows)
      return beginHistory(connection, this.#history, { ...query, sql }, (text) =>
        streamWithin(connection, { ...query, sql: text, params: {} }, batchRows),
      )
    })
    let rows = 0
    const next = async (): Promise<ColumnBatch | undefined> => {
      const batch = await stream.next()
      rows += batch?.rows ?? 0
      if (batch === undefined && rows === 0 && !history)
        await refuseNoSource(this.#connection, query)
      if (batch !== undefined) refuseOverflow(query, stream.columns, batch)
      return batch
    }
    return { columns: stream.columns, next: () => this.#reading(query.name, signal, next) }
  }

  /** Writes the query's rows into a Parquet file; gives their number. The engine itself writes it. */
  async copyToParquet(
    query: Query<unknown>,
    file: string,
    { signal, history = false }: QueryOptions = {},
  ): Promise<number> {
    refuseNoQuery('export', query)
    const connection = this.#connection
    return this.#reading(query.name, signal, async () => {
      const select = (await this.#textOf(query, history)).replace(/[;\s]+$/, '')
      if (!history) return copyToParquet(connection, { select, params: query.params }, file)
      return readHistory(connection, this.#history, { ...query, sql: select }, (text) =>
        copyToParquet(connection, { select: text }, file),
      )
    })
  }

  /**
   * Runs statements on tables of one's own and on the analytics tables; the rows are the last one's.
   * Writes to ticks and candles are refused (`WRITE_REFUSED`): they go through the pair's writer. So
   * is whatever reaches outside the pair: files, settings, other databases.
   */
  async execute<Row = Record<string, unknown>>(sql: string, params?: SqlParams): Promise<Row[]> {
    refuseWriterTables(sql)
    this.#altered = this.#isRaw = true
    const { alias } = this.#database
    return this.#reading('execute', undefined, () =>
      runOwnStatements<Row>(this.#connection, { sql, params, alias }),
    )
  }

  /** Gives the connection back; a statement that still runs is interrupted and awaited before. */
  release(): Promise<void> {
    return (this.#released ??= this.#giveBack())
  }

  /** The same as `release`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  /** Interrupts what runs, waits for its rejection, and releases: how a closing manager ends it. */
  async revoke(): Promise<void> {
    this.#revoked = true
    await interruptUntil([this.#connection], this.release())
  }

  /** Runs a query in a transaction that cannot write, over the file or over the archive too. */
  async #select<T extends object>(
    query: Query<unknown>,
    history: boolean | undefined,
    read: (sql: string, params?: SqlParams) => Promise<T>,
  ): Promise<T> {
    const connection = this.#connection
    if (history === true) {
      const sql = await this.#textOf(query, history)
      return readHistory(connection, this.#history, { ...query, sql }, read)
    }
    await prepareQuery(connection, query, this.#database)
    // One who ran statements of his own may be in no transaction, and then what is read may change meanwhile.
    const bars = openBarFile(this.#database, this.#altered ? 'later' : 'now')
    const found = await this.#readOnly(async () =>
      read(await withPickedSources(connection, query, bars), query.params),
    )
    if (isWithoutRows(found)) await refuseNoSource(connection, query)
    return found
  }

  get #history(): PairHistory {
    const { alias, candles, archive } = this.#database
    const { signal } = this.#running!
    return { alias, candles, archive: archive && abortableStore(archive, signal) }
  }

  async #giveBack(): Promise<void> {
    if (this.#running !== undefined) {
      // For the next reader and for closing it, a connection has to be at rest.
      this.#altered = true
      await this.#running.interrupt()
    }
    const use = { reuse: !this.#altered, isRaw: this.#isRaw }
    await this.#database.releaseReader(this.#connection, use)
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
      return await this.#one.run(
        () => this.#budget.read(() => this.#run(work, signal), signal),
        signal,
      )
    } catch (error) {
      await this.#database.giveUp(error)
      if (signal?.aborted === true)
        throw new PairduckError('ABORTED', `${this.pair}: ${name} was aborted`, {
          cause: signal.reason,
        })
      if (!this.#database.broken && (this.#revoked || this.#released !== undefined))
        throw new PairduckError(
          'CLOSED',
          `${this.pair}: ${name} was ended by ${this.#revoked ? 'closing' : 'the release of its lease'}`,
          { cause: error },
        )
      const subject = `${this.pair}: ${name}`
      throw fromQuery(error, { subject, builder: name, candles: this.#database.candles })
    }
  }

  async #run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    // It may have waited for its turn and for a thread, and much may have happened meanwhile.
    this.#refuseReleased()
    signal?.throwIfAborted()
    this.#running = new RunningRead(this.#connection)
    try {
      return await this.#running.run(work, signal)
    } finally {
      this.#running = undefined
    }
  }

  /** A lease that ran statements of its own may be in a transaction already. */
  #readOnly<T>(work: () => Promise<T>): Promise<T> {
    return this.#altered ? work() : readOnly(this.#connection, work)
  }

  #textOf(query: Query<unknown>, history = false): Promise<string> {
    return textOfQuery(this.#connection, query, { database: this.#database, history })
  }

  #refuseReleased(): void {
    if (this.#revoked || this.#released !== undefined)
      throw new PairduckError('CLOSED', `${this.pair}: the lease was released`)
  }
}
