import type { BatchColumns } from '../duckdb/batch-function.ts'
import { ColumnsOfTicks } from '../duckdb/columns-of-ticks.ts'
import { joinBatches } from '../duckdb/join-batches.ts'
import type { LogRecord } from './log-entry.ts'

const fewestRows = 64
/** With this many ticks, or rows of this much text, calls wait until the file has caught up. */
const crowdedTicks = 50_000
const crowdedCharacters = 1 << 22
/** What a row's text costs beside a tick. */
const charactersOfTick = 100

/** What goes into a pair's file in one transaction. */
export interface Due {
  readonly ticks: BatchColumns
  /** What its records have beside ticks. */
  readonly rows: readonly string[]
  /** The sequence of the last of them. */
  readonly sequence: number
}

/** Columns that lie side by side, with the ticks of some records. */
interface Part {
  readonly columns: ColumnsOfTicks
  /** The sequence of its last record. */
  last: number
  /** It gets no more: somebody has taken it. */
  isTaken: boolean
}

/**
 * Acknowledged records that their pair's file does not have, in order. Their ticks lie together in
 * columns, as the file takes them: arrays of its own for each call, which live for half a second,
 * made collecting them a tenth of all work.
 */
export class Backlog {
  readonly #records: LogRecord[] = []
  #parts: Part[] = []
  #usualRows = fewestRows
  /** How many ticks wait. */
  ticks = 0
  /** How long the text of all rows is that wait. */
  rowCharacters = 0

  /** How many records wait. */
  get length(): number {
    return this.#records.length
  }

  /** Whether so much waits that calls have to wait for the file. */
  get isCrowded(): boolean {
    return this.ticks > crowdedTicks || this.rowCharacters > crowdedCharacters
  }

  /** How many ticks wait, and other rows as if they were ticks. */
  get weight(): number {
    return this.ticks + this.rowCharacters / charactersOfTick
  }

  /** Takes over a record; from now on its ticks are only a place in the columns. */
  add(record: LogRecord): void {
    const { columns } = this.#partFor(record)
    const from = columns.length
    columns.append(record.ticks)
    this.ticks += record.ticks.length
    this.rowCharacters += record.rows.length
    record.ticks = new RowsOf(columns, from, record.ticks.length)
    this.#records.push(record)
  }

  /** All that waits; undefined where nothing does. */
  due(): Due | undefined {
    const last = this.#records.at(-1)
    if (last === undefined) return undefined
    for (const part of this.#parts) part.isTaken = true
    this.#usualRows = Math.max(fewestRows, this.ticks)
    const rows = this.#records.map((record) => record.rows).filter((each) => each !== '')
    return { ticks: joinBatches(this.batches()), rows, sequence: last.sequence }
  }

  /** The ticks that wait, in as few batches as there are. */
  batches(): readonly BatchColumns[] {
    const batches = this.#parts.map(({ columns }) => columns)
    const ticks = batches.reduce((sum, { length }) => sum + length, 0)
    // Else some of a part are in the file.
    return ticks === this.ticks ? batches : this.#records.map((record) => record.ticks)
  }

  /** Lets go of the records up to a sequence, and returns them. */
  drop(sequence: number): readonly LogRecord[] {
    const kept = this.#records.findIndex((record) => record.sequence > sequence)
    const dropped = this.#records.splice(0, kept < 0 ? this.#records.length : kept)
    for (const { ticks, rows } of dropped) {
      this.ticks -= ticks.length
      this.rowCharacters -= rows.length
    }
    this.#parts = this.#parts.filter(({ last }) => last > sequence)
    return dropped
  }

  #partFor({ sequence }: LogRecord): Part {
    const open = this.#parts.at(-1)
    if (open?.isTaken === false) {
      open.last = sequence
      return open
    }
    const columns = new ColumnsOfTicks(this.#usualRows)
    const part = { columns, last: sequence, isTaken: false }
    this.#parts.push(part)
    return part
  }
}

/** Some rows of columns; arrays of their own are made of them where somebody asks. */
class RowsOf implements BatchColumns {
  readonly #columns: ColumnsOfTicks
  readonly #from: number
  readonly length: number

  constructor(columns: ColumnsOfTicks, from: number, length: number) {
    this.#columns = columns
    this.#from = from
    this.length = length
  }

  get micros(): Float64Array {
    return this.#columns.micros.slice(this.#from, this.#from + this.length)
  }

  get price(): Float64Array {
    return this.#columns.price.slice(this.#from, this.#from + this.length)
  }

  get volume(): Float64Array {
    return this.#columns.volume.slice(this.#from, this.#from + this.length)
  }

  get side(): Uint8Array {
    return this.#columns.side.slice(this.#from, this.#from + this.length)
  }

  get ids(): (string | null)[] {
    return this.#columns.ids.slice(this.#from, this.#from + this.length)
  }
}
