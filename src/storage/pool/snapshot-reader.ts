import { realpath, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { PairduckError, shown } from '../../errors.ts'
import type { Query } from '../../queries/query.ts'
import { resolveOptions, signalRule } from '../../options.ts'
import {
  isWithoutRows,
  refuseNoSource,
  saysWhatIsClosed,
  withPickedSources,
  type BarFile,
} from '../duckdb/bar-sources.ts'
import { fromDuckDb, fromQuery } from '../duckdb/duckdb-errors.ts'
import { refuseNotOneSelect } from '../duckdb/one-select.ts'
import { readColumns, readRows } from '../duckdb/read-rows.ts'
import type { ColumnsOf } from '../duckdb/read-vector.ts'
import { overflowCheck } from '../duckdb/sum-overflow.ts'
import { interruptUntil, readOnly } from '../duckdb/transaction.ts'
import { readSchema, refuseNewer } from '../file/migrate.ts'
import { refuseNoQuery } from './lease-options.ts'

/** Options of a query on a snapshot. */
export interface SnapshotQueryOptions {
  /** Interrupts the query; the call then rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
}

/** One file that was opened: what has its name may be another one later. */
interface Opened {
  readonly identity: string
  readonly instance: DuckDBInstance
  readonly bars: BarFile
  readers: number
  left: boolean
}

/**
 * Opens a snapshot to read it, beside any number of other readers. `IO_FAILED` where there is none,
 * `PAIR_CORRUPT` for what is no snapshot of pairduck's, `SCHEMA_NEWER` for one of a newer pairduck.
 */
export async function openSnapshot(file: string): Promise<SnapshotReader> {
  if (typeof file !== 'string' || file === '' || file.includes('\0'))
    throw new TypeError(`openSnapshot: expected the name of a file, got ${shown(file)}`)
  const reader = new SnapshotReader(resolve(file))
  await reader.refresh()
  return reader
}

/**
 * Reads a snapshot. Each query looks whether the file has been replaced by a newer one meanwhile, as
 * `snapshot` does, and then reads that; queries that run end on the one that they began with.
 */
export class SnapshotReader {
  /** The path of the file. */
  readonly file: string
  #current: Opened | undefined
  #opening: Promise<Opened> | undefined
  readonly #running = new Set<DuckDBConnection>()
  /** All calls that have begun, those among them that have no connection yet. */
  readonly #calls = new Set<Promise<unknown>>()
  #closed = false

  /** Use {@link openSnapshot}. */
  constructor(file: string) {
    this.file = file
  }

  /** The query's rows; times are Unix ms. */
  async query<Row>(query: Query<Row>, options?: SnapshotQueryOptions): Promise<Row[]> {
    return this.#read(query, options, (connection, sql) =>
      readRows<Row>(connection, sql, query.params, overflowCheck(query)),
    )
  }

  /** The query's columns: numbers and times as Float64Array (NULL as NaN), all else as arrays. */
  async queryColumns<Row>(
    query: Query<Row>,
    options?: SnapshotQueryOptions,
  ): Promise<ColumnsOf<Row>> {
    const columns = await this.#read(query, options, (connection, sql) =>
      readColumns(connection, sql, query.params, overflowCheck(query)),
    )
    return columns as ColumnsOf<Row>
  }

  /** Opens what has the file's name now, if that is another one; each query does so by itself. */
  async refresh(): Promise<void> {
    await this.#newest()
  }

  /** Ends queries that run, and lets the file go. */
  async close(): Promise<void> {
    this.#closed = true
    // Those that run by then, each time: a call may get its connection only after this.
    await interruptUntil(this.#running, Promise.allSettled(this.#calls))
    await this.#opening?.catch(() => undefined)
    this.#leave(this.#current)
    this.#current = undefined
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #read<T extends object>(
    query: Query<unknown>,
    options: SnapshotQueryOptions | undefined,
    read: (connection: DuckDBConnection, sql: string) => Promise<T>,
  ): Promise<T> {
    const call = this.#readNewest(query, options, read)
    this.#calls.add(call)
    try {
      return await call
    } finally {
      this.#calls.delete(call)
    }
  }

  async #readNewest<T extends object>(
    query: Query<unknown>,
    options: SnapshotQueryOptions | undefined,
    read: (connection: DuckDBConnection, sql: string) => Promise<T>,
  ): Promise<T> {
    refuseNoQuery('query', query)
    const { signal } = resolveOptions('query', options, { signal: signalRule })
    const opened = await this.#newest()
    opened.readers++
    const subject = `${this.file}: ${query.name}`
    let connection: DuckDBConnection | undefined
    try {
      connection = await opened.instance.connect()
      const reading = this.#select(connection, query, opened.bars, read)
      return await this.#ended(connection, reading, signal)
    } catch (error) {
      if (signal?.aborted === true)
        throw new PairduckError('ABORTED', `${subject} was aborted`, { cause: signal.reason })
      if (this.#closed) throw new PairduckError('CLOSED', `${subject} was ended by closing`)
      throw fromQuery(error, { subject, builder: query.name, candles: opened.bars.kept })
    } finally {
      connection?.closeSync()
      opened.readers--
      if (opened.left) this.#leave(opened)
    }
  }

  async #select<T extends object>(
    connection: DuckDBConnection,
    query: Query<unknown>,
    bars: BarFile,
    read: (connection: DuckDBConnection, sql: string) => Promise<T>,
  ): Promise<T> {
    await refuseNotOneSelect(connection, query)
    const found = await readOnly(connection, async () =>
      read(connection, await withPickedSources(connection, query, bars)),
    )
    if (isWithoutRows(found)) await refuseNoSource(connection, query)
    return found
  }

  /** Waits for a read, which the signal and the closing interrupt. */
  async #ended<T>(
    connection: DuckDBConnection,
    reading: Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const ended = Promise.allSettled([reading])
    const interrupt = (): void => void interruptUntil([connection], ended)
    this.#running.add(connection)
    signal?.addEventListener('abort', interrupt, { once: true })
    if (signal?.aborted === true) interrupt()
    try {
      return await reading
    } finally {
      signal?.removeEventListener('abort', interrupt)
      this.#running.delete(connection)
    }
  }

  /** The file that has the name now; one opening at a time, whoever waits for it. */
  async #newest(): Promise<Opened> {
    if (this.#closed) throw new PairduckError('CLOSED', `${this.file}: the reader is closed`)
    const identity = await identityOf(this.file)
    if (this.#current?.identity === identity) return this.#current
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined))
    return this.#opening
  }

  async #open(): Promise<Opened> {
    for (;;) {
      const opened = await openFile(this.file)
      // Replaced while it was opened: nobody can tell which one that was.
      if ((await identityOf(this.file)) !== opened.identity) {
        opened.instance.closeSync()
        continue
      }
      this.#leave(this.#current)
      this.#current = opened
      return opened
    }
  }

  /** Closed when the last one that reads it has ended. */
  #leave(opened: Opened | undefined): void {
    if (opened === undefined) return
    opened.left = true
    if (opened.readers === 0) opened.instance.closeSync()
  }
}

