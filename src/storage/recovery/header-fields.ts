import { blockSizes, type BlockSize } from '../duckdb/block-size.ts'
import { headerBytes } from './database-header.ts'

/** Where the main header names the file: a log of another file is told by it. */
export const identity = { at: 124, bytes: 16 } as const

/** Of the engine's storage: from the first that it still reads to that which it writes today. */
const knownVersions = { from: 64n, to: 68n }
const noBlock = (1n << 64n) - 1n
const partBits = 56n
const partsPerBlock = 64n

/** Whether a main header can be one that the engine wrote: what is unused in it is zero. */
export function canBeMain(bytes: Buffer): boolean {
  const version = bytes.readBigUInt64LE(12)
  return (
    bytes.toString('latin1', 8, 12) === 'DUCK' &&
    version >= knownVersions.from &&
    version <= knownVersions.to &&
    isZero(bytes, 20, 52) &&
    /^[\x21-\x7e]+\0*$/.test(bytes.toString('latin1', 52, 84)) &&
    /^[0-9a-f]+\0*$/.test(bytes.toString('latin1', 84, 116)) &&
    isZero(bytes, 116, identity.at) &&
    isZero(bytes, identity.at + identity.bytes, headerBytes)
  )
}

/** Whether a database header can be one that the engine wrote beside the other. */
export function canBeInForce(bytes: Buffer, other: Buffer | undefined): boolean {
  const word = (at: number): bigint => bytes.readBigUInt64LE(at)
  const blockBytes = word(40)
  if (!blockSizes.includes(Number(blockBytes) as BlockSize)) return false
  const blocks = word(32)
  const isPointer = (pointer: bigint): boolean =>
    pointer === noBlock ||
    ((pointer & ((1n << partBits) - 1n)) < blocks && pointer >> partBits < partsPerBlock)
  // Each checkpoint writes the slot that is not in force.
  const apart = other === undefined ? 0n : word(8) - other.readBigUInt64LE(8)
  return (
    apart <= 1n &&
    apart >= -1n &&
    word(8) < 1n << 48n &&
    isPointer(word(16)) &&
    isPointer(word(24)) &&
    // Blocks that are free at the end need not be in the file.
    blocks < 1n << 40n &&
    word(48) === 2048n &&
    word(56) > 0n &&
    word(56) < 32n &&
    isZero(bytes, 64, headerBytes)
  )
}

function isZero(bytes: Buffer, from: number, to: number): boolean {
  return bytes.subarray(from, to).every((byte) => byte === 0)
}
