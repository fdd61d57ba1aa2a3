import type { FileHandle } from 'node:fs/promises'
import { blocksStart, headerOf, type DatabaseHeader } from './database-header.ts'

const noBlock = (1n << 64n) - 1n
const pointer = { blockMask: (1n << 56n) - 1n, partShift: 56n }
/** A metadata block is cut into so many parts, each a link of some chain. */
export const partsPerBlock = 64
const checksumBytes = 8

/** What the header in force says of the file's blocks; all that are in neither list hold data. */
export interface BlockLists {
  readonly free: readonly number[]
  /** With the parts of each that are free, as bits. */
  readonly metadata: readonly { readonly block: number; readonly freeParts: bigint }[]
}

/**
 * The blocks that hold catalogue, row-group pointers and free list, as the header in force names
 * them at the end of its free list. Undefined when the list makes no sense. Checksums are not
 * looked at: finding those that are wrong is what this is for.
 */
export async function metadataBlocks(
  file: FileHandle,
  header: Pick<DatabaseHeader, 'freeList' | 'blockBytes'>,
): Promise<number[] | undefined> {
  return (await blockLists(file, header))?.metadata.map(({ block }) => block)
}

/** Undefined when the lists make no sense. */
export async function blockLists(
  file: FileHandle,
  { freeList, blockBytes }: Pick<DatabaseHeader, 'freeList' | 'blockBytes'>,
): Promise<BlockLists | undefined> {
  if (freeList === noBlock) return { free: [], metadata: [] }
  const { size } = await file.stat()
  const blocks = Math.floor((size - blocksStart) / blockBytes)
  const list = await readChain(file, freeList, { blockBytes, blocks })
  return list === undefined ? undefined : listsIn(list, blocks)
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

/** Where a part of a metadata block begins and ends in it. */
export function partRange(part: number, blockBytes: number): readonly [from: number, to: number] {
  const partBytes = Math.floor((blockBytes - checksumBytes) / partsPerBlock / 8) * 8
  const from = checksumBytes + part * partBytes
  return [from, from + partBytes]
}

/** The data of a chain of parts, each of which begins with the pointer to the next. */
async function readChain(
  file: FileHandle,
  first: bigint,
  { blockBytes, blocks }: { blockBytes: number; blocks: number },
): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  for (let next = first; next !== noBlock;) {
    const block = Number(next & pointer.blockMask)
    const part = Number(next >> pointer.partShift)
    if (block >= blocks || part >= partsPerBlock || parts.length > blocks * partsPerBlock)
      return undefined
    const [from, to] = partRange(part, blockBytes)
    const bytes = Buffer.alloc(to - from)
    const at = blockOffset(block, blockBytes) + from
    if ((await file.read(bytes, 0, bytes.length, at)).bytesRead < bytes.length) return undefined
    parts.push(bytes.subarray(8))
    next = bytes.readBigUInt64LE(0)
  }
  return Buffer.concat(parts)
}

/** Free blocks (u64 each), shared blocks (u64, u32), metadata blocks (u64, u64 of free parts). */
function listsIn(list: Buffer, blocks: number): BlockLists | undefined {
  let at = 0
  const entries = (bytes: number): number[] | undefined => {
    if (at + 8 > list.length) return undefined
    const count = list.readBigUInt64LE(at)
    at += 8
    if (count > BigInt(blocks) || at + Number(count) * bytes > list.length) return undefined
    const places = Array.from({ length: Number(count) }, (_, index) => at + index * bytes)
    at += Number(count) * bytes
    return places
  }
  const [free, , metadata] = [entries(8), entries(12), entries(16)]
  if (free === undefined || metadata === undefined) return undefined
  const numberAt = (place: number): number => Number(list.readBigUInt64LE(place))
  const lists = {
    free: free.map(numberAt),
    metadata: metadata.map((place) => ({
      block: numberAt(place),
      freeParts: list.readBigUInt64LE(place + 8),
    })),
  }
  return lists.metadata.some(({ block }) => block >= blocks) ? undefined : lists
}
