import { DOUBLE, TIMESTAMP, type DuckDBDataChunk } from '@duckdb/node-api'
import { insertColumns } from '../../schema/insert-columns.ts'
import type { Candle } from '../../schema/rows.ts'
import type { Timeframe } from '../../time.ts'
import { columnSink } from '../duckdb/read-vector.ts'
import { candleFault } from '../write/check-rows.ts'
import { type RowCounts } from '../events/outcomes.ts'
import type { FileBatch, RowFault } from './batch-reading.ts'
import { mapColumns } from './column-map.ts'
import type { ResolvedImportOptions } from './import-options.ts'
import type { ImportSource, Selection } from './import-source.ts'
import { numberReader, type NumberReader } from './number-reader.ts'
import { refuseFloatTimes } from './tick-plan.ts'
import { timeReader, type TimeReader } from './time-reader.ts'

/** What an insert of candles writes, the time first. */
const fields = insertColumns.candles.map(([field]) => field)

/** Decides how a file's rows become candles. */
export function planCandles(
  source: ImportSource,
  options: ResolvedImportOptions,
): { columns: Readonly<Record<string, string>>; time: TimeReader; selection: Selection } {
  const samples = (column: string): readonly string[] => source.samples(column)
  const { columns } = mapColumns(source.file, {
    kind: 'candles',
    present: source.columns.map(({ name }) => name),
    samples,
    given: options.columns ?? {},
    needed: ['timestamp', 'open', 'high', 'low', 'close', 'volume'],
  })
  refuseFloatTimes(source, columns['timestamp']!)
  const time = timeReader(
    { unit: options.timeUnit, format: options.timeFormat },
    samples(columns['timestamp']!),
  )
  return { columns, time, selection: candleSelection(columns, time, numberReader(options.decimal)) }
}

function candleSelection(
  columns: Readonly<Record<string, string>>,
  time: TimeReader,
  number: NumberReader,
): Selection {
  const known = fields.filter((field) => columns[field] !== undefined)
  return {
    types: Object.fromEntries(
      known.map((field) => [columns[field]!, field === 'timestamp' ? time.type : number.type]),
    ),
    expressions: (named) => {
      const value = (field: string): string => number.expression(named(columns[field]!))
      return fields.map((field) => {
        const column = columns[field]
        if (field === 'timestamp') return time.expression(named(column!))
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
  readonly #insert: (candles: Candle[], instrument: string | undefined) => Promise<RowCounts>

  constructor(of: {
    rows: number
    timeframe: Timeframe
    latest: number
    insert: (candles: Candle[], instrument: string | undefined) => Promise<RowCounts>
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

  areSound(): boolean {
    return false
  }

  check(row: number): RowFault | undefined {
    return candleFault(this.#timeframe, this.#candle(row), this.#latest)
  }

  store(kept: readonly number[] | undefined, instrument: string | undefined): Promise<RowCounts> {
    const rows = kept ?? Array.from({ length: this.length }, (_, row) => row)
    return this.#insert(
      rows.map((row) => this.#candle(row)),
      instrument,
    )
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
