import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'
import type { Timeframe } from '../../time.ts'
import { checksumOf } from '../duckdb/block-checksum.ts'
import type { BlockSize } from '../duckdb/block-size.ts'
import type { Engine } from '../duckdb/engine.ts'
import { migrate } from './migrate.ts'

/** Empty files of this package's schema, by the timeframes that they keep and their blocks: some 100 KB each, or 400. */
const made = new LRUCache<string, Promise<Buffer>>({ max: 8 })

/** What a new pair's file is made with. */
export interface EmptyFile {
  /** Undefined: the default ones. */
  readonly candles: readonly Timeframe[] | undefined
  readonly blockSize: BlockSize
}

/**
 * The bytes of a file with our tables and no rows. The engine takes some 30 ms of CPU for one, so it
 * makes the first alone and every other is a copy, with an identity of its own.
 */
export async function emptyFile(engine: Engine, draft: string, of: EmptyFile): Promise<Buffer> {
  const key = `${of.candles?.toSorted().join(' ') ?? 'default'}, ${of.blockSize}`
  // What fails for somebody else, on a full disk perhaps, is tried again.
  const whole = (await made.get(key)?.catch(() => undefined)) ?? (await make())
  return withNewIdentity(whole)

  function make(): Promise<Buffer> {
    const making = makeEmpty(engine, draft, of)
    made.set(key, making)
    making.catch(() => made.delete(key))
    return making
  }
}

async function makeEmpty(
  engine: Engine,
  draft: string,
  { candles, blockSize }: EmptyFile,
): Promise<Buffer> {
  const alias = await engine.attach(draft, blockSize)
  try {
    const connection = await engine.connect(alias)
    try {
      await migrate(connection, candles)
      await connection.run(`CHECKPOINT ${alias}`)
    } finally {
      connection.closeSync()
    }
  } finally {
    await engine.detach(alias)
  }
  return readFile(draft)
}

/** The first header: its checksum, and the identity by which the engine knows the file's own log. */
const headerBytes = 4096
const identity = { at: 124, bytes: 16 }

/** By it the engine refuses the write-ahead log of another file, so no two files may share one. */
function withNewIdentity(file: Buffer): Buffer {
  const copy = Buffer.from(file)
  randomBytes(identity.bytes).copy(copy, identity.at)
  copy.writeBigUInt64LE(checksumOf(copy.subarray(8, headerBytes)))
  return copy
}
