import type { FileHandle } from 'node:fs/promises'
import { blocksStart, headerOf, type DatabaseHeader } from './database-header.ts'

const noBlock = (1n << 64n) - 1n
const pointer = { blockMask: (1n << 56n) - 1n, partShift: 56n }
/** A metadata block is cut into so many parts, each a link of some chain. */
const partsPerBlock = 64
const checksumBytes = 8

/**
 * The blocks that hold catalogue, row-group pointers and free list, as the header in force names
 * them at the end of its free list. Undefined when the list makes no sense. Checksums are not
 * looked at: finding those that are wrong is what this is for.
 */
export async function metadataBlocks(
  file: FileHandle,
  { freeList, blockBytes }: Pick<DatabaseHeader, 'freeList' | 'blockBytes'>,
): Promise<number[] | undefined> {
  if (freeList === noBlock) return []
  const { size } = await file.stat()
  const blocks = Math.floor((size - blocksStart) / blockBytes)
  const list = await readChain(file, freeList, { blockBytes, blocks })
  return list === undefined ? undefined : lastList(list, blocks)
}

/** Whether a header leads to a list of the metadata blocks that names those which it points to. */
export async function listsItself(file: FileHandle, bytes: Buffer): Promise<boolean> {
  const header = headerOf(bytes)
  const listed = header && (await metadataBlocks(file, header))
  return (
    header !== undefined &&
    [header.root, header.freeList].every(
      (to) => to === noBlock || listed?.includes(Number(to & pointer.blockMask)) === true,
    )
  )
}

/** Where a block begins in the file. */
export function blockOffset(block: number, blockBytes: number): number {
  return blocksStart + block * blockBytes
}

/** The data of a chain of parts, each of which begins with the pointer to the next. */
async function readChain(
  file: FileHandle,
  first: bigint,
  { blockBytes, blocks }: { blockBytes: number; blocks: number },
): Promise<Buffer | undefined> {
  const partBytes = Math.floor((blockBytes - checksumBytes) / partsPerBlock / 8) * 8
  const parts: Buffer[] = []
  for (let next = first; next !== noBlock;) {
    const block = Number(next & pointer.blockMask)
    const part = Number(next >> pointer.partShift)
    if (block >= blocks || part >= partsPerBlock || parts.length > blocks * partsPerBlock)
      return undefined
    const bytes = Buffer.alloc(partBytes)
    const at = blockOffset(block, blockBytes) + checksumBytes + part * partBytes
    if ((await file.read(bytes, 0, partBytes, at)).bytesRead < partBytes) return undefined
    parts.push(bytes.subarray(8))
    next = bytes.readBigUInt64LE(0)
  }
  return Buffer.concat(parts)
}

/** Free blocks (u64 each), shared blocks (u64, u32), metadata blocks (u64, u64 of free parts). */
function lastList(list: Buffer, blocks: number): number[] | undefined {
  let at = 0
  const count = (): number | undefined => {
    if (at + 8 > list.length) return undefined
    const value = list.readBigUInt64LE(at)
    at += 8
    return value > BigInt(blocks) ? undefined : Number(value)
  }
  for (const entryBytes of [8, 12]) {
    const entries = count()
    if (entries === undefined) return undefined
    at += entries * entryBytes
  }
  const entries = count()
  if (entries === undefined || at + entries * 16 > list.length) return undefined
  const found = Array.from({ length: entries }, (_, index) => list.readBigUInt64LE(at + index * 16))
  return found.some((block) => block >= BigInt(blocks)) ? undefined : found.map(Number)
}
