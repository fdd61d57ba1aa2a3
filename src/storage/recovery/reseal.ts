import type { FileHandle } from 'node:fs/promises'
import { checksumOf } from '../duckdb/block-checksum.ts'
import { blocksStart, readDatabaseHeader } from './database-header.ts'
import { blockOffset, metadataBlocks } from './metadata-blocks.ts'

/** Bytes of the main file that were written over, as they were. */
export interface Overwritten {
  readonly at: number
  readonly before: Buffer
}

/**
 * Puts right the checksums of metadata blocks that a checkpoint was writing when it was cut short.
 * The engine writes such a block in place, in which everything that is alive stays byte for byte
 * the same: after a cut at any byte only the checksum is wrong. Says what it wrote over; nothing
 * when there was nothing to do or the header cannot be read.
 */
export async function reseal(file: FileHandle): Promise<Overwritten[]> {
  const header = await readDatabaseHeader(file)
  if (header === undefined) return []
  const overwritten: Overwritten[] = []
  if (header.torn !== undefined) {
    await writeAll(file, header.bytes, header.torn.at)
    overwritten.push({ at: header.torn.at, before: header.torn.bytes })
  }
  const { blockBytes } = header
  for (const block of (await metadataBlocks(file, header)) ?? []) {
    const at = blockOffset(block, blockBytes)
    const bytes = Buffer.alloc(blockBytes)
    if ((await file.read(bytes, 0, blockBytes, at)).bytesRead < blockBytes) continue
    const checksum = checksumOf(bytes.subarray(8))
    if (checksum === bytes.readBigUInt64LE(0)) continue
    const wanted = Buffer.alloc(8)
    wanted.writeBigUInt64LE(checksum)
    await writeAll(file, wanted, at)
    overwritten.push({ at, before: bytes.subarray(0, 8) })
  }
  return overwritten
}

/** Whether one of two headers, which could not be read, may have been the newer one. */
export async function mayBeOlder(
  file: FileHandle,
  overwritten: readonly Overwritten[],
): Promise<boolean> {
  const torn = overwritten.find(({ at }) => at < blocksStart)
  const inForce = await readDatabaseHeader(file)
  return torn !== undefined && torn.before.readBigUInt64LE(8) + 1n !== inForce?.iteration
}

/** Puts back what {@link reseal} wrote over. */
export async function unseal(file: FileHandle, overwritten: readonly Overwritten[]): Promise<void> {
  for (const { at, before } of overwritten) await writeAll(file, before, at)
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}
