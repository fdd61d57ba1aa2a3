import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import type { LogEntry } from './log-entry.ts'
import { claimedPairs } from './claims.ts'
import {
  acknowledged,
  isWholeSize,
  readSegment,
  type LogDamage,
  type ReadSegment,
} from './read-segment.ts'
import { segmentNumber } from './segment.ts'

/** What a log holds. */
export interface LogContent {
  /** Every record that can be read, once, in the order in which they were acknowledged. */
  readonly entries: readonly LogEntry[]
  /** Where acknowledged records cannot be read any more. */
  readonly damages: readonly LogDamage[]
}

/** Reads the log of an owner who is gone. */
export async function readLog(folder: string): Promise<LogContent> {
  const segments: ReadSegment[] = []
  for (const { number, file } of await segmentsOf(folder)) {
    // Whoever else recovers from the log removes it when nothing of it is needed any more.
    const segment = await unlessGone(readOne(file, number))
    if (segment !== undefined) segments.push(segment)
  }
  const { entries, damages } = acknowledged(segments)
  return {
    entries: inOrder(entries),
    damages: [...damages, ...(await lostSegment(folder, segments))],
  }
}

/** Where claims stand a segment was there, however soon the owner died. */
async function lostSegment(folder: string, segments: readonly ReadSegment[]): Promise<LogDamage[]> {
  if (segments.some(({ bytes, isCut }) => isCut || isWholeSize(bytes))) return []
  // Looked for last: whoever removes the log meanwhile removes its claims before its segments.
  const pairs = await claimedPairs(folder)
  if (pairs.length === 0) return []
  const [segment] = segments
  const proof = `${segment === undefined ? 'it has no segment' : 'it is empty'}, and held records of ${pairs.join(', ')}`
  return [{ file: segment?.file ?? folder, from: 0, to: segment?.bytes ?? 0, proof }]
}

async function readOne(file: string, number: number): Promise<ReadSegment> {
  try {
    // A pipe would be waited for without end.
    if (!(await stat(file)).isFile())
      throw new PairduckError('IO_FAILED', `commit log ${file}: it is no file; nothing was changed`)
    return readSegment(file, number, await readFile(file))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw error
    if (code !== 'EIO') throw fromDuckDb(error, `commit log ${file}`, 'IO_FAILED')
    const { size } = await stat(file)
    return { number, file, bytes: size, found: [], isCut: false, isUnreadable: true }
  }
}

async function segmentsOf(folder: string): Promise<{ number: number; file: string }[]> {
  const segments: { number: number; file: string }[] = []
  for (const name of (await unlessGone(readdir(folder))) ?? []) {
    const number = segmentNumber(name)
    if (number !== undefined) segments.push({ number, file: join(folder, name) })
  }
  return segments.sort((a, b) => a.number - b.number)
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** One that was written anew after a failed write may be there twice. */
function inOrder(entries: readonly LogEntry[]): LogEntry[] {
  const bySequence = new Map(entries.map((entry) => [entry.sequence, entry]))
  return [...bySequence.values()].sort((a, b) => a.sequence - b.sequence)
}
