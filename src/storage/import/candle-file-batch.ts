import { DOUBLE, TIMESTAMP, type DuckDBDataChunk } from '@duckdb/node-api'
import { insertColumns } from '../../schema/insert-columns.ts'
import type { Candle } from '../../schema/rows.ts'
import type { Timeframe } from '../../time.ts'
import { columnSink } from '../duckdb/read-vector.ts'
import { candleFault } from '../write/row-writer.ts'
import { type RowCounts } from '../events/outcomes.ts'
import type { FileBatch, RowFault } from './file-import.ts'
import type { Selection } from './import-source.ts'
import { timeExpression, timeType } from './time-unit.ts'
import type { TimeUnit } from './import-options.ts'

/** What an insert of candles writes, the time first. */
const fields = insertColumns.candles.map(([field]) => field)

/** What {@link CandleFileBatch} reads of a file. */
export function candleSelection(
  columns: Readonly<Record<string, string>>,
  unit: TimeUnit,
): Selection {
  const known = fields.filter((field) => columns[field] !== undefined)
  return {
    types: Object.fromEntries(
      known.map((field) => [columns[field]!, field === 'timestamp' ? timeType(unit) : 'DOUBLE']),
    ),
    expressions: (named) => {
      const value = (field: string): string => `try_cast(${named(columns[field]!).sql} AS DOUBLE)`
      return fields.map((field) => {
        const column = columns[field]
        if (field === 'timestamp') return timeExpression(named(column!), unit)
        if (column !== undefined) return value(field)
        // What the taker did not buy he sold.
        return field === 'sellVolume' && columns['buyVolume'] !== undefined
          ? `${value('volume')} - ${value('buyVolume')}`
          : 'NULL::DOUBLE'
      })
    },
  }
}

/** Candles of a file. */
export class CandleFileBatch implements FileBatch<RowCounts> {
  length = 0
  readonly #sinks: ReturnType<typeof columnSink>[]
  readonly #timeframe: Timeframe
  readonly #latest: number
  readonly #insert: (candles: Candle[]) => Promise<RowCounts>

  constructor(of: {
    rows: number
    timeframe: Timeframe
    latest: number
    insert: (candles: Candle[]) => Promise<RowCounts>
  }) {
    this.#sinks = fields.map((_, column) => columnSink(column === 0 ? TIMESTAMP : DOUBLE, of.rows))
    this.#timeframe = of.timeframe
    this.#latest = of.latest
    this.#insert = of.insert
  }

  read(chunk: DuckDBDataChunk): void {
    for (const [column, sink] of this.#sinks.entries()) sink.read(chunk, column, this.length)
    this.length += chunk.rowCount
  }

  fault(row: number): RowFault | undefined {
    return candleFault(this.#timeframe, this.#candle(row), this.#latest)
  }

  store(kept: readonly number[] | undefined): Promise<RowCounts> {
    const rows = kept ?? Array.from({ length: this.length }, (_, row) => row)
    return this.#insert(rows.map((row) => this.#candle(row)))
  }

  #candle(row: number): Candle {
    const candle: Record<string, number | null> = {}
    for (const [column, field] of fields.entries()) {
      const { values, nulls } = this.#sinks[column]!
      const value = nulls?.[row] === 1 ? null : (values[row] as number)
      candle[field] = value
    }
    return candle as unknown as Candle
  }
}
