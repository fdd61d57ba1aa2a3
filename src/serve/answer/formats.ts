import type { FastifyRequest } from 'fastify'
import { batchFrame, columnsFrame, endFrame, errorFrame } from '../../client/wire/batch-frames.ts'
import {
  formatNamed,
  rowFormats,
  type RowFormat,
  type RowFormatName,
} from '../../storage/export/row-formats.ts'

/** Frames of `pairduck/client`; an error behind the first rows travels as one. */
export const framesFormat: RowFormat = {
  contentType: 'application/vnd.pairduck.batches',
  batchRows: 8192,
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
    const name = rowFormats.find((each) => each === format)
    if (name !== undefined) return formatNamed(name)
    throw new TypeError(`expected \`format\` to be one of ${rowFormats.join(', ')}`)
  }
  const accepted = (request.headers.accept ?? '')
    .split(',')
    .map((type) => type.split(';')[0]!.trim())
  const named = accepted.map((type) => mediaTypes.find(([media]) => media === type)?.[1])
  return formatNamed(named.find((name) => name !== undefined) ?? 'json')
}

/** Whether a request asks for what is archived, too. */
export function historyOf(request: FastifyRequest): boolean {
  const { history } = request.query as { readonly history?: unknown }
  if (history === undefined || history === 'false') return false
  if (history === 'true') return true
  throw new TypeError('expected `history` to be true or false')
}
