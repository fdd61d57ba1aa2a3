import type { FastifyRequest } from 'fastify'
import { batchFrame, columnsFrame, endFrame, errorFrame } from '../../client/wire/batch-frames.ts'
import {
  rowsOfBatch,
  type ColumnBatch,
  type StreamColumn,
} from '../../storage/duckdb/column-batch.ts'
import { arrowFormat } from './arrow.ts'

type Parts = AsyncIterable<Uint8Array | string>

/** A form that rows are given in. */
export interface RowFormat {
  readonly contentType: string
  text(columns: readonly StreamColumn[], batches: AsyncIterable<ColumnBatch>): Parts
}

export const rowFormats = ['json', 'csv', 'ndjson', 'arrow'] as const
export type RowFormatName = (typeof rowFormats)[number]

/** A JSON array of objects; times in Unix ms. */
const json: RowFormat = {
  contentType: 'application/json; charset=utf-8',
  async *text(columns, batches) {
    let before = '['
    for await (const batch of batches) {
      const rows = JSON.stringify(rowsOfBatch(columns, batch))
      yield before + rows.slice(1, -1)
      before = ','
    }
    yield before === '[' ? '[]' : ']'
  },
}

const ndjson: RowFormat = {
  contentType: 'application/x-ndjson; charset=utf-8',
  async *text(columns, batches) {
    for await (const batch of batches)
      yield `${rowsOfBatch(columns, batch)
        .map((row) => JSON.stringify(row))
        .join('\n')}\n`
  },
}

/** As RFC 4180 has it, with a head; a NULL is empty, a list or a struct is JSON in quotes. */
const csv: RowFormat = {
  contentType: 'text/csv; charset=utf-8; header=present',
  async *text(columns, batches) {
    yield `${columns.map(({ name }) => csvField(name)).join(',')}\r\n`
    for await (const batch of batches) {
      const lines = rowsOfBatch(columns, batch).map((row) =>
        columns.map(({ name }) => csvField(row[name])).join(','),
      )
      yield `${lines.join('\r\n')}\r\n`
    }
  },
}

/** Frames of `pairduck/client`; an error behind the first rows travels as one. */
export const framesFormat: RowFormat = {
  contentType: 'application/vnd.pairduck.batches',
  async *text(columns, batches) {
    yield columnsFrame(columns)
    try {
      for await (const batch of batches) yield batchFrame(batch)
      yield endFrame()
    } catch (error) {
      yield errorFrame(error)
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

const mediaTypes: readonly (readonly [string, RowFormatName])[] = [
  ['application/json', 'json'],
  ['text/csv', 'csv'],
  ['application/x-ndjson', 'ndjson'],
  ['application/vnd.apache.arrow.stream', 'arrow'],
]

/** The form of an answer: `format=`, else the first one that `Accept` names, else JSON. */
export function formatOf(request: FastifyRequest): RowFormat {
  const { format } = request.query as { readonly format?: unknown }
  if (format !== undefined) {
    if (typeof format === 'string' && Object.hasOwn(formats, format))
      return formats[format as RowFormatName]
    throw new TypeError(`expected \`format\` to be one of ${rowFormats.join(', ')}`)
  }
  const accepted = (request.headers.accept ?? '')
    .split(',')
    .map((type) => type.split(';')[0]!.trim())
  const named = accepted.map((type) => mediaTypes.find(([media]) => media === type)?.[1])
  return formats[named.find((name) => name !== undefined) ?? 'json']
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
