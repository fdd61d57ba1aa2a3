import type { FileHandle } from 'node:fs/promises'
import { checksumOf } from '../duckdb/block-checksum.ts'
import { blockSizes, type BlockSize } from '../duckdb/block-size.ts'
import { onFile } from '../file/on-file.ts'

/** The database header in force: where the metadata of the last finished checkpoint begins. */
export interface DatabaseHeader {
  readonly iteration: bigint
  /** Where the catalogue begins. */
  readonly root: bigint
  readonly freeList: bigint
  readonly blockBytes: number
  /** The other slot when its checksum is wrong: a write that was cut inside its first bytes. */
  readonly torn: { readonly at: number; readonly bytes: Buffer } | undefined
  readonly bytes: Buffer
}

export const headerBytes = 4096
/** The main header and two slots for the database header; blocks begin behind them. */
export const blocksStart: number = 3 * headerBytes
const slots = [headerBytes, 2 * headerBytes] as const
const maxBlockBytes = 1 << 18

/** Of the two headers that are whole the one with the higher iteration; undefined where none is. */
export async function readDatabaseHeader(file: FileHandle): Promise<DatabaseHeader | undefined> {
  const found = []
  for (const at of slots) {
    const bytes = Buffer.alloc(headerBytes)
    await file.read(bytes, 0, headerBytes, at)
    found.push({
      at,
      bytes,
      whole: checksumOf(bytes.subarray(8)) === bytes.readBigUInt64LE(0),
      iteration: bytes.readBigUInt64LE(8),
    })
  }
  const [newest] = found
    .filter(({ whole }) => whole)
    .sort((a, b) => (a.iteration < b.iteration ? 1 : -1))
  if (newest === undefined) return undefined
  const header = headerOf(newest.bytes)
  return header && { ...header, torn: found.find(({ whole }) => !whole) }
}

/** Undefined where its block size can be none. */
export function headerOf(bytes: Buffer): Omit<DatabaseHeader, 'torn'> | undefined {
  const blockBytes = Number(bytes.readBigUInt64LE(40))
  if (blockBytes < 1024 || blockBytes > maxBlockBytes || blockBytes % 8 !== 0) return undefined
  return {
    iteration: bytes.readBigUInt64LE(8),
    root: bytes.readBigUInt64LE(16),
    freeList: bytes.readBigUInt64LE(24),
    blockBytes,
    bytes,
  }
}

/** The size of a file's blocks; only of one that this process has not open: its lock would be gone. */
export async function blockSizeOf(file: string): Promise<BlockSize | undefined> {
  const header = await onFile(file, 'r', readDatabaseHeader).catch(() => undefined)
  return blockSizes.find((each) => each === header?.blockBytes)
}
