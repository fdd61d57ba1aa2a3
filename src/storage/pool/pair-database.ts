import type { DuckDBConnection } from '@duckdb/node-api'
import type { ArchiveStore } from '../../archive/store/archive-store.ts'
import { formatPair, type Pair } from '../../pair.ts'
import type { RetentionRules } from '../../schema/retention-policy.ts'
import type { Clock, Timeframe } from '../../time.ts'
import { storeRules } from '../file/retention-rules.ts'
import { fromDuckDb, isInvalidated } from '../duckdb/duckdb-errors.ts'
import type { Engine } from '../duckdb/engine.ts'
import { checkpointUnblocked } from '../duckdb/transaction.ts'
import { blockSizeFor } from '../file/block-size-for.ts'
import { prepareFiles, sizeOf, type PairFiles } from '../file/pair-files.ts'
import { syncFolder } from '../file/sync-folder.ts'
import { describes, measureState, type Loss } from '../file/pair-state.ts'
import { provedState, sealed } from '../file/sealed-state.ts'
import { readState, writeState, type PairState } from '../file/state-file.ts'
import { ReaderConnections, type ReaderUse } from '../duckdb/reader-connections.ts'
import { openWriter, type WriterContext } from '../write/open-writer.ts'
import { RowCalls } from '../write/row-calls.ts'
import type { TickMemory } from '../write/tick-memory.ts'
import type { TickWriter } from '../write/tick-writer.ts'
import { WalWatch } from '../write/wal-watch.ts'
import type { ThreadBudget } from '../duckdb/thread-budget.ts'
import { endsWithin, letGoMs, stillRead } from './let-go.ts'
import { contentAtRest, findContent } from './found-content.ts'
import { attachOrCreate, recoverPair } from './open-files.ts'

/** What every pair of a manager is opened with. */
export interface PairContext extends WriterContext {
  /** Rules to be put into each pair's file; the others stay as it holds them. */
  readonly retention: RetentionRules
  /** Undefined: what the file keeps, and the default for a new one. */
  readonly candles: readonly Timeframe[] | undefined
  /** Rules that the pairs of these names are given as soon as they have a file. */
  readonly newRules: ReadonlyMap<string, RetentionRules>
  /** Where the archive is read from; undefined: where each part was written. */
  readonly archive: ArchiveStore | undefined
  /** Called when the engine gave a file up: who holds it has to let go. */
  readonly onBroken: () => void
}

/** One open pair: its file, its writer, its readers. The pool decides how long it lives. */
export class PairDatabase {
  readonly pair: Pair
  readonly name: string
  readonly files: PairFiles
  readonly candles: readonly Timeframe[]
  readonly writer: TickWriter
  /** Calls with rows of other tables than the ticks. */
  readonly rows: RowCalls
  /** The threads that it shares with all other pairs. */
  readonly budget: ThreadBudget
  /** Its name in the engine. */
  readonly alias: string
  readonly archive: ArchiveStore | undefined
  readonly clock: Clock
  readonly wal: WalWatch
  /** What it had lost when it was opened. */
  readonly loss: Loss | undefined
  /** Whether the state file already says all that closing would write into it. */
  readonly #wasClean: boolean
  /** Whether the state file was proved to tell what the file holds. */
  readonly #isTold: boolean
  readonly #engine: Engine
  readonly #connection: DuckDBConnection
  readonly #readers: ReaderConnections
  #givenUp = false
  readonly #onBroken: () => void
  /** Whether a call wrote to it, or may have, since it was opened. */
  isWrittenHere = false
  /** Whether something may have been written behind the writer's back. */
  isAltered = false
  #rules: RetentionRules

