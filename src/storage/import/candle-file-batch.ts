import { DOUBLE, TIMESTAMP, type DuckDBDataChunk } from '@duckdb/node-api'
import type { Candle } from '../../schema/rows.ts'
import type { Timeframe } from '../../time.ts'
import { columnSink } from '../read-vector.ts'
import { candleFault, type RowCounts } from '../row-writer.ts'
import type { FileBatch, RowFault } from './file-import.ts'
import { quoted, timeExpression } from './import-source.ts'
import type { TimeUnit } from './import-options.ts'

const fields = [
  'timestamp',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'buyVolume',
  'sellVolume',
  'quoteVolume',
  'tradeCount',
] as const

/** The expressions that {@link CandleFileBatch} reads, in its order. */
export function candleSelect(
  columns: Readonly<Record<string, string>>,
  types: ReadonlyMap<string, string>,
  unit: TimeUnit,
): string {
  return fields
    .map((field) => {
      const column = columns[field]
      if (field === 'timestamp') return timeExpression(column!, types.get(column!)!, unit)
      if (column !== undefined) return `try_cast(${quoted(column)} AS DOUBLE)`
      // What the taker did not buy he sold.
      return field === 'sellVolume' && columns['buyVolume'] !== undefined
        ? `try_cast(${quoted(columns['volume']!)} AS DOUBLE) - try_cast(${quoted(columns['buyVolume'])} AS DOUBLE)`
        : 'NULL::DOUBLE'
    })
    .join(', ')
}

/** Candles of a file. */
export class CandleFileBatch implements FileBatch<RowCounts> {
  length = 0
  readonly #sinks: ReturnType<typeof columnSink>[]
  readonly #timeframe: Timeframe
  readonly #insert: (candles: Candle[]) => Promise<RowCounts>

  constructor(of: {
    rows: number
    timeframe: Timeframe
    insert: (candles: Candle[]) => Promise<RowCounts>
  }) {
    this.#sinks = fields.map((_, column) => columnSink(column === 0 ? TIMESTAMP : DOUBLE, of.rows))
    this.#timeframe = of.timeframe
    this.#insert = of.insert
  }

  read(chunk: DuckDBDataChunk): void {
    for (const [column, sink] of this.#sinks.entries()) sink.read(chunk, column, this.length)
    this.length += chunk.rowCount
  }

  fault(row: number): RowFault | undefined {
    return candleFault(this.#timeframe, this.#candle(row))
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
