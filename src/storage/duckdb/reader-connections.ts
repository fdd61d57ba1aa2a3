import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import { interruptUntil, rollback } from './transaction.ts'

/** Connections that are kept for the next reader. */
const maxSpare = 2

/** What a connection was used for, when it is given back. */
export interface ReaderUse {
  /** Nothing was set or made on it. */
  readonly reuse: boolean
  /** Statements of a caller's own ran on it. */
  readonly isRaw?: boolean
}

/** The reading connections of one pair: lent, taken back, and all of them ended with the pair. */
export class ReaderConnections {
  readonly #pair: string
  readonly #connect: () => Promise<DuckDBConnection>
  readonly #spare: DuckDBConnection[] = []
  readonly #lent = new Set<DuckDBConnection>()
  #connecting = 0
  #closing = false
  #allBack: (() => void) | undefined

  constructor(pair: string, connect: () => Promise<DuckDBConnection>) {
    this.#pair = pair
    this.#connect = connect
  }

  /** A connection of the caller's own, to be given back. `CLOSED` when the pair is being closed. */
  async lend(): Promise<DuckDBConnection> {
    this.#refuseClosed()
    let connection = this.#spare.pop()
    if (connection === undefined) {
      this.#connecting++
      try {
        connection = await this.#connect()
        this.#lent.add(connection)
      } finally {
        this.#connecting--
        this.#tellAllBack()
      }
    } else this.#lent.add(connection)
    if (this.#closing) {
      await this.releaseReader(connection, { reuse: false })
      this.#refuseClosed()
    }
    return connection
  }

  /**
   * With `reuse` for the next reader. Without, what was left open is rolled back and the connection
   * is closed: anything may have been set or made on it.
   */
  async releaseReader(connection: DuckDBConnection, { reuse }: ReaderUse): Promise<void> {
    if (reuse && !this.#closing && this.#spare.length < maxSpare) this.#spare.push(connection)
    else {
      await rollback(connection)
      connection.closeSync()
    }
    this.#lent.delete(connection)
    this.#tellAllBack()
  }

  /** Interrupts what runs, waits until every connection is back, and closes them. */
  async close(): Promise<void> {
    this.#closing = true
    for (const reader of this.#spare.splice(0)) reader.closeSync()
    const allBack = new Promise<void>((resolve) => {
      this.#allBack = resolve
      this.#tellAllBack()
    })
    await interruptUntil(this.#lent, allBack)
  }

  #tellAllBack(): void {
    if (this.#lent.size === 0 && this.#connecting === 0) this.#allBack?.()
  }

  #refuseClosed(): void {
    if (this.#closing) throw new PairduckError('CLOSED', `${this.#pair} is being closed`)
  }
}
