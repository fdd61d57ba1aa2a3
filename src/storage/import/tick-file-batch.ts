import { DOUBLE, ENUM, TIMESTAMP, VARCHAR, type DuckDBDataChunk } from '@duckdb/node-api'
import type { InsertCounts } from '../events/outcomes.ts'
import { columnSink, type ColumnSink } from '../duckdb/read-vector.ts'
import { tickFault, type TickColumns } from '../write/tick.ts'
import type { FileBatch, RowFault } from './batch-reading.ts'
import { MadeIds } from './made-ids.ts'
import { RepeatedIds } from './repeated-ids.ts'
import { sideHint } from './side-reader.ts'
import { TickRule } from './tick-rule.ts'
import { notAnId } from './trade-id.ts'

/** What the selection of a tick plan gives. */
const types = [TIMESTAMP, DOUBLE, DOUBLE, ENUM(['BUY', 'SELL']), VARCHAR]

/** Stores a batch: the instrument of a file that is spread over pairs, the exchange's count that its ids are of. */
export type InsertBatch = (
  ticks: TickColumns,
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
  readonly #sinks: readonly ColumnSink[]
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
    this.#sinks = types.map((type) => columnSink(type, of.rows))
    this.#sideField = of.sideField
    this.#latest = of.latest
    this.#firstRow = of.firstRow
    this.#inference = of.inference
    this.#idSpace = of.idSpace
    this.#insert = of.insert
  }

  read(chunk: DuckDBDataChunk): void {
    for (const [column, sink] of this.#sinks.entries()) sink.read(chunk, column, this.length)
    this.length += chunk.rowCount
  }

  check(row: number, instrument: string | undefined): RowFault | undefined {
    const [timestamp, price, volume, side, tradeId] = this.#sinks
    const inferred = this.#inference.of(instrument)
    if (inferred?.tick !== undefined)
      (side!.values as string[])[row] = inferred.tick.next(Number(price!.values[row]))
    const fault = tickFault(
      timestamp!.values[row],
      price!.values[row],
      volume!.values[row],
      side!.values[row],
      tradeId!.values[row],
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
    const [timestamp, price, volume, side, tradeId] = this.#sinks.map(({ values }) =>
      kept === undefined ? values.slice(0, this.length) : kept.map((row) => values[row]),
    ) as unknown as [number[], number[], number[], ('BUY' | 'SELL')[], (string | null)[]]
    const ticks = { timestamp, price, volume, side, tradeId }
    const counts = await this.#insert(ticks, { instrument, idSpace: this.#idSpace })
    if (counts.duplicates + counts.conflicts > 0)
      this.#inference.repeated.look(
        this.#firstRow,
        timestamp,
        tradeId,
        (index) => kept?.[index] ?? index,
      )
    return counts
  }

  #makeId(row: number, ids: MadeIds): RowFault | undefined {
    const [timestamp, price, volume, side, tradeId] = this.#sinks
    const time = timestamp!.values[row] as number
    const id = ids.next(
      time,
      price!.values[row] as number,
      volume!.values[row] as number,
      side!.values[row] as string,
    )
    if (id === undefined)
      return {
        field: 'timestamp',
        value: time,
        reason:
          'stands too far out of order for equal rows to be counted: sort the file by time to make ids',
      }
    ;(tradeId!.values as (string | null)[])[row] = id
    return undefined
  }
}