async function openFile(file: string): Promise<Opened> {
  const identity = await identityOf(file)
  let instance: DuckDBInstance | undefined
  try {
    // Read only: others read it too. By its real path: what the name leads to was looked at.
    instance = await DuckDBInstance.create(await realpath(file), {
      access_mode: 'READ_ONLY',
      threads: '1',
      autoinstall_known_extensions: 'false',
    })
    const connection = await instance.connect()
    try {
      await connection.run(`SET GLOBAL TimeZone = 'UTC'`)
      await connection.run('SET GLOBAL lock_configuration = true')
      const { version, candles } = await readSchema(connection)
      if (version === 0)
        throw new PairduckError(
          'PAIR_CORRUPT',
          `${file}: a DuckDB database, but no snapshot of a pair`,
        )
      refuseNewer(version, undefined, file)
      const bars = { kept: candles, read: saysWhatIsClosed(version) ? 'now' : 'old' } as const
      return { identity, instance, bars, readers: 0, left: false }
    } finally {
      connection.closeSync()
    }
  } catch (error) {
    instance?.closeSync()
    throw fromDuckDb(error, file, 'PAIR_CORRUPT')
  }
}

/** What tells a file from another one that takes its name. */
async function identityOf(file: string): Promise<string> {
  try {
    const { dev, ino, mtimeNs, size } = await stat(file, { bigint: true })
    return `${dev}:${ino}:${mtimeNs}:${size}`
  } catch (error) {
    throw fromDuckDb(error, `${file}: snapshot`, 'IO_FAILED')
  }
}
