import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Tick } from '../../../src/index.ts'
import type { ReadableStore } from './readable-store.ts'
import { SqliteFile, type Sqlite } from './sqlite-file.ts'

/** better-sqlite3 with one file for all pairs, or with a file for each. */
export class SqliteStore implements ReadableStore {
  readonly files: readonly SqliteFile[]

  private constructor(files: readonly SqliteFile[]) {
    this.files = files
  }

  static open(sqlite: Sqlite, folder: string, files: number): SqliteStore {
    mkdirSync(folder)
    return new SqliteStore(
      Array.from(
        { length: files },
        (_, file) => new SqliteFile(sqlite, join(folder, `${file}.db`)),
      ),
    )
  }

  insert(pair: number, ticks: readonly Tick[]): Promise<number> {
    return this.#file(pair).insert(pair, ticks)
  }

  async lastTicks(pair: number, count: number): Promise<number> {
    return this.#file(pair).lastTicks(pair, count).length
  }

  async lastCandles(pair: number, count: number): Promise<number> {
    return this.#file(pair).lastCandles(pair, count).length
  }

  async settle(): Promise<void> {}

  async close(): Promise<void> {
    for (const file of this.files) file.close()
  }

  #file(pair: number): SqliteFile {
    return this.files[pair % this.files.length]!
  }
}
