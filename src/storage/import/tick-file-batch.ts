import { BIGINT, DOUBLE, UTINYINT, type DuckDBDataChunk } from '@duckdb/node-api'
import { earliestMs, latestMs, microsFromMs, msFromMicros } from '../../time.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import { msOfMicros } from '../duckdb/plain-value.ts'
import { columnSink, type ColumnSink } from '../duckdb/read-vector.ts'
import { CheckedTicks } from '../write/checked-ticks.ts'
import { tickFault } from '../write/tick.ts'
import type { FileBatch, RowFault } from './batch-reading.ts'
import { IdColumn } from './id-column.ts'
import { MadeIds } from './made-ids.ts'
import { RepeatedIds } from './repeated-ids.ts'
import { sideHint } from './side-reader.ts'
import { TickRule } from './tick-rule.ts'
import { notAnId } from './trade-id.ts'

/**
 * How the first columns of a tick plan's selection are read: times as microseconds, and of sides the
 * place of the word among {@link sides}.
 */
const types = [BIGINT, DOUBLE, DOUBLE, UTINYINT]
const sides = ['BUY', 'SELL'] as const
const idColumn = types.length

/** Stores a batch: the instrument of a file that is spread over pairs, the exchange's count that its ids are of. */
export type InsertBatch = (
  ticks: CheckedTicks,
  of: { readonly instrument: string | undefined; readonly idSpace: string | undefined },
) => Promise<InsertCounts>

/** What is remembered from one batch of a file to the next. */
export class TickInference {
  readonly repeated: RepeatedIds = new RepeatedIds()
  readonly #sides: boolean
  readonly #ids: boolean
  /** By instrument: one file may hold several. */
  readonly #rules = new Map<string | undefined, { tick: TickRule; ids: MadeIds }>()

  constructor(of: { sides: boolean; ids: boolean }) {
    this.#sides = of.sides
    this.#ids = of.ids
  }

  /** Whether rows have to be looked at one after the other. */
  get isNeeded(): boolean {
    return this.#sides || this.#ids
  }

  of(
    instrument: string | undefined,
  ): { tick: TickRule | undefined; ids: MadeIds | undefined } | undefined {
    if (!this.#sides && !this.#ids) return undefined
    let rule = this.#rules.get(instrument)
    if (rule === undefined)
      this.#rules.set(instrument, (rule = { tick: new TickRule(), ids: new MadeIds() }))
    return { tick: this.#sides ? rule.tick : undefined, ids: this.#ids ? rule.ids : undefined }
  }
}

/** Trades of a file, by column. */
export class TickFileBatch implements FileBatch<InsertCounts> {
  length = 0
  #micros!: Float64Array
  #price!: Float64Array
  #volume!: Float64Array
  #side!: Float64Array
  #sinks: readonly ColumnSink[] = []
  #capacity: number
  readonly #ids: IdColumn
  readonly #sideField: string
  readonly #latest: number
  readonly #firstRow: number
  readonly #inference: TickInference
  readonly #idSpace: string | undefined
  readonly #insert: InsertBatch

  constructor(of: {
    rows: number
    sideField: string
    latest: number
    /** The number of the first row in the file. */
    firstRow: number
    inference: TickInference
    idSpace: string | undefined
    insert: InsertBatch
  }) {
    this.#capacity = Math.min(of.rows, firstRows)
    this.#layOut()
    this.#ids = new IdColumn(this.#capacity)
    this.#sideField = of.sideField
    this.#latest = of.latest
    this.#firstRow = of.firstRow
    this.#inference = of.inference
    this.#idSpace = of.idSpace
    this.#insert = of.insert
  }

  read(chunk: DuckDBDataChunk): void {
    if (this.length + chunk.rowCount > this.#capacity) this.#grow(chunk.rowCount)
    for (const [column, sink] of this.#sinks.entries()) sink.read(chunk, column, this.length)
    this.#ids.read(chunk, idColumn, this.length)
    this.length += chunk.rowCount
  }

  areSound(from: number): boolean {
    if (this.#inference.isNeeded) return false
    const [earliest, end] = [microsFromMs(earliestMs), microsFromMs(latestMs)]
    const latest = Math.min(Math.floor(this.#latest * 1000) - 1, end - 1)
    for (let row = from; row < this.length; row++) {
      const micros = this.#micros[row]!
      // Each is false where there is nothing, a NaN.
      if (!(micros >= earliest && micros <= latest)) return false
      const price = this.#price[row]!
      const volume = this.#volume[row]!
      if (!(price > 0 && price < Infinity && volume > 0 && volume < Infinity)) return false
      if (!(this.#side[row]! <= 1)) return false
    }
    return this.#ids.areSound(from, this.length)
  }

  check(row: number, instrument: string | undefined): RowFault | undefined {
    const inferred = this.#inference.of(instrument)
    if (inferred?.tick !== undefined)
      this.#side[row] = sides.indexOf(inferred.tick.next(this.#price[row]!))
    const fault = tickFault(
      msOfMicros(this.#micros[row]!),
      this.#price[row],
      this.#volume[row],
      sides[this.#side[row]!] ?? null,
      this.#ids.text(row),
      this.#latest,
    )
    if (fault?.field === 'tradeId' && fault.value === '') return { ...fault, reason: notAnId }
    if (fault?.field === 'side')
      return { ...fault, field: this.#sideField, reason: fault.reason + sideHint }
    return fault ?? (inferred?.ids === undefined ? undefined : this.#makeId(row, inferred.ids))
  }

  async store(
    kept: readonly number[] | undefined,
    instrument: string | undefined,
  ): Promise<InsertCounts> {
    const column = (values: Float64Array): Float64Array =>
      kept === undefined
        ? values.subarray(0, this.length)
        : Float64Array.from(kept, (row) => values[row]!)
    const ticks = new CheckedTicks({
      micros: column(this.#micros),
      price: column(this.#price),
      volume: column(this.#volume),
      side: new Uint8Array(column(this.#side)),
      ids: this.#ids.take(kept, this.length),
    })
    const counts = await this.#insert(ticks, { instrument, idSpace: this.#idSpace })
    if (counts.duplicates + counts.conflicts > 0)
      this.#inference.repeated.look(
        this.#firstRow,
        ticks.micros.map(msFromMicros),
        ticks.ids,
        (index) => kept?.[index] ?? index,
      )
    return counts
  }

  #grow(more: number): void {
    this.#capacity = Math.max(this.#capacity * 2, this.length + more)
    const before = this.#sinks
    this.#layOut()
    for (const [column, { values }] of this.#sinks.entries())
      (values as Float64Array).set(before[column]!.values as Float64Array)
    this.#ids.grow(this.#capacity)
  }

  #layOut(): void {
    this.#sinks = types.map((type) => columnSink(type, this.#capacity))
    const columns = this.#sinks.map(({ values }) => values as Float64Array)
    ;[this.#micros, this.#price, this.#volume, this.#side] = columns as FourColumns
  }

  #makeId(row: number, ids: MadeIds): RowFault | undefined {
    const time = msFromMicros(this.#micros[row]!)
    const side = sides[this.#side[row]!]!
    const id = ids.next(time, this.#price[row]!, this.#volume[row]!, side)
    if (id === undefined)
      return {
        field: 'timestamp',
        value: time,
        reason:
          'stands too far out of order for equal rows to be counted: sort the file by time to make ids',
      }
    this.#ids.set(row, id)
    return undefined
  }
}

/** Most files of a day are not much larger. */
const firstRows = 32_768

type FourColumns = [Float64Array, Float64Array, Float64Array, Float64Array]
