import type { ColumnBatch, ColumnData, StreamColumn } from '../../storage/duckdb/column-batch.ts'
import { errorFromJson, errorToJson } from './error-json.ts'

/**
 * How rows travel between processes: frames of four bytes length, one byte kind, and a body. First
 * the columns, then batches, each with its buffers as they lie in memory (little-endian), then the
 * end or an error. An answer without either was cut off.
 */
const headBytes = 5
const kinds = { columns: 1, batch: 2, end: 3, error: 4 } as const

/** What claims more is no frame: 2,048 rows of long texts make one, and most text read as a length is more. */
const maxFrameBytes = 2 ** 30

export function columnsFrame(columns: readonly StreamColumn[]): Buffer {
  return frame(kinds.columns, [Buffer.from(JSON.stringify(columns))])
}

export function endFrame(): Buffer {
  return frame(kinds.end, [])
}

export function errorFrame(error: unknown): Buffer {
  return frame(kinds.error, [Buffer.from(JSON.stringify(errorToJson(error)))])
}

interface ColumnHead {
  readonly kind: ColumnData['kind']
  readonly bytes: readonly number[]
  /** Digits of numbers that a double rounds, by their rows. */
  readonly exact?: readonly (readonly [row: number, digits: string])[]
  /** JSON texts that say which of their values JSON does not tell, by their rows. */
  readonly marked?: readonly (readonly [row: number, text: string])[]
}

export function batchFrame({ rows, columns }: ColumnBatch): Buffer {
  const buffers = columns.map((column) => buffersOf(column))
  const heads = columns.map((column, index): ColumnHead => ({
    kind: column.kind,
    bytes: buffers[index]!.map(({ byteLength }) => byteLength),
    ...exactOf(column),
  }))
  const head = Buffer.from(JSON.stringify({ rows, heads }))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(head.length)
  return frame(kinds.batch, [length, head, ...buffers.flat()])
}

function exactOf(column: ColumnData): Pick<ColumnHead, 'exact' | 'marked'> {
  if (column.kind === 'float64' && column.exact !== undefined) return { exact: [...column.exact] }
  if (column.kind === 'json' && column.marked !== undefined) return { marked: [...column.marked] }
  return {}
}

/** Nulls first (empty where there is none), then values, then the offsets of texts. */
function buffersOf(column: ColumnData): Uint8Array[] {
  const offsets = 'offsets' in column ? [bytesOf(column.offsets)] : []
  return [column.nulls ?? new Uint8Array(), bytesOf(column.values), ...offsets]
}

function bytesOf({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function frame(kind: number, parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUInt32LE(
    parts.reduce((sum, { byteLength }) => sum + byteLength, 0),
    0,
  )
  head.writeUInt8(kind, 4)
  return Buffer.concat([head, ...parts])
}

/** What a frame said. */
export type Frame =
  | { readonly columns: readonly StreamColumn[] }
  | { readonly batch: ColumnBatch }
  | { readonly end: true }

/** Reads frames from a body; throws the error that one carries. */
export async function* readFrames(
  body: AsyncIterable<Buffer>,
  words: () => readonly StreamColumn[],
): AsyncGenerator<Frame, void, undefined> {
  // A frame that comes in pieces is put together once: with each piece it would take their number squared.
  let pieces: Buffer[] = []
  let bytes = 0
  let wanted = headBytes
  for await (const piece of body) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes < wanted) continue
    let rest = pieces.length === 1 ? piece : Buffer.concat(pieces)
    for (;;) {
      wanted = frameBytes(rest)
      if (rest.length < wanted) break
      yield read(rest.readUInt8(4), rest.subarray(headBytes, wanted), words())
      rest = rest.subarray(wanted)
    }
    pieces = [rest]
    bytes = rest.length
  }
}

/** How long the frame is that these bytes begin, or begin to begin. */
function frameBytes(begun: Buffer): number {
  if (begun.length < headBytes) return headBytes
  const length = begun.readUInt32LE(0)
  if (length > maxFrameBytes) throw new RangeError('the answer is not made of frames')
  return headBytes + length
}

function read(kind: number, body: Buffer, columns: readonly StreamColumn[]): Frame {
  if (kind === kinds.columns)
    return { columns: JSON.parse(body.toString()) as readonly StreamColumn[] }
  if (kind === kinds.batch) return { batch: readBatch(body, columns) }
  if (kind === kinds.error) throw errorFromJson(JSON.parse(body.toString()))
  return { end: true }
}

function readBatch(body: Buffer, columns: readonly StreamColumn[]): ColumnBatch {
  const headLength = body.readUInt32LE(0)
  const { rows, heads } = JSON.parse(body.toString('utf8', 4, 4 + headLength)) as {
    readonly rows: number
    readonly heads: readonly ColumnHead[]
  }
  let at = 4 + headLength
  const take = (bytes: number): ArrayBuffer => {
    // A copy, because typed arrays begin at multiples of their width.
    const taken = new Uint8Array(body.subarray(at, (at += bytes)))
    return taken.buffer
  }
  const read = heads.map(({ kind, bytes, exact, marked }, index): ColumnData => {
    const [nulls, values, offsets] = bytes.map((length) => take(length))
    const absent = nulls!.byteLength === 0 ? undefined : new Uint8Array(nulls!)
    const data = columnOf(kind, absent, [values!, offsets], columns[index]?.words ?? [])
    if (data.kind === 'float64' && exact !== undefined) return { ...data, exact: new Map(exact) }
    if (data.kind === 'json' && marked !== undefined) return { ...data, marked: new Map(marked) }
    return data
  })
  return { rows, columns: read }
}

function columnOf(
  kind: ColumnData['kind'],
  nulls: Uint8Array | undefined,
  [values, offsets]: readonly [ArrayBuffer, ArrayBuffer | undefined],
  words: readonly string[],
): ColumnData {
  if (kind === 'float64') return { kind, nulls, values: new Float64Array(values) }
  if (kind === 'int64' || kind === 'timestamp')
    return { kind, nulls, values: new BigInt64Array(values) }
  if (kind === 'boolean') return { kind, nulls, values: new Uint8Array(values) }
  if (kind === 'enum') return { kind, nulls, values: new Uint8Array(values), words }
  return { kind, nulls, values: new Uint8Array(values), offsets: new Int32Array(offsets!) }
}
