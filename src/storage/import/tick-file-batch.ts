import { DOUBLE, ENUM, TIMESTAMP, VARCHAR, type DuckDBDataChunk } from '@duckdb/node-api'
import type { InsertCounts } from '../events/outcomes.ts'
import { columnSink, type ColumnSink } from '../duckdb/read-vector.ts'
import { tickFault, type TickColumns } from '../write/tick.ts'
import type { FileBatch, RowFault } from './file-import.ts'
import type { Selection } from './import-source.ts'
import { notAnId, tradeIdExpression } from './trade-id.ts'
import { timeExpression, timeType } from './time-unit.ts'
import type { TimeUnit } from './import-options.ts'

/** What {@link TickFileBatch} reads of a file. */
export function tickSelection(
  columns: Readonly<Record<string, string>>,
  unit: TimeUnit,
): Selection {
  return {
    types: {
      [columns['timestamp']!]: timeType(unit),
      [columns['price']!]: 'DOUBLE',
      [columns['volume']!]: 'DOUBLE',
    },
    expressions: (named) => {
      const column = (field: string): string => named(columns[field]!).sql
      const side =
        columns['side'] === undefined
          ? `CASE lower(trim(${column('buyerIsMaker')}::VARCHAR)) WHEN 'true' THEN 'SELL' WHEN '1' THEN 'SELL'
             WHEN 'false' THEN 'BUY' WHEN '0' THEN 'BUY' END`
          : `CASE upper(trim(${column('side')}::VARCHAR)) WHEN 'BUY' THEN 'BUY' WHEN 'SELL' THEN 'SELL' END`
      return [
        timeExpression(named(columns['timestamp']!), unit),
        `try_cast(${column('price')} AS DOUBLE)`,
        `try_cast(${column('volume')} AS DOUBLE)`,
        `(${side})::ENUM('BUY', 'SELL')`,
        columns['tradeId'] === undefined
          ? `NULL::VARCHAR`
          : tradeIdExpression(named(columns['tradeId'])),
      ]
    },
  }
}

/** What {@link tickSelection} gives. */
const types = [TIMESTAMP, DOUBLE, DOUBLE, ENUM(['BUY', 'SELL']), VARCHAR]

/** Trades of a file, by column. */
export class TickFileBatch implements FileBatch<InsertCounts> {
  length = 0
  readonly #sinks: readonly ColumnSink[]
  readonly #sideField: string
  readonly #latest: number
  readonly #insert: (ticks: TickColumns) => Promise<InsertCounts>

  constructor(of: {
    rows: number
    sideField: string
    latest: number
    insert: (ticks: TickColumns) => Promise<InsertCounts>
  }) {
    this.#sinks = types.map((type) => columnSink(type, of.rows))
    this.#sideField = of.sideField
    this.#latest = of.latest
    this.#insert = of.insert
  }

  read(chunk: DuckDBDataChunk): void {
    for (const [column, sink] of this.#sinks.entries()) sink.read(chunk, column, this.length)
    this.length += chunk.rowCount
  }

  fault(row: number): RowFault | undefined {
    const [timestamp, price, volume, side, tradeId] = this.#sinks
    const fault = tickFault(
      timestamp!.values[row],
      price!.values[row],
      volume!.values[row],
      side!.values[row],
      tradeId!.values[row],
      this.#latest,
    )
    if (fault?.field === 'tradeId' && fault.value === '') return { ...fault, reason: notAnId }
    return fault?.field === 'side' ? { ...fault, field: this.#sideField } : fault
  }

  store(kept: readonly number[] | undefined): Promise<InsertCounts> {
    const [timestamp, price, volume, side, tradeId] = this.#sinks.map(({ values }) =>
      kept === undefined ? values.slice(0, this.length) : kept.map((row) => values[row]),
    ) as unknown as [number[], number[], number[], ('BUY' | 'SELL')[], (string | null)[]]
    return this.#insert({ timestamp, price, volume, side, tradeId })
  }
}
