import { exactRowsOfBatch, type ColumnBatch, type StreamColumn } from '../duckdb/column-batch.ts'
import { arrowFormat } from './arrow.ts'
import type { Parts } from './part-stream.ts'

/** A form that rows are given in. */
export interface RowFormat {
  readonly contentType: string
  /** How many rows its parts are made of, about. */
  readonly batchRows: number
  text(columns: readonly StreamColumn[], batches: AsyncIterable<ColumnBatch>): Parts
}

export const rowFormats = ['json', 'csv', 'ndjson', 'arrow'] as const
/** The name of a form. */
export type RowFormatName = (typeof rowFormats)[number]

/** Of so many rows the text is made in some milliseconds. */
const textRows = 8192

/** A JSON array of objects; times in Unix ms, whole numbers beyond 2^53 as text. */
const json: RowFormat = {
  contentType: 'application/json; charset=utf-8',
  batchRows: textRows,
  async *text(columns, batches) {
    let before = '['
    for await (const batch of batches) {
      const rows = JSON.stringify(exactRowsOfBatch(columns, batch))
      yield before + rows.slice(1, -1)
      before = ','
    }
    yield before === '[' ? '[]' : ']'
  },
}

const ndjson: RowFormat = {
  contentType: 'application/x-ndjson; charset=utf-8',
  batchRows: textRows,
  async *text(columns, batches) {
    for await (const batch of batches)
      yield `${exactRowsOfBatch(columns, batch)
        .map((row) => JSON.stringify(row))
        .join('\n')}\n`
  },
}

/**
 * As RFC 4180 has it, with a head; a NULL is empty, a list or a struct is JSON in quotes. An empty
 * line would be no row to most readers: what stands alone in its row is `""` then.
 */
const csv: RowFormat = {
  contentType: 'text/csv; charset=utf-8; header=present',
  batchRows: textRows,
  async *text(columns, batches) {
    yield `${csvLine(columns.map(({ name }) => name))}\r\n`
    for await (const batch of batches) {
      const lines = exactRowsOfBatch(columns, batch).map((row) =>
        csvLine(columns.map(({ name }) => row[name])),
      )
      yield `${lines.join('\r\n')}\r\n`
    }
  },
}

const formats: Readonly<Record<RowFormatName, RowFormat>> = {
  json,
  csv,
  ndjson,
  arrow: arrowFormat(),
}

export function formatNamed(name: RowFormatName): RowFormat {
  return formats[name]
}

function csvLine(values: readonly unknown[]): string {
  return values.map((value) => csvField(value)).join(',') || '""'
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text =
    typeof value === 'string'
      ? value
      : typeof value === 'number'
        ? String(value)
        : JSON.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
