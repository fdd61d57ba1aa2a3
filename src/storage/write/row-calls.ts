import type { DuckDBConnection } from '@duckdb/node-api'
import type { RowCounts } from '../events/outcomes.ts'
import type { TickWriter } from './tick-writer.ts'
import type { Waiting } from './waiting-room.ts'

/** Stores the rows of some calls in one transaction, and counts each call's as if they came one by one. */
export type WriteCalls<Row> = (
  connection: DuckDBConnection,
  calls: readonly (readonly Row[])[],
) => Promise<RowCounts[]>

interface Call {
  readonly rows: readonly unknown[]
  readonly resolve: (counts: RowCounts) => void
  readonly reject: (error: unknown) => void
}

/** Calls of one table that stand in the writer's line as one. */
interface Shared {
  readonly table: string
  readonly calls: Call[]
  readonly waiting: Waiting
  /** The writer's {@link TickWriter.stood} when it was the last in line. */
  readonly stood: number
  rows: number
}

const mostRows = 10_000

/**
 * Calls that store rows of other tables than the ticks. Those of one table that stand one behind
 * the other share a transaction: thousands of calls at once hold up nobody for longer than a few.
 */
export class RowCalls {
  readonly #writer: TickWriter
  #last: Shared | undefined

  constructor(writer: TickWriter) {
    this.#writer = writer
  }

  /** `counted`: how many of the rows wait by the bounds of live calls. Resolves when they are durable. */
  store<Row>(
    table: string,
    rows: readonly Row[],
    write: WriteCalls<Row>,
    counted: number = rows.length,
  ): Promise<RowCounts> {
    return new Promise((resolve, reject) => {
      const call = { rows, resolve, reject }
      const last = this.#last
      if (
        last?.table === table &&
        last.stood === this.#writer.stood &&
        last.rows + rows.length <= mostRows
      ) {
        this.#writer.wait(last.waiting, counted)
        last.calls.push(call)
        last.rows += rows.length
      } else
        void this.#stand(
          { table, rows: rows.length },
          { call, write: write as WriteCalls<unknown>, counted },
        )
    })
  }

  async #stand(
    { table, rows }: { table: string; rows: number },
    { call, write, counted }: { call: Call; write: WriteCalls<unknown>; counted: number },
  ): Promise<void> {
    const calls = [call]
    const waiting = { counted: 0 }
    const job = (connection: DuckDBConnection): Promise<PromiseSettledResult<RowCounts>[]> => {
      // From here on nobody joins.
      if (this.#last?.calls === calls) this.#last = undefined
      return storeCalls(connection, calls, write)
    }
    try {
      const done = this.#writer.run(job, counted, waiting)
      this.#last = { table, calls, waiting, stood: this.#writer.stood, rows }
      for (const [index, end] of (await done).entries())
        if (end.status === 'fulfilled') calls[index]!.resolve(end.value)
        else calls[index]!.reject(end.reason)
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }
}

/** Where calls cannot be stored together each is tried by itself: none fails for what another brought. */
async function storeCalls(
  connection: DuckDBConnection,
  calls: readonly Call[],
  write: WriteCalls<unknown>,
): Promise<PromiseSettledResult<RowCounts>[]> {
  const rows = calls.map((call) => call.rows)
  try {
    const counts = await write(connection, rows)
    return counts.map((value) => ({ status: 'fulfilled', value }))
  } catch (error) {
    if (calls.length === 1) throw error
    const ends: PromiseSettledResult<RowCounts>[] = []
    for (const each of rows) {
      const [end] = await Promise.allSettled([write(connection, [each])])
      ends.push(end.status === 'fulfilled' ? { status: end.status, value: end.value[0]! } : end)
    }
    if (ends.every(({ status }) => status === 'rejected')) throw error
    return ends
  }
}
