import type { FileHandle } from 'node:fs/promises'
import { commitEndsFrom, readWalStart, walEntriesFrom, walEntryType } from './wal-entries.ts'

/** What the end of a write-ahead log looks like. */
export interface WalEnd {
  readonly bytes: number
  /** Where the last whole commit ends; what follows was being written when the process or the power went. */
  readonly commitsEnd: number
  /** Where the marker of a checkpoint begins that may have been cut short; it is the last commit. */
  readonly marker: number | undefined
  /** Behind the first bad entry stands a commit that was acknowledged: the log is damaged, not unfinished. */
  readonly damaged: boolean
}

/**
 * Finds the last whole commit. Every commit ends with the same 21 bytes and one fsync, so at most
 * one, the very last, may be unfinished: more commit ends behind the first bad entry, or one that
 * is not at the end of the log, belong to commits that were acknowledged.
 */
export async function findWalEnd(file: FileHandle): Promise<WalEnd> {
  const { size: bytes } = await file.stat()
  const start = (await readWalStart(file, bytes))?.end
  let commitsEnd = start ?? 0
  let marker: number | undefined
  let markerOfThis: number | undefined
  let wholeUntil = commitsEnd
  const entries = start === undefined ? [] : walEntriesFrom(file, start, bytes)
  for await (const { type, from, to } of entries) {
    wholeUntil = to
    if (type === walEntryType.checkpoint) markerOfThis = from
    if (type !== walEntryType.commit) continue
    commitsEnd = to
    marker = markerOfThis
    markerOfThis = undefined
  }
  const behind: number[] = []
  for await (const end of commitEndsFrom(file, wholeUntil, bytes)) behind.push(end)
  const damaged = behind.length > 1 || (behind.length === 1 && behind[0] !== bytes)
  return { bytes, commitsEnd, marker, damaged }
}
