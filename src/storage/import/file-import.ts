import type { DuckDBDataChunk } from '@duckdb/node-api'
import { PairduckError, shown, visible } from '../../errors.ts'
import {
  beginReading,
  choosing,
  instrumentOf,
  keptRows,
  type BatchReading,
  type FileBatch,
  type RowFault,
} from './batch-reading.ts'
import { importFailed } from './import-failure.ts'
import { type ImportSource, type Selection } from './import-source.ts'
import type { ResolvedImportOptions } from './import-options.ts'
import { SpreadNames, type InstrumentChoice } from './instruments.ts'
import { Rejections, rejectionText, type Rejection } from './rejections.ts'
import type { TimeReader } from './time-reader.ts'
import { whyRefused } from './why-refused.ts'

/** What a file's import gives. */
export interface FileOutcome<Counts> {
  readonly stored: readonly Counts[]
  readonly rejected: number
  readonly rejections: readonly Rejection[]
  /** Rows of other instruments than the chosen one. */
  readonly filtered: number
  readonly stopped: boolean
}

/** Batches that may wait for their commit while the next one is read. */
const maxInFlight = 2

/**
 * Streams a file's rows through batches into the store, in bounded memory: while one batch is
 * committed the next one is read. A row that does not fit ends it, with all before it stored.
 */
export class FileImport<Counts> {
  readonly #source: ImportSource
  readonly #selection: Selection
  readonly #columns: Readonly<Record<string, string>>
  readonly #time: TimeReader
  readonly #choice: InstrumentChoice | undefined
  readonly #names: SpreadNames | undefined
  readonly #newBatch: (firstRow: number) => FileBatch<Counts>
  readonly #options: ResolvedImportOptions
  readonly #progressFrom: number
  readonly #stored: Counts[] = []
  readonly #inFlight: Promise<void>[] = []
  readonly #rejections = new Rejections()
  /** Rows of the file that were read. */
  #rows = 0
  #filtered = 0

  constructor(of: {
    source: ImportSource
    selection: Selection
    /** Field → the file's column, for messages. */
    columns: Readonly<Record<string, string>>
    time: TimeReader
    choice: InstrumentChoice
    newBatch: (firstRow: number) => FileBatch<Counts>
    options: ResolvedImportOptions
    /** Rows of files before, for the progress. */
    progressFrom: number
  }) {
    this.#source = of.source
    const { spread, where } = of.choice
    this.#choice = spread === undefined && Object.keys(where).length === 0 ? undefined : of.choice
    this.#names = spread === undefined ? undefined : new SpreadNames(spread)
    this.#selection = this.#choice === undefined ? of.selection : choosing(of.selection, of.choice)
    this.#columns = of.columns
    this.#time = of.time
    this.#newBatch = of.newBatch
    this.#options = of.options
    this.#progressFrom = of.progressFrom
  }

  get rows(): number {
    return this.#rows
  }

