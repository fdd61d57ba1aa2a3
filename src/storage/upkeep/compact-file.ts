import { rename, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { BlockSize } from '../duckdb/block-size.ts'
import type { Engine } from '../duckdb/engine.ts'
import { sizeOf, type PairFiles } from '../file/pair-files.ts'
import { makeScratch, removeScratch } from '../file/scratch-folder.ts'
import { syncFolder } from '../file/sync-folder.ts'
import { readRows } from '../duckdb/read-rows.ts'

/** Less than this is not worth a copy. */
export const minWasteBytes = 2_000_000

interface FileBlocks {
  readonly free: number
  readonly used: number
  readonly blockSize: BlockSize
}

/** The blocks of the connection's file. */
export async function blocksOf(connection: DuckDBConnection): Promise<FileBlocks> {
  const [blocks] = await readRows<FileBlocks>(
    connection,
    `SELECT free_blocks AS "free", used_blocks AS "used", block_size AS "blockSize"
     FROM pragma_database_size() WHERE database_name = current_database()`,
  )
  return blocks!
}

/**
 * Whether most of the connection's file is empty. Its blocks come free where they are, and only
 * those at its end are cut off: after a large import was deleted, what is left may stand there.
 */
export async function isMostlyFree(connection: DuckDBConnection): Promise<boolean> {
  const { free, used, blockSize } = await blocksOf(connection)
  return free * blockSize > minWasteBytes && free > 2 * used
}

/**
 * Replaces a closed pair's file by a copy without holes, of such blocks. The old one stays locked
 * until the new one has its name, so that no other process can write into a file that is about to
 * vanish. False where a write-ahead log lies beside it: then nothing was done.
 */
export async function compactFile(
  files: PairFiles,
  engine: Engine,
  blockSize: BlockSize,
): Promise<boolean> {
  if ((await sizeOf(files.wal)) !== undefined) return false
  const scratch = await makeScratch(files.ours, {
    target: files.directory,
    purpose: 'compact',
  })
  const from = await engine.attach(files.database)
  try {
    const copy = join(scratch, 'trading.duckdb')
    const to = await engine.attach(copy, blockSize)
    try {
      const connection = await engine.connect(to)
      try {
        await connection.run(`COPY FROM DATABASE ${from} TO ${to}`)
        await connection.run(`CHECKPOINT ${to}`)
      } finally {
        connection.closeSync()
      }
    } finally {
      await engine.detach(to)
    }
    await rename(copy, files.database)
    // The new name has to be on the disk before the first commit that relies on it.
    await syncFolder(files.directory)
    // It still says what the file holds, and is to be taken as newer.
    const now = new Date()
    await utimes(files.state, now, now)
    return true
  } finally {
    await engine.detach(from)
    await removeScratch(scratch)
  }
}
