import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogEntry } from './log-entry.ts'
import { acknowledged, readSegment, type LogDamage, type ReadSegment } from './read-segment.ts'
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
  return { entries: inOrder(entries), damages }
}

async function readOne(file: string, number: number): Promise<ReadSegment> {
  try {
    return readSegment(file, number, await readFile(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error
    return { number, file, bytes: (await stat(file)).size, found: [], isUnreadable: true }
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
