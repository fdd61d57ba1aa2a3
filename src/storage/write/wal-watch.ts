import type { DuckDBConnection } from '@duckdb/node-api'
import { isCheckpointBlocked } from '../duckdb/duckdb-errors.ts'
import { rowGroupRows } from '../duckdb/engine.ts'

/** What a commit and a tick of it take in the WAL, about. */
const bytesPerCommit = 1_600
const bytesPerTick = 48
const minWalBytes = 1_000_000

/**
 * Says when a pair's WAL should go into its file: at 1 MB, or at half of a larger file. The
 * engine's own threshold is one for all: 16 MB of WAL beside a file of 1 MB, or, set to 1 MB, a
 * checkpoint for each commit of a large import.
 */
export class WalWatch {
  readonly #checkpoint: (connection: DuckDBConnection) => Promise<void>
  readonly #fileBytes: () => Promise<number>
  #walBytes = 0
  #limit = minWalBytes

  constructor(
    checkpoint: (connection: DuckDBConnection) => Promise<void>,
    fileBytes: () => Promise<number>,
  ) {
    this.#checkpoint = checkpoint
    this.#fileBytes = fileBytes
  }

  note(ticks: number): void {
    this.#walBytes += bytesPerCommit + (ticks < rowGroupRows ? ticks * bytesPerTick : 0)
  }

  get full(): boolean {
    return this.#walBytes > this.#limit
  }

  /** Empties the WAL; only between two commits. While a write transaction is open elsewhere it waits. */
  async empty(connection: DuckDBConnection): Promise<void> {
    this.#walBytes = 0
    try {
      await this.#checkpoint(connection)
    } catch (error) {
      if (!isCheckpointBlocked(error)) throw error
    }
    this.#limit = Math.max(minWalBytes, (await this.#fileBytes()) / 2)
  }
}