  private constructor(of: {
    pair: Pair
    files: PairFiles
    candles: readonly Timeframe[]
    writer: TickWriter
    budget: ThreadBudget
    engine: Engine
    alias: string
    connection: DuckDBConnection
    wal: WalWatch
    onBroken: () => void
    loss: Loss | undefined
    wasClean: boolean
    isTold: boolean
    rules: RetentionRules
    archive: ArchiveStore | undefined
    clock: Clock
  }) {
    this.archive = of.archive
    this.clock = of.clock
    this.#rules = of.rules
    this.pair = of.pair
    this.name = formatPair(of.pair)
    this.files = of.files
    this.candles = of.candles
    this.writer = of.writer
    this.rows = new RowCalls(of.writer)
    this.budget = of.budget
    this.#engine = of.engine
    this.alias = of.alias
    this.loss = of.loss
    this.#wasClean = of.wasClean
    this.#isTold = of.isTold
    this.#connection = of.connection
    this.wal = of.wal
    this.#onBroken = of.onBroken
    this.#readers = new ReaderConnections(this.name, () => of.engine.connect(of.alias))
  }

  /** Opens or makes the pair's file; see docs/errors.md for PAIR_LOCKED, PAIR_CORRUPT, SCHEMA_NEWER. */
  static async open(pair: Pair, files: PairFiles, context: PairContext): Promise<PairDatabase> {
    const { engine } = context
    const name = formatPair(pair)
    let alias: string | undefined
    let connection: DuckDBConnection | undefined
    let opened: PairDatabase | undefined
    try {
      // Who has it may have closed its file for a moment, and counts on finding it as it was.
      await context.logs.refuseOthers(name)
      await recoverPair(pair, files, context)
      const [{ isMissing, isNew, hadWal }, before] = await Promise.all([
        prepareFiles(pair, files),
        readState(files.state),
      ])
      const ruled = { ...before?.retention, ...context.retention, ...context.newRules.get(name) }
      const empty = { candles: context.candles, blockSize: blockSizeFor(ruled), isMissing }
      alias = await attachOrCreate(engine, files, empty)
      // He may have taken it just before this locked the file.
      const looks = Promise.all([context.logs.inheritanceOf(name), provedState(files, before)])
      looks.catch(() => undefined)
      connection = await engine.connect(alias)
      const [logs, proved] = await looks
      const opening = { name, alias, files, before, isNew, hadWal, context, proved }
      const found = await findContent(connection, opening)
      const { candles, loss, rules, isRuled } = found
      const wal = new WalWatch(files, async (writing) => opened?.checkpoint(writing))
      const writer = await openWriter(context, {
        ...found,
        pair: name,
        connection,
        logs,
        wal,
        onInvalidated: async (error) => opened?.giveUp(error),
      })
      opened = new PairDatabase({
        pair,
        files,
        candles,
        writer,
        budget: context.budget,
        engine,
        alias,
        connection,
        wal,
        onBroken: context.onBroken,
        loss,
        rules,
        archive: context.archive,
        clock: context.writer.clock,
        wasClean: !hadWal && isRuled && loss === undefined && describes(before, candles),
        isTold: found.isTold,
      })
      if (loss !== undefined && before?.lost === undefined)
        // Rows that come now must not make up for those that are gone, should this process be killed.
        await opened.saveState(connection, false).catch(() => undefined)
      for (const lost of loss?.rows ?? []) context.events.tell('rowsLost', { pair: name, ...lost })
      return opened
    } catch (error) {
      connection?.closeSync()
      if (alias !== undefined) await engine.detach(alias).catch(() => undefined)
      throw fromDuckDb(error, name, 'PAIR_CORRUPT')
    }
  }

  /** Whether the engine gave the file up, or is lost itself: it has to be opened again. */
  get broken(): boolean {
    return this.#givenUp || this.#engine.isLost(this.alias)
  }

  /** After an error that may have ended the file for the engine, or the engine. */
  async giveUp(error: unknown): Promise<void> {
    await this.#engine.report(error)
    if (isInvalidated(error)) this.#givenUp = true
    if (this.broken) this.#onBroken()
  }

  /** The retention rules that the file holds; a table without one follows the default. */
  get rules(): RetentionRules {
    return this.#rules
  }

  /** Puts rules into the file; from then on every cleanup obeys them. */
  async storeRules(rules: RetentionRules): Promise<void> {
    this.#rules = { ...this.#rules, ...rules }
    this.#rules = await this.writer.run((connection) => storeRules(connection, rules))
  }

  /** A connection of the caller's own on this pair, to be given back. */
  acquireReader(): Promise<DuckDBConnection> {
    return this.#readers.lend()
  }

