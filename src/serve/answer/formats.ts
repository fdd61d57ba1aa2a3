import type { FastifyReply, FastifyRequest } from 'fastify'
import { batchFrame, columnsFrame, endFrame, errorFrame } from '../../client/wire/batch-frames.ts'
import { formatNamed, rowFormats, type RowFormat } from '../../storage/export/row-formats.ts'
import { likedType } from './negotiation.ts'

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

/** The form of an answer: `format=`, else the one that `Accept` likes best, else JSON. */
export function formatOf(request: FastifyRequest, reply: FastifyReply): RowFormat {
  const { format } = request.query as { readonly format?: unknown }
  if (format !== undefined) {
    const name = rowFormats.find((each) => each === format)
    if (name !== undefined) return formatNamed(name)
    throw new TypeError(`expected \`format\` to be one of ${rowFormats.join(', ')}`)
  }
  const forms = rowFormats.map((name) => formatNamed(name))
  const types = forms.map(({ contentType }) => contentType)
  const liked = likedType(request, reply, types)
  return forms.find(({ contentType }) => contentType === liked) ?? formatNamed('json')
}

/** Whether a request asks for what is archived, too. */
export function historyOf(request: FastifyRequest): boolean {
  const { history } = request.query as { readonly history?: unknown }
  if (history === undefined || history === 'false') return false
  if (history === 'true') return true
  throw new TypeError('expected `history` to be true or false')
}
