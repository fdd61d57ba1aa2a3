import type { FileHandle } from 'node:fs/promises'
import { blocksStart, readDatabaseHeader } from '../../../src/storage/recovery/database-header.ts'
import {
  blockLists,
  blockOffset,
  partRange,
  partsPerBlock,
} from '../../../src/storage/recovery/metadata-blocks.ts'
import { commitEnd } from '../../../src/storage/recovery/wal-entries.ts'
import { DiskModel } from './disk-model.ts'
import type { DiskCall } from './recording.ts'

/** Where a header says how many blocks the file has. */
const blockCountAt = 32

/** What a recorded run did to a pair's file that the mending of files relies upon. */
export interface EngineWrites {
  /** Blocks with live metadata that were written in place. */
  readonly metadataInPlace: number
  readonly headers: number
  /** Syncs of the write-ahead log, each at the end of a commit. */
  readonly commits: number
  /** What the engine must never do; empty. */
  readonly faults: readonly string[]
}

/**
 * Goes through a recording. Recovery takes for granted that a checkpoint writes over no block with
 * live data and not over the header in force, that what is alive in a metadata block is the same
 * before and after, and that every commit ends with the same bytes and one sync.
 */
export async function engineWrites(
  calls: readonly DiskCall[],
  database: string,
): Promise<EngineWrites> {
  const disk = new DiskModel()
  const found = { metadataInPlace: 0, headers: 0, commits: 0, faults: [] as string[] }
  for (const [index, call] of calls.entries()) {
    const before = call.path === database ? disk.content(database) : undefined
    disk.apply(call)
    const fault = (what: string): void => void found.faults.push(`call ${index}: ${what}`)
    if (call.kind === 'write' && before !== undefined && before.length > blocksStart)
      await judgeWrite(call, before, disk.content(database)!, found, fault)
    if (call.kind === 'sync' && call.path === `${database}.wal`) {
      found.commits++
      const log = disk.content(call.path)!
      if (!log.subarray(-commitEnd.length).equals(commitEnd)) fault('a commit ends otherwise')
    }
  }
  return found
}

async function judgeWrite(
  { offset, data }: DiskCall,
  before: Buffer,
  after: Buffer,
  found: { metadataInPlace: number; headers: number },
  fault: (what: string) => void,
): Promise<void> {
  const file = asFile(before)
  const header = await readDatabaseHeader(file)
  const lists = header && (await blockLists(file, header))
  if (header === undefined || lists === undefined) return fault('no header leads to lists')
  if (offset < blocksStart) {
    found.headers++
    if (before.subarray(offset, offset + data.length).equals(header.bytes))
      fault('the header in force is written over')
    return
  }
  const { blockBytes } = header
  // Behind these the file may be longer already: blocks of the same checkpoint, in any order.
  const blocksBefore = Number(header.bytes.readBigUInt64LE(blockCountAt))
  const first = Math.floor((offset - blocksStart) / blockBytes)
  const behind = Math.ceil((offset + data.length - blocksStart) / blockBytes)
  for (let block = first; block < Math.min(behind, blocksBefore); block++) {
    const at = blockOffset(block, blockBytes)
    const same = (from: number, to: number): boolean =>
      before.subarray(at + from, at + to).equals(after.subarray(at + from, at + to))
    const metadata = lists.metadata.find((each) => each.block === block)
    if (metadata === undefined) {
      if (!lists.free.includes(block) && !same(0, blockBytes))
        fault(`block ${block} with live data is written over`)
      continue
    }
    const live = Array.from({ length: partsPerBlock }, (_, part) => part).filter(
      (part) => ((metadata.freeParts >> BigInt(part)) & 1n) === 0n,
    )
    if (live.length > 0) found.metadataInPlace++
    for (const part of live)
      if (!same(...partRange(part, blockBytes)))
        fault(`part ${part} of block ${block}, which is alive, changes`)
  }
}

/** Bytes in the form in which recovery reads a file. */
function asFile(content: Buffer): FileHandle {
  return {
    stat: async () => ({ size: content.length }),
    read: async (into: Buffer, at: number, length: number, from: number) => ({
      bytesRead: content.copy(into, at, from, Math.min(from + length, content.length)),
      buffer: into,
    }),
  } as unknown as FileHandle
}
