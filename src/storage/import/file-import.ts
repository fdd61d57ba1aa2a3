import type { DuckDBDataChunk } from '@duckdb/node-api'
import { PairduckError, shown } from '../../errors.ts'
import { importFailed, type ImportSource, type Reading } from './import-source.ts'
import type { ResolvedImportOptions } from './import-options.ts'

/** Why a row cannot be stored: the field, and what is wrong with it. */
export interface RowFault {
  readonly field: string
  readonly value: unknown
  readonly reason: string
}

/** Rows read from a file that will be stored together. */
export interface FileBatch<Counts> {
  readonly length: number
  /** Takes a chunk's rows. */
  read(chunk: DuckDBDataChunk): void
  /** What is wrong with a row, if anything. */
  fault(row: number): RowFault | undefined
  /** Stores the kept rows, or all. */
  store(kept: readonly number[] | undefined): Promise<Counts>
}

/** Batches that may wait for their commit while the next one is read. */
const maxInFlight = 2

/**
 * Streams a file's rows through `batch` into the store, in bounded memory: while one batch is
 * committed the next one is read. A row that does not fit ends it, with all before it stored.
 */
export class FileImport<Counts> {
  readonly #source: ImportSource
  readonly #select: string
  readonly #columns: Readonly<Record<string, string>>
  readonly #newBatch: () => FileBatch<Counts>
  readonly #options: ResolvedImportOptions
  readonly #stored: Counts[] = []
  readonly #inFlight: Promise<void>[] = []
  /** Rows of the file that were read. */
  #rows = 0
  rejected = 0

  constructor(of: {
    source: ImportSource
    select: string
    /** Field → the file's column, for messages. */
    columns: Readonly<Record<string, string>>
    newBatch: () => FileBatch<Counts>
    options: ResolvedImportOptions
  }) {
    this.#source = of.source
    this.#select = of.select
    this.#columns = of.columns
    this.#newBatch = of.newBatch
    this.#options = of.options
  }

  /** What each batch was answered; `stopped` when the signal ended it. */
  async run(): Promise<{ stored: readonly Counts[]; rejected: number; stopped: boolean }> {
    try {
      await this.#readAll({ reading: 'fast' })
    } catch (error) {
      if (error instanceof PairduckError || this.#source.file === '-')
        throw importFailed(this.#source.file, error)
      await this.#readOn()
    }
    await Promise.all(this.#inFlight)
    return {
      stored: this.#stored,
      rejected: this.rejected,
      stopped: this.#options.signal?.aborted === true,
    }
  }

  /** From where the fast reading ended, slowly: now what does not fit can be named. */
  async #readOn(): Promise<void> {
    try {
      const reading = this.#options.skipInvalid ? 'tolerant' : 'text'
      await this.#readAll({ reading, from: this.#rows })
      if (this.#options.skipInvalid) this.rejected += await this.#source.rejectedLines()
    } catch (error) {
      await this.#resumeBefore(error)
    }
  }

  async #readAll(part: { reading: Reading; from?: number; count?: number }): Promise<void> {
    const { batchRows, signal, onProgress, skipInvalid } = this.#options
    let batch = this.#newBatch()
    let checked = 0
    let faulty = new Set<number>()
    for await (const chunk of this.#source.chunks(this.#select, part)) {
      if (signal?.aborted === true) return
      batch.read(chunk)
      for (; checked < batch.length; checked++, this.#rows++) {
        const fault = batch.fault(checked)
        if (fault === undefined) continue
        if (!skipInvalid) await this.#stopAt(batch, checked, fault)
        faulty.add(checked)
      }
      if (batch.length < batchRows) continue
      await this.#send(batch, checked, faulty)
      onProgress?.({ rows: this.#rows, fraction: this.#source.fraction })
      batch = this.#newBatch()
      checked = 0
      faulty = new Set()
    }
    await this.#send(batch, checked, faulty)
    onProgress?.({ rows: this.#rows, fraction: 1 })
  }

  /** Sends the first `rows` rows without the faulty ones to the store, and does not wait for it. */
  async #send(batch: FileBatch<Counts>, rows: number, faulty: ReadonlySet<number>): Promise<void> {
    if (rows === 0) return
    if (this.#inFlight.length >= maxInFlight) await this.#inFlight.shift()
    this.rejected += faulty.size
    const all = faulty.size === 0 && rows === batch.length
    const kept = all
      ? undefined
      : Array.from({ length: rows }, (_, row) => row).filter((row) => !faulty.has(row))
    const done = (async () => {
      this.#stored.push(await batch.store(kept))
    })()
    // Awaited later; a rejection in between is not an unhandled one.
    done.catch(() => undefined)
    this.#inFlight.push(done)
  }

  async #stopAt(batch: FileBatch<Counts>, row: number, fault: RowFault): Promise<never> {
    await this.#send(batch, row, new Set())
    await Promise.all(this.#inFlight)
    const column = this.#columns[fault.field] ?? fault.field
    const raw = await this.#source.valueAt(this.#rows, column)
    const line = this.#source.lineOf(this.#rows)
    throw new PairduckError(
      'IMPORT_FAILED',
      `${this.#source.file}: line ${line}: column \`${column}\` ${shown(raw ?? fault.value)} ${fault.reason}; the ${this.#rows} rows before it are stored`,
      { file: this.#source.file, line, column, value: raw ?? fault.value, rows: this.#rows },
    )
  }

  /** A line that is no row at all ends the engine's reading; what stands before it is read again. */
  async #resumeBefore(error: unknown): Promise<never> {
    const line = Number(/Line:\s*(\d+)/.exec(error instanceof Error ? error.message : '')?.[1])
    if (error instanceof PairduckError || !(line > 0)) throw importFailed(this.#source.file, error)
    const from = this.#rows
    const count = this.#source.rowOf(line) - from
    if (count > 0) await this.#readAll({ reading: 'tolerant', from, count })
    await Promise.all(this.#inFlight)
    const reason = error instanceof Error ? error.message.split('\n').at(1)?.trim() : ''
    throw new PairduckError(
      'IMPORT_FAILED',
      `${this.#source.file}: line ${line}: ${reason}; the ${this.#rows} rows before it are stored`,
      { cause: error, file: this.#source.file, line, rows: this.#rows },
    )
  }
}
