import { link, unlink } from 'node:fs/promises'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { Engine } from '../duckdb/engine.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { sizeOf } from '../file/pair-files.ts'
import { withoutHardLinks } from '../file/create-file.ts'

/**
 * An engine for files that may be damaged: an internal error of the engine ends every database that
 * is attached to it, and here there is no other.
 */
export class TrialEngine {
  readonly #engine: Engine

  private constructor(engine: Engine) {
    this.#engine = engine
  }

  static async start(): Promise<TrialEngine> {
    return new TrialEngine(await Engine.start())
  }

  stop(): void {
    this.#engine.stop()
  }

  /**
   * Runs `work` while no other process has the file: under a second name of the same file the engine
   * takes its lock and finds no log to replay. `PAIR_LOCKED` when another process has it. A file
   * that the engine refuses as damaged is nobody's.
   */
  async whileLocked<T>(
    { file, secondName, subject }: { file: string; secondName: string; subject: string },
    work: () => Promise<T>,
  ): Promise<T> {
    // The engine would make one.
    if ((await sizeOf(file)) === undefined) return work()
    const locked = await this.#lockBySecondName(file, secondName)
    // Without hard links what the engine opens is left to it; only what it refuses is touched.
    const alias = locked ? secondName : file
    let attached: string | undefined
    try {
      attached = await this.#engine.attach(alias)
    } catch (error) {
      const read = fromDuckDb(error, subject, 'PAIR_CORRUPT')
      if (read.code !== 'PAIR_CORRUPT') throw read
    }
    try {
      return await work()
    } finally {
      if (attached !== undefined) await this.#engine.detach(attached)
      if (locked) await unlink(secondName)
    }
  }

  /** Opens the file as it will be opened, replays its log, and reads what its metadata says of every table. */
  async open(file: string, subject: string): Promise<void> {
    try {
      const alias = await this.#engine.attach(file)
      const connection = await this.#engine.connect(alias)
      try {
        const tables = await readRows<{ name: string }>(
          connection,
          `SELECT table_name AS name FROM duckdb_tables() WHERE database_name = current_database()`,
        )
        for (const { name } of tables)
          await readRows(
            connection,
            `SELECT count(*) AS parts FROM pragma_storage_info('${name.replaceAll(`'`, `''`)}')`,
          )
      } finally {
        connection.closeSync()
      }
      await this.#engine.detach(alias)
    } catch (error) {
      throw fromDuckDb(error, subject, 'PAIR_CORRUPT')
    }
  }

  async #lockBySecondName(file: string, secondName: string): Promise<boolean> {
    try {
      await unlink(secondName).catch(() => undefined)
      await link(file, secondName)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== undefined && withoutHardLinks.includes(code)) return false
      throw fromDuckDb(error, file, 'IO_FAILED')
    }
  }
}
