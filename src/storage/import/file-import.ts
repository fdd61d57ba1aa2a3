import type { DuckDBDataChunk } from '@duckdb/node-api'
import { PairduckError, shown } from '../../errors.ts'
import { importFailed, type ImportSource, type Selection } from './import-source.ts'
import type { ResolvedImportOptions, TimeUnit } from './import-options.ts'
import { inTimeUnit } from './time-unit.ts'

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
  readonly #selection: Selection
  readonly #columns: Readonly<Record<string, string>>
  readonly #timeUnit: TimeUnit
  readonly #newBatch: () => FileBatch<Counts>
  readonly #options: ResolvedImportOptions
  readonly #stored: Counts[] = []
  readonly #inFlight: Promise<void>[] = []
  /** Rows of the file that were read. */
  #rows = 0
  rejected = 0

  constructor(of: {
    source: ImportSource
    selection: Selection
    /** Field → the file's column, for messages. */
    columns: Readonly<Record<string, string>>
    timeUnit: TimeUnit
    newBatch: () => FileBatch<Counts>
    options: ResolvedImportOptions
  }) {
    this.#source = of.source
    this.#selection = of.selection
    this.#columns = of.columns
    this.#timeUnit = of.timeUnit
    this.#newBatch = of.newBatch
    this.#options = of.options
  }

  /** What each batch was answered; `stopped` when the signal ended it. */
  async run(): Promise<{ stored: readonly Counts[]; rejected: number; stopped: boolean }> {
    try {
      // The engine takes a compressed file that was cut short for a whole one.
      const sound = (await this.#source.text?.isSound(this.#options.signal)) ?? true
      const complete = sound && (await this.#readAll(this.#source.chunks(this.#selection)))
      // Something in the file is not as its columns promise: slowly, then, row by row.
      if (!complete) await this.#readOn()
    } catch (error) {
      throw importFailed(this.#source.file, error)
    } finally {
      await Promise.allSettled(this.#inFlight)
    }
    await Promise.all(this.#inFlight)
    return {
      stored: this.#stored,
      rejected: this.rejected,
      stopped: this.#options.signal?.aborted === true,
    }
  }

  /** From where the engine gave up. */
  async #readOn(): Promise<void> {
    const source = this.#source
    const unreadable = (): PairduckError =>
      new PairduckError('IMPORT_FAILED', `${source.file}: row ${this.#rows + 1} cannot be read`, {
        file: source.file,
        rows: this.#rows,
        cause: source.failure,
      })
    if (source.text === undefined) throw unreadable()
    const { skipInvalid } = this.#options
    const { broken, skipped, failure } = await source.sift({ from: this.#rows, skip: skipInvalid })
    if (!(await this.#readAll(source.siftedChunks(this.#selection)))) throw unreadable()
    this.rejected += skipped
    if (broken !== undefined) await this.#refuse(broken.line, undefined, broken.text, broken.reason)
    if (failure !== undefined) await this.#giveUp(failure)
  }

  /** Reads to the end, or until the signal; false when the rows ended before the file did. */
  async #readAll(chunks: AsyncGenerator<DuckDBDataChunk | undefined>): Promise<boolean> {
    const { batchRows, signal, onProgress, skipInvalid } = this.#options
    let complete = true
    let batch = this.#newBatch()
    let checked = 0
    let faulty = new Set<number>()
    for await (const chunk of chunks) {
      if (signal?.aborted === true) return true
      if (chunk === undefined) {
        complete = false
        break
      }
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
    onProgress?.({ rows: this.#rows, fraction: complete ? 1 : this.#source.fraction })
    return complete
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

  /** The file cannot be uncompressed any further. */
  async #giveUp(cause: unknown): Promise<never> {
    await Promise.all(this.#inFlight)
    const { file } = this.#source
    const { message } = importFailed(file, cause)
    const stored = storedText(this.#rows - this.rejected)
    const details = { file, rows: this.#rows, cause }
    throw new PairduckError('IMPORT_FAILED', `${message}; ${stored}`, details)
  }

  async #stopAt(batch: FileBatch<Counts>, row: number, fault: RowFault): Promise<never> {
    await this.#send(batch, row, new Set())
    const column = this.#columns[fault.field] ?? fault.field
    const { line, value } = await this.#source.locate(this.#rows, column)
    return this.#refuse(
      line,
      column,
      value ?? fault.value,
      inTimeUnit(fault.reason, this.#timeUnit),
    )
  }

  async #refuse(
    line: number,
    column: string | undefined,
    value: unknown,
    reason: string,
  ): Promise<never> {
    await Promise.all(this.#inFlight)
    const { file } = this.#source
    const where = column === undefined ? '' : ` column \`${column}\``
    throw new PairduckError(
      'IMPORT_FAILED',
      `${file}: line ${line}:${where} ${shown(value)} ${reason}; ${storedText(this.#rows)}`,
      { file, line, ...(column === undefined ? {} : { column }), value, rows: this.#rows },
    )
  }
}

function storedText(rows: number): string {
  if (rows === 0) return 'no row before it is stored'
  return rows === 1 ? 'the row before it is stored' : `the ${rows} rows before it are stored`
}
