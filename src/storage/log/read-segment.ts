import type { LogEntry } from './log-entry.ts'
import { readRecord, recordMagic, type ReadRecord } from './record.ts'
import { pageBytes } from './segment.ts'

/** Where records that were acknowledged cannot be read any more. */
export interface LogDamage {
  readonly file: string
  /** The bytes between which they were. */
  readonly from: number
  readonly to: number
  /** How many records; undefined where that cannot be told. */
  readonly records?: number
  /** What proves it, where no record does. */
  readonly proof?: string
}

/** The records of one segment, whole ones all of them. */
export interface ReadSegment {
  readonly number: number
  readonly file: string
  readonly bytes: number
  readonly found: readonly { readonly record: ReadRecord; readonly from: number }[]
  /** It was longer when the first record was written into it. */
  readonly isCut: boolean
  /** The disk does not give it back. */
  readonly isUnreadable?: boolean
}

const cut = 'it is shorter than it was made'

const magicBytes = Buffer.alloc(4)
magicBytes.writeUInt32LE(recordMagic)

/** Finds every whole record of a segment; what the disk spoiled, or never got, lies between them. */
export function readSegment(file: string, number: number, bytes: Buffer): ReadSegment {
  const found: { record: ReadRecord; from: number }[] = []
  let last = 0
  let end = 0
  for (let from = 0; ;) {
    from = bytes.indexOf(magicBytes, from)
    if (from < 0) return { number, file, bytes: bytes.length, found, isCut: isCutShort(bytes, end) }
    // Records begin at multiples of 8, and a reused file holds some of its life before.
    const record = from % 8 === 0 ? readRecord(bytes, from) : undefined
    if (record?.segment !== number || record.position <= last) {
      from += 4
      continue
    }
    found.push({ record, from })
    last = record.position
    from += record.bytes
    end = from
  }
}

/** Whether a segment of that size may be all that was made; a crash leaves a smaller one to a log. */
export function isWholeSize(bytes: number): boolean {
  return bytes > 0 && bytes % pageBytes === 0
}

/**
 * A segment has its full size before the first record, and no record is begun that it has no room
 * for. One that is being made holds zeros alone. Where it is cut between two pages, the record that
 * was there begins with its length; only a cut right behind a record cannot be told.
 */
function isCutShort(bytes: Buffer, end: number): boolean {
  if (!isWholeSize(bytes.length)) return bytes.some((byte) => byte !== 0)
  if (end === bytes.length || bytes.readUInt32LE(end) !== recordMagic) return false
  return end + bytes.readUInt32LE(end + 4) > bytes.length
}

/**
 * Tells what was acknowledged from what was not. Each record says up to where all were durable when
 * it was written: what is missing before that was spoiled by the disk. What is written behind is
 * the last group, and of that only counts what stands without a gap.
 */
export function acknowledged(all: readonly ReadSegment[]): {
  entries: LogEntry[]
  damages: LogDamage[]
} {
  const segments = all.filter(({ found }) => found.length > 0)
  const entries: LogEntry[] = []
  const damages = spoiledSegments(all)
  /** The position behind the last one of the segment before; undefined where that is not known. */
  let first: number | undefined
  for (const [index, segment] of segments.entries()) {
    if (segments[index - 1]?.number !== segment.number - 1) first = undefined
    const next = segments[index + 1]
    const durable = durableEnd(segment, next)
    // Where segments are missing, all that was in them is in the pairs' files.
    const reaches = next?.number === segment.number + 1 ? durable : durableEnd(segment, undefined)
    let expected = segment.found[0]?.record.first ?? first
    let at = 0
    for (const { record, from } of segment.found) {
      const follows = record.position === Math.max(expected ?? 0, durable + 1)
      if (record.position > durable && (next !== undefined || !follows)) break
      if (expected !== undefined && record.position > expected)
        damages.push(damage(segment, at, from, record.position - expected))
      entries.push(record.entry)
      expected = record.position + 1
      at = from + record.bytes
    }
    if (expected !== undefined && expected <= reaches)
      damages.push(damage(segment, at, segment.bytes, reaches - expected + 1))
    else if (segment.isCut) damages.push({ ...damage(segment, at, segment.bytes), proof: cut })
    first = durable + 1
  }
  return { entries, damages }
}

/**
 * Segments that records were in and none can be read of: those before one that has some, since each
 * is filled before the next is begun, and what is needed no more has no file, or one of another
 * number. The last ones may be empty: of the first group in one and of the one that is made early.
 */
function spoiledSegments(all: readonly ReadSegment[]): LogDamage[] {
  const last = all.findLastIndex(({ found }) => found.length > 0)
  const lastWhole = all.findLastIndex(({ bytes }) => isWholeSize(bytes))
  return all
    .filter(({ found, isUnreadable, isCut, bytes }, index) => {
      if (isUnreadable === true) return true
      if (found.length > 0) return false
      // They are made one after the other.
      const isBefore = index < (isWholeSize(bytes) ? last : lastWhole)
      return isCut || (isBefore && !isPassedOver(all[index - 1], all[index + 1]))
    })
    .map(({ file, bytes, isCut }) => ({ file, from: 0, to: bytes, ...(isCut && { proof: cut }) }))
}

/** Whether the records of the one segment follow those of the other: nothing was between them. */
function isPassedOver(before: ReadSegment | undefined, behind: ReadSegment | undefined): boolean {
  // The first one is made before there is a record, which it may be too small for.
  const position = before === undefined ? 0 : before.found.at(-1)?.record.position
  return position !== undefined && behind?.found[0]?.record.first === position + 1
}

/** The position up to which the records of a segment were durable, as far as anything tells. */
function durableEnd({ found }: ReadSegment, next: ReadSegment | undefined): number {
  const own = found.reduce((end, { record }) => Math.max(end, record.durable), 0)
  const told = next?.found[0]?.record
  return told === undefined ? own : Math.max(own, Math.min(told.durable, told.first - 1))
}

function damage({ file }: ReadSegment, from: number, to: number, records?: number): LogDamage {
  return { file, from, to, ...(records !== undefined && { records }) }
}
