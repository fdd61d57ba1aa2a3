import { stat } from 'node:fs/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { formatPair, type Pair } from '../pair.ts'
import type { Timeframe } from '../time.ts'
import { fromDuckDb } from './duckdb-errors.ts'
import type { Engine } from './engine.ts'
import type { Events } from './events.ts'
import { migrate } from './migrate.ts'
import { prepareFiles, sizeOf, type PairFiles } from './pair-files.ts'
import { lostRows, measureState, readState, writeState, type LostRows } from './pair-state.ts'
import { rollback } from './transaction.ts'
import { readWriterState } from './writer-state.ts'
import { TickStore } from './tick-store.ts'
import { TickWriter, type WriterOptions } from './tick-writer.ts'
import { WalWatch } from './wal-watch.ts'
import type { WriteBudget } from './write-budget.ts'

/** What every pair of a manager is opened with. */
export interface PairContext {
  readonly engine: Engine
  readonly budget: WriteBudget
  readonly events: Events
  readonly writer: WriterOptions
  /** Undefined: what the file keeps, and the default for a new one. */
  readonly candles: readonly Timeframe[] | undefined
}

/** Connections that are kept for the next reader. */
const maxSpareReaders = 2

/** One open pair: its file, its writer, its readers. The pool decides how long it lives. */
export class PairDatabase {
  readonly pair: Pair
  readonly name: string
  readonly files: PairFiles
  readonly candles: readonly Timeframe[]
  readonly writer: TickWriter
  /** Its name in the engine. */
  readonly alias: string
  /** What the state file knew of and the file no longer held when it was opened. */
  readonly rowsLost: readonly LostRows[]
  /** Whether the state file already says all that closing would write into it. */
  readonly #wasClean: boolean
  readonly #engine: Engine
  readonly #connection: DuckDBConnection
  readonly #spareReaders: DuckDBConnection[] = []
  /** Set when the engine gave the file up: it has to be opened again. */
  broken = false

  private constructor(of: {
    pair: Pair
    files: PairFiles
    candles: readonly Timeframe[]
    writer: TickWriter
    engine: Engine
    alias: string
    connection: DuckDBConnection
    rowsLost: readonly LostRows[]
    wasClean: boolean
  }) {
    this.pair = of.pair
    this.name = formatPair(of.pair)
    this.files = of.files
    this.candles = of.candles
    this.writer = of.writer
    this.#engine = of.engine
    this.alias = of.alias
    this.rowsLost = of.rowsLost
    this.#wasClean = of.wasClean
    this.#connection = of.connection
  }

  /** Opens or makes the pair's file; see docs/errors.md for PAIR_LOCKED, PAIR_CORRUPT, SCHEMA_NEWER. */
  static async open(pair: Pair, files: PairFiles, context: PairContext): Promise<PairDatabase> {
    const { engine } = context
    const name = formatPair(pair)
    const { hadWal } = await prepareFiles(pair, files)
    const before = await readState(files.state)
    let alias: string | undefined
    let connection: DuckDBConnection | undefined
    try {
      alias = await engine.attach(files.database)
      connection = await engine.connect(alias)
      // After a crash the WAL was replayed: put it into the file before anything else happens.
      if (hadWal) await connection.run(`CHECKPOINT ${alias}`)
      const candles = await migrate(connection, context.candles)
      const { state, ticks, deletedBefore } = await readWriterState(connection)
      const writer = new TickWriter({
        pair: name,
        connection,
        ticks: new TickStore({
          pair: name,
          connection,
          batches: engine.batches,
          events: context.events,
          candles,
          state,
        }),
        budget: context.budget,
        events: context.events,
        options: context.writer,
        wal: new WalWatch(
          (writing) => database.checkpoint(writing),
          async () => (await sizeOf(files.database)) ?? 0,
        ),
        onInvalidated: () => {
          database.broken = true
        },
      })
      const rowsLost = lostRows(before, { ticks, deletedBefore })
      const database: PairDatabase = new PairDatabase({
        pair,
        files,
        candles,
        writer,
        engine,
        alias,
        connection,
        rowsLost,
        wasClean: before?.clean === true && !hadWal && rowsLost.length === 0,
      })
      for (const lost of rowsLost) context.events.tell('rowsLost', { pair: name, ...lost })
      return database
    } catch (error) {
      connection?.closeSync()
      if (alias !== undefined) await engine.detach(alias).catch(() => undefined)
      throw fromDuckDb(error, name, 'PAIR_CORRUPT')
    }
  }

  /** A connection of the caller's own on this pair, to be given back. */
  async lendReader(): Promise<DuckDBConnection> {
    return this.#spareReaders.pop() ?? this.#engine.connect(this.alias)
  }

  /** With `reuse` for the next reader; else what was left open is rolled back, and it is closed. */
  async takeBack(connection: DuckDBConnection, { reuse }: { reuse: boolean }): Promise<void> {
    if (reuse && this.#spareReaders.length < maxSpareReaders) {
      this.#spareReaders.push(connection)
      return
    }
    await rollback(connection)
    connection.closeSync()
    this.writer.wrote = true
  }

  /** Puts the WAL into the file and frees what was deleted; only from within a job of the writer. */
  async checkpoint(connection: DuckDBConnection): Promise<void> {
    await connection.run(`CHECKPOINT ${this.alias}`)
  }

  async saveState(connection: DuckDBConnection, clean: boolean): Promise<void> {
    await writeState(this.files.state, await measureState(connection, this.candles, clean))
  }

  /** Bytes of file and WAL. */
  async bytes(): Promise<number> {
    let bytes = 0
    for (const file of [this.files.database, this.files.wal])
      bytes += (await stat(file).catch(() => ({ size: 0 }))).size
    return bytes
  }

  /**
   * Drains the writer, checkpoints, detaches; nothing may be lent any more. What was acknowledged
   * is safe even when this rejects: it only says that the file was not closed as it should be.
   */
  async close(): Promise<void> {
    const failures: unknown[] = []
    const attempt = async (step: () => Promise<void>): Promise<void> => {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    await attempt(() => this.writer.drain())
    if (this.writer.wrote || !this.#wasClean) {
      await attempt(() => this.checkpoint(this.#connection))
      await attempt(() => this.saveState(this.#connection, true))
    }
    await attempt(() => this.writer.ticks.dispose())
    for (const reader of this.#spareReaders.splice(0)) reader.closeSync()
    this.#connection.closeSync()
    await attempt(() => this.#engine.detach(this.alias))
    if (failures.length > 0) throw fromDuckDb(failures[0], this.name, 'QUERY_FAILED')
  }
}
