import { setMaxListeners } from 'node:events'
import type { DuckDBConnection } from '@duckdb/node-api'
import { interruptUntil } from '../duckdb/transaction.ts'
import { turnsOf } from '../duckdb/turns.ts'

/** One read on a connection, which can be broken off: the engine's statement, and what is fetched for it. */
export class RunningRead {
  readonly #connection: DuckDBConnection
  readonly #cut = new AbortController()
  readonly #ended: Promise<void>
  #end!: () => void

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
    this.#ended = new Promise((resolve) => (this.#end = resolve))
    // Each part of the archive that is fetched listens.
    setMaxListeners(0, this.#cut.signal)
  }

  /** Fires when it is broken off. */
  get signal(): AbortSignal {
    return this.#cut.signal
  }

  /** Runs it, until the caller's signal at most. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const stop = (): void => void this.interrupt()
    signal?.addEventListener('abort', stop, { once: true })
    const turns = turnsOf(signal)
    turns?.began()
    try {
      return await work()
    } finally {
      turns?.ended()
      this.#end()
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Breaks it off; resolves when the engine has let go of it. */
  async interrupt(): Promise<void> {
    this.#cut.abort()
    await interruptUntil([this.#connection], this.#ended)
  }
}
