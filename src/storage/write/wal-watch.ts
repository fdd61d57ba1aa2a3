import type { DuckDBConnection } from '@duckdb/node-api'
import { isCheckpointBlocked } from '../duckdb/duckdb-errors.ts'
import { rowGroupRows } from '../duckdb/engine.ts'
import { sizeOf, type PairFiles } from '../file/pair-files.ts'
import { syncFolder } from '../file/sync-folder.ts'

/** What a commit and a tick of it take in the WAL, about. */
const bytesPerCommit = 1_600
const bytesPerTick = 48
const minWalBytes = 500_000

/**
 * Says when a pair's WAL should go into its file: at half a MB, or at half of a larger file. The
 * engine's own threshold is one for all: 16 MB of WAL beside a file of 1 MB, or, set to half a MB, a
 * checkpoint for each commit of a large import. So it is switched off, and this alone decides.
 */
export class WalWatch {
  readonly #files: PairFiles
  readonly #checkpoint: (connection: DuckDBConnection) => Promise<void>
  #walBytes = 0
  #limit = minWalBytes
  /** Whether the folder was synced since the WAL was made: without its name no commit in it is found again. */
  #named = false
  /** Whether blocks may have come free in the file since a cleanup looked for them: only a checkpoint frees any, ours or that of a raw lease. */
  mayHaveHoles = true

  constructor(files: PairFiles, checkpoint: (connection: DuckDBConnection) => Promise<void>) {
    this.#files = files
    this.#checkpoint = checkpoint
  }

  /** After a commit of ticks and before it is answered. */
  async note(ticks: number): Promise<void> {
    this.#walBytes += bytesOf(ticks)
    await this.#makeNameDurable()
  }

  /** After whatever else was written, whose size only the system knows. */
  async measure(): Promise<void> {
    const bytes = await sizeOf(this.#files.wal)
    this.#walBytes = bytes ?? 0
    if (bytes !== undefined) await this.#makeNameDurable()
  }

  get full(): boolean {
    return this.#walBytes > this.#limit
  }

  /** Whether a commit of so many ticks would make it so. */
  isFullWith(ticks: number): boolean {
    return this.#walBytes > 0 && this.#walBytes + bytesOf(ticks) > this.#limit
  }

  /** Empties the WAL; only between two commits. While a write transaction is open elsewhere it waits. */
  async empty(connection: DuckDBConnection): Promise<void> {
    this.#walBytes = 0
    try {
      await this.#checkpoint(connection)
    } catch (error) {
      if (!isCheckpointBlocked(error)) throw error
    }
    this.#limit = Math.max(minWalBytes, ((await sizeOf(this.#files.database)) ?? 0) / 2)
  }

  /** The WAL was put into the file: the next commit makes a new one. */
  checkpointed(): void {
    this.#walBytes = 0
    this.#named = false
    this.mayHaveHoles = true
  }

  async #makeNameDurable(): Promise<void> {
    if (this.#named) return
    await syncFolder(this.#files.directory)
    this.#named = true
  }
}

function bytesOf(ticks: number): number {
  return bytesPerCommit + (ticks < rowGroupRows ? ticks * bytesPerTick : 0)
}