  /** See {@link ReaderConnections.releaseReader}; with `isRaw` anything may have been written by it. */
  async releaseReader(connection: DuckDBConnection, use: ReaderUse): Promise<void> {
    if (use.isRaw === true) {
      this.writer.wrote = this.isWrittenHere = this.isAltered = true
      this.writer.ticks.forgetFile()
      this.wal.mayHaveHoles = true
    }
    await this.#readers.releaseReader(connection, use)
  }

  /** Puts the WAL into the file and frees what was deleted; only from within a job of the writer. */
  async checkpoint(connection: DuckDBConnection): Promise<void> {
    // Without its name after a power loss nothing would tell that a checkpoint was on its way.
    await this.wal.measure()
    await connection.run(`CHECKPOINT ${this.alias}`)
    // The log is gone, and stays gone.
    await syncFolder(this.files.directory)
    this.wal.checkpointed()
  }

  async saveState(connection: DuckDBConnection, clean: boolean): Promise<void> {
    await this.writeState(await measureState(connection, this.candles, clean))
  }

  /** For whoever opens the file next; with `isEmptied` nothing is left in the write-ahead log. */
  async #saveAtRest(isEmptied: boolean): Promise<void> {
    const { ticks } = this.writer
    const state = await contentAtRest(this.#connection, {
      ticks,
      candles: this.candles,
      rules: this.#rules,
    })
    const isProvable = isEmptied && !this.isAltered && this.loss === undefined
    await this.writeState(isProvable ? await sealed(this.files, state) : state)
  }

  /** With what is known of rows that are lost. */
  writeState(state: PairState): Promise<void> {
    const { loss } = this
    return writeState(this.files.state, loss === undefined ? state : { ...state, lost: loss.known })
  }

  /** Bytes of file and WAL. */
  async bytes(): Promise<number> {
    const sizes = [this.files.database, this.files.wal].map((file) => sizeOf(file))
    return (await Promise.all(sizes)).reduce<number>((sum, size) => sum + (size ?? 0), 0)
  }

  /**
   * Drains the writer, ends its readers, checkpoints, detaches. What was acknowledged is safe even
   * when this rejects: it only says that the file was not closed as it should be, or is not closed
   * yet (`DEADLINE_EXCEEDED`), because the engine does not let go of what is read of it. With `rests`
   * the pair stays this process's where it was written to, and what memory knows of it is returned.
   */
  async close({ rests = false }: { rests?: boolean } = {}): Promise<TickMemory | undefined> {
    const failures: unknown[] = []
    const attempt = async (step: () => Promise<void>): Promise<void> => {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    await attempt(() => this.writer.drain())
    const isApplied = failures.length === 0
    const free = this.#readers.close()
    const isFree = await endsWithin(letGoMs, free)
    // What the engine gave up cannot be written to; opened again it is whole.
    if (this.broken) failures.length = 0
    else if (!isFree) failures.unshift(stillRead(this.name))
    else if (this.writer.wrote || !this.#wasClean) {
      await attempt(() => checkpointUnblocked(() => this.checkpoint(this.#connection)))
      const isEmptied = failures.length === 0
      await attempt(() => this.#saveAtRest(isEmptied))
    }
    // For the next one, if the file can be asked at all: nothing was written.
    else if (!this.#isTold) await this.#saveAtRest(true).catch(() => undefined)
    const { memory } = this.writer.ticks
    const isWhole = failures.length === 0 && isFree && !this.broken
    const stays = rests && isWhole && !this.isAltered && this.writer.isClaimed
    // While the file is locked: whoever opens it next finds all in it.
    if (isApplied && !stays) await attempt(() => this.writer.disclaim())
    await attempt(() => this.writer.ticks.dispose({ keepsMemory: stays }))
    this.#connection.closeSync()
    if (isFree) await attempt(() => this.#engine.detach(this.alias))
    else this.#engine.detachWhen(this.alias, free)
    if (stays && failures.length > 0) {
      memory.dispose()
      await attempt(() => this.writer.disclaim())
    }
    if (failures.length > 0 && !this.broken)
      throw fromDuckDb(failures[0], this.name, 'QUERY_FAILED')
    return stays && failures.length === 0 ? memory : undefined
  }
}
