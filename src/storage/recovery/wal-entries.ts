import type { FileHandle } from 'node:fs/promises'
import { checksumOf } from '../duckdb/block-checksum.ts'

/** What an entry says it is; all other types change tables or rows. */
export const walEntryType = { table: 25, insert: 26, checkpoint: 99, commit: 100 } as const

/** The entry that ends every commit: size, checksum, and an object that only has its type. */
export const commitEnd: Buffer = Buffer.from('0500000000000000e7fe7d722fed3d5e640064ffff', 'hex')

/** An entry that is whole: its checksum fits. */
export interface WalEntry {
  readonly type: number
  readonly from: number
  readonly to: number
}

const headBytes = 16
const windowBytes = 1 << 20
const fieldEnd = 0xffff
const tableFields = { schema: 101, table: 102 }
const versionFields = { type: 100, version: 101, identity: 102, iteration: 103 }

/** What a log begins with: where that ends, and the file and the checkpoint of it that the log follows. */
export interface WalStart {
  readonly end: number
  readonly identity: Buffer | undefined
  readonly iteration: number | undefined
}

/** Undefined for a log whose first entry is cut short. */
export async function readWalStart(file: FileHandle, bytes: number): Promise<WalStart | undefined> {
  return versionEntryIn(await read(file, 0, Math.min(bytes, 4096)))
}

/** The entries of a write-ahead log, in order, up to the first that is not whole. */
export async function* walEntriesFrom(
  file: FileHandle,
  start: number,
  bytes: number,
): AsyncIterable<WalEntry> {
  let window: Buffer = Buffer.alloc(0)
  let windowAt = start
  for (let at = start; at + headBytes <= bytes;) {
    const has = (until: number): boolean => until <= windowAt + window.length
    const load = async (atLeast: number): Promise<void> => {
      window = await read(file, at, Math.min(bytes - at, Math.max(windowBytes, atLeast)))
      windowAt = at
    }
    if (!has(at + headBytes)) await load(headBytes)
    const size = window.readBigUInt64LE(at - windowAt)
    if (size > BigInt(bytes - at - headBytes)) return
    const to = at + headBytes + Number(size)
    if (!has(to)) await load(to - at)
    const data = window.subarray(at + headBytes - windowAt, to - windowAt)
    if (data.length < to - at - headBytes) return
    if (checksumOf(data) !== window.readBigUInt64LE(at + 8 - windowAt)) return
    const type = entryType(data)
    if (type === undefined) return
    yield { type, from: at, to }
    at = to
  }
}

/** Where commits end at or behind a place, whatever stands between them. */
export async function* commitEndsFrom(
  file: FileHandle,
  from: number,
  bytes: number,
): AsyncIterable<number> {
  for (let at = from; at < bytes; at += windowBytes) {
    const window = await read(file, at, Math.min(bytes - at, windowBytes + commitEnd.length - 1))
    for (let found = window.indexOf(commitEnd); found >= 0;) {
      yield at + found + commitEnd.length
      found = window.indexOf(commitEnd, found + 1)
    }
  }
}

/** The table that an entry of type `table` names: the entries behind it are about it. */
export function tableOfEntry(entry: Buffer): string | undefined {
  let at = headBytes + 3
  for (const field of [tableFields.schema, tableFields.table]) {
    if (at + 2 > entry.length || entry.readUInt16LE(at) !== field) return undefined
    const length = readVarint(entry, at + 2)
    if (length === undefined) return undefined
    at = length.next + length.value
    if (field === tableFields.table) return entry.toString('utf8', length.next, at)
  }
  return undefined
}

/** The entry that a log of a file begins with. */
export function versionEntry(identity: Buffer, iteration: number): Buffer {
  return Buffer.concat([
    field(versionFields.type, walVersion),
    field(versionFields.version, 2),
    field(versionFields.identity, identity.length),
    ...[...identity].map(varint),
    field(versionFields.iteration, iteration),
    Buffer.from([0xff, 0xff]),
  ])
}

function field(number: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([number, 0]), varint(value)])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80)
  return Buffer.from([...bytes, value])
}

/** Bytes of a file, fewer where it ends. */
export async function read(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, at)
  return buffer.subarray(0, bytesRead)
}

/** Entries are objects of numbered fields, the first of which is the type. */
function entryType(data: Buffer): number | undefined {
  return data.length >= 3 && data.readUInt16LE(0) === versionFields.type
    ? readVarint(data, 2)?.value
    : undefined
}

/** The version entry has no size and no checksum. */
function versionEntryIn(head: Buffer): WalStart | undefined {
  let at = 0
  let identity: Buffer | undefined
  let iteration: number | undefined
  const number = (): number => {
    const found = readVarint(head, at)
    at = found?.next ?? Infinity
    return found?.value ?? Number.NaN
  }
  while (at + 2 <= head.length) {
    const field = head.readUInt16LE(at)
    at += 2
    if (field === fieldEnd) return { end: at, identity, iteration }
    const value = number()
    if (Number.isNaN(value) || !knownFields.has(field)) return undefined
    if (field === versionFields.type && value !== walVersion) return undefined
    if (field === versionFields.iteration) iteration = value
    if (field !== versionFields.identity) continue
    if (value > 64) return undefined
    identity = Buffer.from(Array.from({ length: value }, number))
  }
  return undefined
}

const knownFields: ReadonlySet<number> = new Set(Object.values(versionFields))
const walVersion = 98

function readVarint(bytes: Buffer, from: number): { value: number; next: number } | undefined {
  let value = 0
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    value += (bytes[at]! & 0x7f) * 2 ** (7 * (at - from))
    if ((bytes[at]! & 0x80) === 0) return { value, next: at + 1 }
  }
  return undefined
}
