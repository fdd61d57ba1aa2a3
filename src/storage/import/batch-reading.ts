import { BOOLEAN, VARCHAR, type DuckDBDataChunk } from '@duckdb/node-api'
import { columnSink, type ColumnSink } from '../duckdb/read-vector.ts'
import { literal } from './file-relation.ts'
import type { Selection } from './import-source.ts'
import type { InstrumentChoice } from './instruments.ts'

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
  /** Whether surely all rows from one on can be stored as they are; if not, each is checked. */
  areSound(from: number): boolean
  /** Completes a row by what is inferred, and says what is wrong with it, if anything. */
  check(row: number, instrument: string | undefined): RowFault | undefined
  /** Stores the kept rows, or all, of an instrument. */
  store(kept: readonly number[] | undefined, instrument: string | undefined): Promise<Counts>
}

/** Rows of a batch that are being read, and what became of them. */
export interface BatchReading<Counts> {
  readonly batch: FileBatch<Counts>
  /** Of each row, whether it is meant and of which instrument it is; only where one chooses. */
  readonly choice: readonly [meant: ColumnSink, instrument: ColumnSink] | undefined
  readonly left: Set<number>
  checked: number
}

export function beginReading<Counts>(
  batch: FileBatch<Counts>,
  batchRows: number,
  chosen: InstrumentChoice | undefined,
): BatchReading<Counts> {
  const rows = batchRows + chunkRows
  const choice =
    chosen === undefined
      ? undefined
      : ([columnSink(BOOLEAN, rows), columnSink(VARCHAR, rows)] as const)
  return { batch, choice, left: new Set(), checked: 0 }
}

/** The rows to store by instrument; undefined for all of them. */
export function keptRows<Counts>(
  reading: BatchReading<Counts>,
  chosen: InstrumentChoice | undefined,
): ReadonlyMap<string | undefined, readonly number[] | undefined> {
  const isWhole = reading.batch.length === reading.checked && reading.left.size === 0
  if (isWhole && chosen?.spread === undefined) return new Map([[undefined, undefined]])
  const kept = new Map<string | undefined, number[]>()
  for (let row = 0; row < reading.checked; row++) {
    if (reading.left.has(row)) continue
    const instrument = instrumentOf(reading, row)
    const rows = kept.get(instrument)
    if (rows === undefined) kept.set(instrument, [row])
    else rows.push(row)
  }
  return kept
}

/** Rows that the engine hands over at once; a batch may exceed its size by that. */
export const chunkRows = 2048

/** A selection that says of each row, too, whether it is meant and of which instrument it is. */
export function choosing(selection: Selection, { where, spread }: InstrumentChoice): Selection {
  return {
    ...selection,
    expressions: (named) => {
      const text = (column: string): string => `coalesce(trim(${named(column).sql}::VARCHAR), '')`
      const meant = Object.entries(where).map(
        ([column, value]) => `${text(column)} = ${literal(value)}`,
      )
      return [
        ...selection.expressions(named),
        meant.length === 0 ? 'true' : `(${meant.join(' AND ')})`,
        spread === undefined ? 'NULL::VARCHAR' : text(spread),
      ]
    },
  }
}

export function instrumentOf<Counts>(
  { choice }: BatchReading<Counts>,
  row: number,
): string | undefined {
  return (choice?.[1].values[row] as string | null | undefined) ?? undefined
}
