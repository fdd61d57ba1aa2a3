import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

const caches = new Map<DuckDBInstance, BlockCache>()

/** From then on what the engine keeps of files counts as its cache, until {@link forgetCache}. */
export async function countCache(instance: DuckDBInstance): Promise<void> {
  // Not when it is asked first: an engine that is closed while it makes a connection ends the process.
  caches.set(instance, new BlockCache(await instance.connect()))
}

/** Resolves when the engine is asked nothing any more. */
export async function forgetCache(instance: DuckDBInstance): Promise<void> {
  const cache = caches.get(instance)
  caches.delete(instance)
  await cache?.close()
}

/**
 * The bytes that the engines of this process keep of the files which were read. They give them up when
 * memory is wanted, so that it is no statement's that they are there.
 */
export async function cachedBytes(): Promise<number> {
  const cached = await Promise.all([...caches.values()].map((cache) => cache.bytes()))
  return cached.reduce((sum, bytes) => sum + bytes, 0)
}

/** What one engine keeps; it is asked one thing at a time. */
class BlockCache {
  readonly #connection: DuckDBConnection
  #asking: Promise<number> | undefined

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  bytes(): Promise<number> {
    return (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)))
  }

  /** A connection that is closed while it runs a statement ends the process. */
  async close(): Promise<void> {
    await this.#asking
    this.#connection.closeSync()
  }

  async #ask(): Promise<number> {
    try {
      const result = await this.#connection.runAndReadAll(
        `SELECT sum(memory_usage_bytes)::DOUBLE FROM duckdb_memory() WHERE tag = 'BASE_TABLE'`,
      )
      return Number(result.getRows()[0]![0])
    } catch {
      // It is dead.
      return 0
    }
  }
}