  /** What each batch was answered; `stopped` when the signal ended it. */
  async run(): Promise<FileOutcome<Counts>> {
    try {
      // Something in the file is not as its columns promise: slowly, then, row by row.
      if (!(await this.#readAll(this.#source.chunks(this.#selection)))) await this.#readOn()
      if (this.#source.cut !== undefined && this.#options.signal?.aborted !== true)
        await this.#giveUp(this.#source.cut)
    } catch (error) {
      throw importFailed(this.#source.file, error)
    } finally {
      await Promise.allSettled(this.#inFlight)
    }
    await Promise.all(this.#inFlight)
    return {
      stored: this.#stored,
      rejected: this.#rejections.count,
      rejections: await this.#rejections.list(this.#source, this.#time),
      filtered: this.#filtered,
      stopped: this.#options.signal?.aborted === true,
    }
  }

  /** From where the engine gave up. */
  async #readOn(): Promise<void> {
    const source = this.#source
    const unreadable = (): PairduckError =>
      new PairduckError(
        'IMPORT_FAILED',
        `${visible(source.file)}: row ${this.#rows + 1} cannot be read`,
        { file: source.file, rows: this.#rows, cause: source.failure },
      )
    if (source.text === undefined) throw unreadable()
    const skip = this.#options.skipInvalid
      ? ({ line, text, reason }: { line: number; text: string; reason: string }): void =>
          this.#rejections.add({
            column: undefined,
            reason,
            isTime: false,
            row: 0,
            line: { line, value: text },
          })
      : undefined
    const broken = await source.sift({ from: this.#rows, skip })
    if (!(await this.#readAll(source.siftedChunks(this.#selection)))) throw unreadable()
    if (broken !== undefined) await this.#refuse(broken.line, undefined, broken.text, broken.reason)
  }

  /** Reads to the end, or until the signal; false when the rows ended before the file did. */
  async #readAll(chunks: AsyncGenerator<DuckDBDataChunk | undefined>): Promise<boolean> {
    const { batchRows, signal } = this.#options
    let complete = true
    let reading = this.#begin()
    for await (const chunk of chunks) {
      if (signal?.aborted === true) return true
      if (chunk === undefined) {
        complete = false
        break
      }
      await this.#take(reading, chunk)
      if (reading.batch.length < batchRows) continue
      await this.#send(reading)
      this.#tellProgress(this.#source.fraction)
      reading = this.#begin()
    }
    await this.#send(reading)
    this.#tellProgress(complete ? 1 : this.#source.fraction)
    return complete
  }

  #begin(): BatchReading<Counts> {
    return beginReading(this.#newBatch(this.#rows), this.#options.batchRows, this.#choice)
  }

  /** Takes a chunk's rows and looks at each. */
  async #take(reading: BatchReading<Counts>, chunk: DuckDBDataChunk): Promise<void> {
    const { batch, choice, left } = reading
    if (choice !== undefined)
      for (const [at, sink] of choice.entries())
        // Before the column by which the stream tells its end.
        sink.read(chunk, chunk.columnCount - 3 + at, batch.length)
    batch.read(chunk)
    if (choice === undefined && batch.areSound(reading.checked)) {
      this.#rows += batch.length - reading.checked
      reading.checked = batch.length
      return
    }
    for (; reading.checked < batch.length; reading.checked++, this.#rows++) {
      const row = reading.checked
      if (choice !== undefined && choice[0].values[row] !== true) {
        left.add(row)
        this.#filtered++
        continue
      }
      const instrument = instrumentOf(reading, row)
      const fault = this.#names?.fault(instrument) ?? batch.check(row, instrument)
      if (fault === undefined) continue
      if (!this.#options.skipInvalid) await this.#stopAt(reading, fault)
      left.add(row)
      this.#rejections.add({
        column: this.#columns[fault.field] ?? fault.field,
        reason: fault.reason,
        isTime: fault.field === 'timestamp',
        row: this.#rows,
      })
    }
  }

  /** Sends the rows that were checked, without those left out, to the store; does not wait for it. */
  async #send(reading: BatchReading<Counts>): Promise<void> {
    const { batch, checked } = reading
    if (checked === 0 && this.#rejections.count === 0) return
    const { maxInvalidShare } = this.#options
    if (this.#rejections.exceed(maxInvalidShare, this.#rows)) await this.#stopAtShare(checked)
    if (checked === 0) return
    if (this.#inFlight.length >= maxInFlight) await this.#inFlight.shift()
    for (const [instrument, kept] of keptRows(reading, this.#choice)) {
      const done = (async () => {
        this.#stored.push(await batch.store(kept, instrument))
      })()
      // Awaited later; a rejection in between is not an unhandled one.
      done.catch(() => undefined)
      this.#inFlight.push(done)
    }
  }

  #tellProgress(fraction: number | undefined): void {
    this.#options.onProgress?.({ rows: this.#progressFrom + this.#rows, fraction })
  }

  /** The file cannot be uncompressed any further. */
  async #giveUp(cause: unknown): Promise<never> {
    await Promise.all(this.#inFlight)
    const { file } = this.#source
    const { message } = importFailed(file, cause)
    const stored = storedText(this.#rows - this.#rejections.count, this.#progressFrom)
    const details = { file, rows: this.#rows, cause }
    throw new PairduckError('IMPORT_FAILED', `${message}; ${stored}`, details)
  }

  /** What so many rows have in common is no accident of one of them. */
  async #stopAtShare(unsent: number): Promise<never> {
    await Promise.all(this.#inFlight)
    const { file } = this.#source
    const rejections = await this.#rejections.list(this.#source, this.#time)
    const percent = this.#options.maxInvalidShare * 100
    throw new PairduckError(
      'IMPORT_FAILED',
      `${visible(file)}: ${this.#rejections.count} of the first ${this.#rows} rows cannot be stored, more than ${percent} % (--max-invalid, in the library \`maxInvalidShare\`): ${rejectionText(rejections)}; what came before the last ${unsent} of them is stored`,
      { file, rows: this.#rows - unsent, rejections },
    )
  }

  async #stopAt(reading: BatchReading<Counts>, fault: RowFault): Promise<never> {
    await this.#send(reading)
    const column = this.#columns[fault.field] ?? fault.field
    const { line, value } = await this.#source.locate(this.#rows, column)
    const found = value ?? fault.value
    const of = { value: found, column, isTime: fault.field === 'timestamp' }
    const reason = whyRefused(fault.reason, of, this.#time)
    return this.#refuse(line, column, found, reason)
  }

  async #refuse(
    line: number,
    column: string | undefined,
    value: unknown,
    reason: string,
  ): Promise<never> {
    await Promise.all(this.#inFlight)
    const { file } = this.#source
    const where = column === undefined ? '' : ` column \`${visible(column)}\``
    throw new PairduckError(
      'IMPORT_FAILED',
      `${visible(file)}: line ${line}:${where} ${shown(value)} ${reason}; ${storedText(this.#rows, this.#progressFrom)}`,
      { file, line, ...(column === undefined ? {} : { column }), value, rows: this.#rows },
    )
  }
}

function storedText(rows: number, rowsOfOthers: number): string {
  const others = rowsOfOthers === 0 ? '' : ', and so are those of the files before'
  if (rows === 0) return `no row before it is stored${others.replace('and so are', 'only')}`
  return `${rows === 1 ? 'the row before it is stored' : `the ${rows} rows before it are stored`}${others}`
}
