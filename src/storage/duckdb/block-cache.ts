import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

const engines = new Set<DuckDBInstance>()
const connections = new WeakMap<DuckDBInstance, Promise<DuckDBConnection>>()

/** From then on what the engine keeps of files counts as its cache, until {@link forgetCache}. */
export function countCache(instance: DuckDBInstance): void {
  engines.add(instance)
}

export function forgetCache(instance: DuckDBInstance): void {
  engines.delete(instance)
  // Of a dead engine there may be none; nobody waits for it who could be told.
  void connections
    .get(instance)
    ?.then((connection) => connection.closeSync())
    .catch(() => undefined)
}

/**
 * The bytes that the engines of this process keep of the files which were read. They give them up when
 * memory is wanted, so that it is no statement's that they are there.
 */
export async function cachedBytes(): Promise<number> {
  const cached = await Promise.all([...engines].map((instance) => cachedBytesOf(instance)))
  return cached.reduce((sum, bytes) => sum + bytes, 0)
}

async function cachedBytesOf(instance: DuckDBInstance): Promise<number> {
  try {
    let connection = connections.get(instance)
    if (connection === undefined) {
      connection = instance.connect()
      connections.set(instance, connection)
    }
    const result = await (
      await connection
    ).runAndReadAll(
      `SELECT sum(memory_usage_bytes)::DOUBLE FROM duckdb_memory() WHERE tag = 'BASE_TABLE'`,
    )
    return Number(result.getRows()[0]![0])
  } catch {
    // It was closed meanwhile, or is dead.
    return 0
  }
}
