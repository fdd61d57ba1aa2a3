import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'

/** An engine that reads one file. */
export interface FileEngine {
  readonly connection: DuckDBConnection
  /** The file is read, or will not be. */
  release(): Promise<void>
}

/**
 * The engines that read files. They are kept from one file to the next while any import runs:
 * starting one costs as much as reading 20,000 rows.
 */
export class FileEngines {
  readonly #idle: DuckDBInstance[] = []
  #works = 0

  /** Keeps the engines until the work is done. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#works++
    try {
      return await work()
    } finally {
      if (--this.#works === 0) for (const instance of this.#idle.splice(0)) instance.closeSync()
    }
  }

  async lend(): Promise<FileEngine> {
    const instance = this.#idle.pop() ?? (await started())
    const connection = await instance.connect()
    return { connection, release: () => this.#takeBack(instance, connection) }
  }

  async #takeBack(instance: DuckDBInstance, connection: DuckDBConnection): Promise<void> {
    // A file may have ended its engine for good.
    const isSound = await connection.run('SELECT 1').then(
      () => true,
      () => false,
    )
    connection.closeSync()
    if (isSound && this.#works > 0) this.#idle.push(instance)
    else instance.closeSync()
  }
}

async function started(): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    // Each file is read once.
    enable_external_file_cache: 'false',
  })
  const connection = await instance.connect()
  await connection.run(`SET GLOBAL TimeZone = 'UTC'`)
  connection.closeSync()
  return instance
}
