import type { LogEntry } from './log-entry.ts'
import { checksum } from './checksum.ts'

/*
 * A record, little-endian, a multiple of 8 bytes long:
 *
 *    0 u32 magic            16 f64 sequence     40 u32 ticks
 *    4 u32 bytes in all     24 f64 position     44 u32 bytes of the pair's name
 *    8 u32 CRC-32 from 12   32 f64 durable      48 u32 bytes of ids
 *   12 u32 segment          56 f64 first        52 u32 bytes of rows
 *
 * then the columns: f64 times (µs), prices and volumes, u16 lengths of ids, u8 sides, the pair's
 * name, the ids, the rows. `segment` keeps what a reused file held before from being taken for
 * its content; `position`, `durable` and `first` tell a record that the disk spoiled from one that was
 * never acknowledged.
 */
export const recordMagic = 0x3147_4c50
export const headerBytes = 64
const columnBytes = 3 * 8 + 2 + 1
/** The length of an id that is none. */
const noId = 0xffff

/** How a record stands in its log. */
export interface RecordPlace {
  readonly segment: number
  /** Its number among all records that were written; the next one has the next. */
  readonly position: number
  /** All records up to this position were on the disk when this one was written. */
  readonly durable: number
  /** The position of the first record of its segment. */
  readonly first: number
}

/** At least the bytes that a record takes. */
export function recordBound({ pair, ticks, rows }: LogEntry): number {
  let bytes = headerBytes + ticks.length * columnBytes + pair.length * 3 + rows.length * 3 + 8
  for (const id of ticks.ids) bytes += (id?.length ?? 0) * 3
  return bytes
}

/** Lays a record down at `at`, without place and checksum, and returns where the next one begins. */
export function encodeRecord(buffer: Buffer, at: number, entry: LogEntry): number {
  const { ticks } = entry
  const { ids: texts, side: sides, length: count } = ticks
  let to = at + headerBytes
  to = putDoubles(buffer, to, ticks.micros, count)
  to = putDoubles(buffer, to, ticks.price, count)
  to = putDoubles(buffer, to, ticks.volume, count)
  const lengths = to
  to += 2 * count
  for (let row = 0; row < count; row++) buffer[to++] = sides[row]!
  const pairBytes = buffer.write(entry.pair, to, 'utf8')
  to += pairBytes
  const ids = to
  for (let row = 0; row < count; row++) {
    const id = texts[row]!
    const bytes = id === null ? 0 : putText(buffer, to, id)
    buffer.writeUInt16LE(id === null ? noId : bytes, lengths + 2 * row)
    to += bytes
  }
  const idBytes = to - ids
  const rowBytes = entry.rows === '' ? 0 : buffer.write(entry.rows, to, 'utf8')
  to += rowBytes
  while ((to - at) % 8 !== 0) buffer[to++] = 0
  buffer.writeUInt32LE(recordMagic, at)
  buffer.writeUInt32LE(to - at, at + 4)
  buffer.writeDoubleLE(entry.sequence, at + 16)
  buffer.writeUInt32LE(count, at + 40)
  buffer.writeUInt32LE(pairBytes, at + 44)
  buffer.writeUInt32LE(idBytes, at + 48)
  buffer.writeUInt32LE(rowBytes, at + 52)
  return to
}

/** Completes a record that {@link encodeRecord} laid down; returns where the next one begins. */
export function sealRecord(buffer: Buffer, at: number, place: RecordPlace): number {
  const end = at + buffer.readUInt32LE(at + 4)
  buffer.writeUInt32LE(place.segment, at + 12)
  buffer.writeDoubleLE(place.position, at + 24)
  buffer.writeDoubleLE(place.durable, at + 32)
  buffer.writeDoubleLE(place.first, at + 56)
  buffer.writeUInt32LE(checksum(buffer, at + 12, end), at + 8)
  return end
}

/** A record as it was read. */
export interface ReadRecord extends RecordPlace {
  readonly entry: LogEntry
  readonly bytes: number
}

/** The record that begins at `at`; undefined where none does, or none that is whole. */
export function readRecord(buffer: Buffer, at: number): ReadRecord | undefined {
  if (at + headerBytes > buffer.length || buffer.readUInt32LE(at) !== recordMagic) return undefined
  const bytes = buffer.readUInt32LE(at + 4)
  if (bytes < headerBytes || bytes % 8 !== 0 || at + bytes > buffer.length) return undefined
  if (checksum(buffer, at + 12, at + bytes) !== buffer.readUInt32LE(at + 8)) return undefined
  return {
    segment: buffer.readUInt32LE(at + 12),
    position: buffer.readDoubleLE(at + 24),
    durable: buffer.readDoubleLE(at + 32),
    first: buffer.readDoubleLE(at + 56),
    entry: decode(buffer, at),
    bytes,
  }
}

/** Of a record whose checksum is right. */
function decode(buffer: Buffer, at: number): LogEntry {
  const count = buffer.readUInt32LE(at + 40)
  const pairBytes = buffer.readUInt32LE(at + 44)
  const rowBytes = buffer.readUInt32LE(at + 52)
  const doubles = (column: number): Float64Array =>
    Float64Array.from({ length: count }, (_, row) =>
      buffer.readDoubleLE(at + headerBytes + 8 * (column * count + row)),
    )
  const lengths = at + headerBytes + 24 * count
  const sides = lengths + 2 * count
  const pairAt = sides + count
  let idAt = pairAt + pairBytes
  const ids = Array.from({ length: count }, (_, row) => {
    const length = buffer.readUInt16LE(lengths + 2 * row)
    if (length === noId) return null
    return buffer.toString('utf8', idAt, (idAt += length))
  })
  return {
    sequence: buffer.readDoubleLE(at + 16),
    pair: buffer.toString('utf8', pairAt, pairAt + pairBytes),
    ticks: {
      length: count,
      micros: doubles(0),
      price: doubles(1),
      volume: doubles(2),
      side: Uint8Array.from(buffer.subarray(sides, sides + count)),
      ids,
    },
    rows: buffer.toString('utf8', idAt, idAt + rowBytes),
  }
}

function putDoubles(buffer: Buffer, at: number, values: Float64Array, count: number): number {
  for (let row = 0; row < count; row++) buffer.writeDoubleLE(values[row]!, at + 8 * row)
  return at + 8 * count
}

/** Ids are nearly always short ASCII, which goes several times faster byte by byte. */
function putText(buffer: Buffer, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit > 0x7f) return buffer.write(text, at, 'utf8')
    buffer[at + index] = unit
  }
  return text.length
}
