import type { FileHandle } from 'node:fs/promises'
import { checksumOf, wordChangedBy } from '../duckdb/block-checksum.ts'
import { blocksStart, headerBytes } from './database-header.ts'

/**
 * Puts right the headers of which one byte has changed, and says where they begin. The checksum
 * tells what each word has to be when all others are right: one that differs from what is there in
 * a single byte is what was written, chance finds one once in some trillion.
 */
export async function healHeaders(file: FileHandle): Promise<number[]> {
  const healed: number[] = []
  for (let at = 0; at < blocksStart; at += headerBytes) {
    const bytes = Buffer.alloc(headerBytes)
    if ((await file.read(bytes, 0, headerBytes, at)).bytesRead < headerBytes) break
    const changed = changedWord(bytes)
    if (changed === undefined) continue
    bytes.writeBigUInt64LE(changed.wanted, changed.at)
    await file.write(bytes, changed.at, 8, at + changed.at)
    healed.push(at)
  }
  return healed
}

function changedWord(bytes: Buffer): { at: number; wanted: bigint } | undefined {
  const checksum = checksumOf(bytes.subarray(8))
  const difference = checksum ^ bytes.readBigUInt64LE(0)
  if (difference === 0n) return undefined
  if (isOneByte(difference)) return { at: 0, wanted: checksum }
  for (let at = 8; at < bytes.length; at += 8) {
    const word = bytes.readBigUInt64LE(at)
    const wanted = wordChangedBy(word, difference)
    if (isOneByte(word ^ wanted)) return { at, wanted }
  }
  return undefined
}

function isOneByte(difference: bigint): boolean {
  let rest = difference
  while ((rest & 0xffn) === 0n) rest >>= 8n
  return rest <= 0xffn
}
